//! One GET, and nothing that an HTTP client does beyond it: no redirects, which would let whoever serves
//! the keys send us elsewhere, no proxies, no cookies, no connection kept.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::{
    Request, StatusCode, Uri,
    client::conn::http1,
    header::{ACCEPT, CONNECTION, HOST, USER_AGENT},
    rt::{Read, Write},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

const BODY_BYTES: usize = 256 * 1024;
/// All of it, the name of the host included.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a set of keys is published.
#[derive(Clone)]
pub struct Source {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error(
        "must be https://host/path, or http:// within a network that is trusted; without a password"
    )]
    Url,
    #[error(
        "this machine trusts no authority, so that https proves nothing: install ca-certificates"
    )]
    Roots,
}

/// Why there is no newer set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("no answer within {} s", FETCH_TIMEOUT.as_secs())]
    Unreachable,
    #[error("answered with {0}")]
    Status(u16),
    #[error("more than {} KiB, or more than 100 keys", BODY_BYTES / 1024)]
    TooLarge,
    #[error("not a JWKS")]
    Invalid,
}

impl FetchError {
    /// As a metric's label.
    pub(super) fn outcome(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Status(_) => "status",
            Self::TooLarge => "too_large",
            Self::Invalid => "invalid",
        }
    }
}

impl Source {
    pub fn new(url: &str) -> Result<Self, SourceError> {
        let uri: Uri = url.parse().map_err(|_| SourceError::Url)?;
        let authority = uri.authority().ok_or(SourceError::Url)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(SourceError::Url);
        }
        let (tls, port) = match uri.scheme_str() {
            Some("https") => (Some(connector()?), 443),
            Some("http") => (None, 80),
            _ => return Err(SourceError::Url),
        };
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(port);
        Ok(Self {
            uri,
            host,
            port,
            tls,
        })
    }

    pub(super) async fn fetch(&self) -> Result<Bytes, FetchError> {
        let fetched = timeout(FETCH_TIMEOUT, self.get()).await;
        fetched.unwrap_or(Err(FetchError::Unreachable))
    }

    async fn get(&self) -> Result<Bytes, FetchError> {
        let away = |_| FetchError::Unreachable;
        let address = (self.host.as_str(), self.port);
        let stream = TcpStream::connect(address).await.map_err(away)?;
        let Some(tls) = &self.tls else {
            return self.ask(TokioIo::new(stream)).await;
        };
        let name = ServerName::try_from(self.host.clone());
        let name = name.map_err(|_| FetchError::Unreachable)?;
        let stream = tls.connect(name, stream).await.map_err(away)?;
        self.ask(TokioIo::new(stream)).await
    }

    async fn ask(&self, io: impl Read + Write + Unpin + Send) -> Result<Bytes, FetchError> {
        let away = |_| FetchError::Unreachable;
        let (mut sender, connection) = http1::handshake(io).await.map_err(away)?;
        let asked = async {
            let request = self.request()?;
            let response = sender.send_request(request).await.map_err(away)?;
            if response.status() != StatusCode::OK {
                return Err(FetchError::Status(response.status().as_u16()));
            }
            let body = Limited::new(response.into_body(), BODY_BYTES);
            match body.collect().await {
                Ok(body) => Ok(body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLarge),
                Err(_) => Err(FetchError::Unreachable),
            }
        };
        // It may be closed before all that came by it is read.
        let carried = async {
            let _ = connection.await;
            std::future::pending().await
        };
        tokio::select! {
            biased;
            answered = asked => answered,
            never = carried => never,
        }
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, FetchError> {
        let path = self.uri.path_and_query().map_or("/", |it| it.as_str());
        let host = self.uri.authority().map_or("", |it| it.as_str());
        let request = Request::get(path)
            .header(HOST, host)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "switchboard")
            .header(CONNECTION, "close");
        let request = request.body(Empty::new());
        request.map_err(|_| FetchError::Unreachable)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({})", self.uri)
    }
}

/// By the authorities that the machine trusts.
fn connector() -> Result<TlsConnector, SourceError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(SourceError::Roots);
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| SourceError::Roots)?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
