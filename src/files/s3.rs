use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector as Connect, HttpError, HttpErrorKind, HttpRequest,
        HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
    },
};
use tower_http::timeout::TimeoutBody;

/// How the store speaks: by the same HTTP, TLS and certificates as the rest of the relay.
#[derive(Clone, Debug)]
pub struct Https(Client<HttpsConnector<HttpConnector>, HttpRequestBody>);

/// A request is sent and answered within this, but for the body of the answer, ..
const ANSWER: Duration = Duration::from_secs(10);
/// .. of which something comes at least so often.
const SILENCE: Duration = Duration::from_secs(5);

impl Https {
    pub fn new() -> Result<Self, std::io::Error> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())?
            // Of a store inside the cluster, where its settings allow that.
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl Connect for Https {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Https {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asking = tokio::time::timeout(ANSWER, self.0.request(request)).await;
        let asked = asking.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
        let answer = asked.map_err(|error| {
            let kind = if error.is_connect() {
                HttpErrorKind::Connect
            } else {
                HttpErrorKind::Request
            };
            HttpError::new(kind, error)
        })?;
        let (parts, body) = answer.into_parts();
        let body = TimeoutBody::new(SILENCE, body);
        let body = body.map_err(|error| {
            let error = std::io::Error::other(error);
            HttpError::new(HttpErrorKind::Interrupted, error)
        });
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}
