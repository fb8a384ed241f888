//! A client that says exactly what it is told to, each request to the next server.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue, ORIGIN},
    redirect::Policy,
};
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

use super::site::{LONG, Site};

pub const RAW: &str = "/engine.io/";
pub const SOCKETS: &str = "/socket.io/";
/// Between the packets of a payload.
pub const RS: char = '\u{1e}';

#[derive(Clone)]
pub struct Client {
    pub site: Site,
    path: &'static str,
    http: reqwest::Client,
    origin: Option<&'static str>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    /// The same as text.
    pub body: String,
}

impl Client {
    pub fn new(site: &Site, path: &'static str) -> Self {
        // A connection for each request: none is ever repeated behind our back.
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(LONG)
            .build()
            .unwrap();
        Self {
            site: site.clone(),
            path,
            http,
            origin: None,
        }
    }

    pub fn on_page(mut self, origin: &'static str) -> Self {
        self.origin = Some(origin);
        self
    }

    pub async fn request(&self, method: Method, query: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.request_with(method, query, body, &[]).await
    }

    pub async fn request_with(
        &self,
        method: Method,
        query: &str,
        body: impl Into<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Reply {
        self.try_request(method, query, body, headers)
            .await
            .unwrap()
    }

    /// A request that may be cut off.
    pub async fn try_request(
        &self,
        method: Method,
        query: &str,
        body: impl Into<Vec<u8>>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, reqwest::Error> {
        let url = format!("http://{}{}?{query}", self.site.next_address(), self.path);
        let mut request = self.http.request(method, url).body(body.into());
        if let Some(origin) = self.origin {
            request = request.header(ORIGIN, origin);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await?.to_vec();
        Ok(Reply {
            status,
            headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        })
    }

    pub async fn get(&self, query: &str) -> Reply {
        self.request(Method::GET, query, "").await
    }

    /// Opens a connection by polling.
    pub async fn handshake(&self) -> Polling {
        let reply = self.get("EIO=4&transport=polling").await;
        let open: Value = serde_json::from_str(reply.ok().strip_prefix('0').unwrap()).unwrap();
        Polling {
            client: self.clone(),
            sid: open["sid"].as_str().unwrap().to_owned(),
        }
    }

    /// Opens a connection by WebSocket, past its greeting.
    pub async fn websocket(&self) -> Socket {
        let mut socket = self.connect("EIO=4&transport=websocket").await.unwrap();
        assert!(socket.next().await.unwrap().starts_with("0{"));
        socket
    }

    pub async fn connect(&self, query: &str) -> Result<Socket, tungstenite::Error> {
        let url = format!("ws://{}{}?{query}", self.site.next_address(), self.path);
        let mut request = url.into_client_request()?;
        if let Some(origin) = self.origin {
            request
                .headers_mut()
                .insert(ORIGIN, HeaderValue::from_static(origin));
        }
        let (stream, _) = timeout(LONG, connect_async(request)).await.unwrap()?;
        Ok(Socket { stream })
    }
}

/// A polling connection.
#[derive(Clone)]
pub struct Polling {
    pub client: Client,
    pub sid: String,
}

impl Polling {
    /// The same connection, where its site has other servers by now.
    pub fn on(&self, site: &Site) -> Self {
        let mut moved = self.clone();
        moved.client.site = site.clone();
        moved
    }

    pub fn upgrade_query(&self) -> String {
        format!("EIO=4&transport=websocket&sid={}", self.sid)
    }

    pub fn query(&self, t: &str) -> String {
        let t = if t.is_empty() {
            String::new()
        } else {
            format!("&t={t}")
        };
        format!("EIO=4&transport=polling&sid={}{t}", self.sid)
    }

    /// `t`: the cache buster; none if empty.
    pub async fn poll(&self, t: &str) -> Reply {
        self.client.get(&self.query(t)).await
    }

    pub async fn post(&self, t: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.client
            .request(Method::POST, &self.query(t), body)
            .await
    }

    pub async fn say(&self, body: impl Into<Vec<u8>>) {
        assert_eq!(self.post("", body).await.ok(), "ok");
    }

    /// A GET that is parked when this returns.
    pub async fn park(&self, t: &str) -> Pending {
        let pending = self.start_poll(t);
        self.client.site.parked(&self.sid).await;
        pending
    }

    /// A GET on its way.
    pub fn start_poll(&self, t: &str) -> Pending {
        let (polling, t) = (self.clone(), t.to_owned());
        Pending(tokio::spawn(async move { polling.poll(&t).await }))
    }

    pub fn start_post(&self, t: &str, body: &'static str) -> Pending {
        let (polling, t) = (self.clone(), t.to_owned());
        Pending(tokio::spawn(async move { polling.post(&t, body).await }))
    }

    /// A WebSocket that wants to take over.
    pub async fn probe(&self) -> Socket {
        self.client.connect(&self.upgrade_query()).await.unwrap()
    }

    /// A WebSocket that may take over: the server has said so.
    pub async fn probed(&self) -> Socket {
        let mut socket = self.probe().await;
        socket.send("2probe").await;
        assert_eq!(socket.next().await.unwrap(), "3probe");
        socket
    }

    pub async fn upgrade(&self) -> Socket {
        let mut socket = self.probed().await;
        socket.send("5").await;
        socket
    }

    /// The packets of one GET.
    pub async fn packets(&self) -> Vec<String> {
        let reply = self.poll("").await;
        reply.ok().split(RS).map(str::to_owned).collect()
    }

    /// Joins the namespace and takes both answers.
    pub async fn join(&self, nsp: &str) {
        let place = if nsp == "/" {
            String::new()
        } else {
            format!("{nsp},")
        };
        self.say(format!("40{place}")).await;
        let packets = self.packets().await;
        assert!(
            packets[0].starts_with(&format!("40{place}{{\"sid\":\"")),
            "{packets:?}"
        );
        assert_eq!(packets[1..], [format!("42{place}[\"auth\",{{}}]")]);
    }

    /// Nobody knows this connection any more, for any kind of request.
    pub async fn is_gone(&self) {
        assert_eq!(self.post("late", "4late").await.refused().0, 400);
        assert_eq!(self.poll("late").await.refused().0, 400);
    }

    /// The connection goes on as ever.
    pub async fn is_alive(&self) {
        self.say("4alive").await;
        assert_eq!(self.poll("").await.ok(), "4alive");
    }
}

/// A request that is on its way.
pub struct Pending(JoinHandle<Reply>);

impl Pending {
    pub async fn reply(self) -> Reply {
        timeout(LONG, self.0).await.unwrap().unwrap()
    }

    pub fn hang_up(self) {
        self.0.abort();
    }

    pub fn is_over(&self) -> bool {
        self.0.is_finished()
    }
}

impl Reply {
    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        &self.body
    }

    /// Status, code and message of a refusal.
    #[track_caller]
    pub fn refused(&self) -> (u16, u64, String) {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        let message = body["message"].as_str().unwrap().to_owned();
        (
            self.status.as_u16(),
            body["code"].as_u64().unwrap(),
            message,
        )
    }

    /// Empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

pub struct Socket {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub async fn send(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// To one that may be closed already.
    pub async fn try_send(&mut self, text: &str) {
        let _ = self.stream.send(Message::text(text)).await;
    }

    pub async fn send_binary(&mut self, bytes: &'static [u8]) {
        self.stream.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame, binary as `b` and its bytes in hexadecimal; `None` once it is closed.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match timeout(LONG, self.stream.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Binary(bytes))) => {
                    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
                    return Some(digits.fold("b".to_owned(), |all, digits| all + &digits));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            }
        }
    }

    /// What comes until the server closes it, and the code of that; `None` for a mere end of TCP.
    pub async fn closed(&mut self) -> (Vec<String>, Option<CloseCode>) {
        let mut frames = Vec::new();
        loop {
            match timeout(LONG, self.stream.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => frames.push(text.to_string()),
                Some(Ok(Message::Close(frame))) => return (frames, frame.map(|frame| frame.code)),
                Some(Err(_)) | None => return (frames, None),
                Some(Ok(_)) => {}
            }
        }
    }

    /// All frames that the server had written when it read this: none, if it is silent.
    pub async fn round_trip(&mut self) -> Vec<String> {
        self.stream.send(Message::Ping("?".into())).await.unwrap();
        let mut frames = Vec::new();
        loop {
            match timeout(LONG, self.stream.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap()
            {
                Message::Pong(_) => return frames,
                Message::Text(text) => frames.push(text.to_string()),
                _ => {}
            }
        }
    }

    pub async fn hang_up(mut self) {
        let _ = timeout(Duration::from_secs(1), self.stream.close(None)).await;
    }

    /// The process is gone without a word.
    pub fn die(self) {
        drop(self);
    }
}
