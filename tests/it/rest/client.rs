//! Somebody who asks over HTTP, by whatever proves who it is.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;

use super::files::form;
use crate::process::server::LONG;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// `null` where there is none.
    pub body: Value,
}

impl Client {
    pub fn nobody(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().timeout(LONG).build().unwrap();
        Self {
            http,
            address,
            headers: Vec::new(),
        }
    }

    pub fn with_token(address: SocketAddr, token: &str) -> Self {
        Self::nobody(address).with("authorization", &format!("Bearer {token}"))
    }

    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.into(), value.into()));
        client
    }

    /// The token that it shows.
    pub fn bearer(&self) -> &str {
        let shown = self
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        shown.unwrap().1.strip_prefix("Bearer ").unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("http://{}/api/v1{path}", self.address);
        let mut request = self.http.request(method, url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        answer(request).await
    }

    /// One file, in a form.
    pub async fn upload(&self, path: &str, field: &str, bytes: Vec<u8>) -> Answer {
        let url = format!("http://{}/api/v1{path}", self.address);
        let mut request = self.http.post(url).multipart(form(field, bytes));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        answer(request).await
    }

    /// What is at an address that was told, whatever is answered.
    pub async fn open(&self, method: Method, path: &str) -> Response {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.http.request(method, url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    }

    /// What is at an address that was told.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let url = format!("http://{}{path}", self.address);
        let response = self.http.get(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        response.bytes().await.unwrap().to_vec()
    }
}

async fn answer(request: RequestBuilder) -> Answer {
    {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}")),
        };
        Answer {
            status,
            headers,
            body,
        }
    }
}

impl Answer {
    #[track_caller]
    pub fn granted(self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{} {}",
            self.status,
            self.body
        );
        self.body
    }

    /// Refused in the form that every refusal has.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["code"], code, "{}", self.body);
        assert_eq!(self.body["status"], status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert!(
            self.body["detail"]
                .as_str()
                .is_some_and(|it| !it.is_empty())
        );
        self.body
    }
}
