//! A server that publishes keys, and what can be wrong with it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde_json::{Value, json};
use switchboard::server::auth::{Failure, Foreign, Pace, Source, SourceError};
use tokio::{net::TcpListener, task::JoinHandle};

use super::Judge;
use crate::support::signer::{self, Signer, claims};

/// Serves what it is told to, and counts how often.
pub struct Published {
    pub address: SocketAddr,
    answer: Arc<Mutex<(Answer, usize)>>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
pub enum Answer {
    Keys(Value),
    Text(String),
    Status(StatusCode, Value),
    Redirect(String),
    Endless,
    Never,
}

/// Fast enough for a test, in the order of the real one.
pub const PACE: Pace = Pace {
    every: Duration::from_secs(3600),
    gap: Duration::from_millis(100),
    wait: Duration::from_secs(5),
};

impl Published {
    pub async fn start(keys: Value) -> Self {
        Self::answering(Answer::Keys(keys)).await
    }

    pub async fn answering(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    pub fn on(listener: TcpListener, answer: Answer) -> Self {
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new((answer, 0)));
        let routes = Router::new()
            .route("/jwks", get(serve))
            .with_state(Arc::clone(&answer));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            answer,
            serving,
        }
    }

    pub fn publish(&self, keys: Value) {
        self.answer.lock().unwrap().0 = Answer::Keys(keys);
    }

    pub fn answer(&self, answer: Answer) {
        self.answer.lock().unwrap().0 = answer;
    }

    pub fn asked(&self) -> usize {
        self.answer.lock().unwrap().1
    }

    pub fn url(&self) -> String {
        format!("http://{}/jwks", self.address)
    }

    pub fn foreign(&self) -> Foreign {
        self.foreign_at(PACE)
    }

    pub fn foreign_at(&self, pace: Pace) -> Foreign {
        Foreign {
            published: Some(Source::new(&self.url()).unwrap()),
            pace,
            ..Foreign::default()
        }
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(State(answer): State<Arc<Mutex<(Answer, usize)>>>) -> Response {
    let answer = {
        let mut answer = answer.lock().unwrap();
        answer.1 += 1;
        answer.0.clone()
    };
    match answer {
        Answer::Keys(keys) => keys.to_string().into_response(),
        Answer::Text(text) => text.into_response(),
        Answer::Status(status, keys) => (status, keys.to_string()).into_response(),
        Answer::Redirect(to) => Redirect::temporary(&to).into_response(),
        Answer::Endless => {
            let more = futures_util::stream::repeat_with(|| {
                Ok::<_, std::io::Error>([b' '; 1024].to_vec())
            });
            Body::from_stream(more).into_response()
        }
        Answer::Never => std::future::pending().await,
    }
}

#[tokio::test]
async fn p8_what_is_no_set_of_keys_changes_nothing_and_has_a_name() {
    let signer = Signer::new(signer::ED25519);
    let keys = json!({ "keys": [signer.jwk(Some("k"))] });
    let elsewhere = Published::start(keys.clone()).await;
    let many = json!({ "keys": vec![signer.jwk(Some("k")); 101] });
    let hundred = json!({ "keys": vec![signer.jwk(Some("k")); 100] });
    let long = format!("{keys}{}", " ".repeat(256 * 1024));
    for (answer, outcome) in [
        (Answer::Keys(keys.clone()), "fetched"),
        (Answer::Keys(hundred), "fetched"),
        (
            Answer::Status(StatusCode::NOT_FOUND, keys.clone()),
            "status",
        ),
        (
            Answer::Status(StatusCode::INTERNAL_SERVER_ERROR, keys.clone()),
            "status",
        ),
        (Answer::Redirect(elsewhere.url()), "status"),
        (Answer::Text("<html>".into()), "invalid"),
        (Answer::Keys(json!({})), "invalid"),
        (Answer::Keys(json!([])), "invalid"),
        (Answer::Keys(json!({ "keys": {} })), "invalid"),
        (Answer::Keys(many), "too_large"),
        (Answer::Text(long), "too_large"),
        (Answer::Endless, "too_large"),
    ] {
        let source = Published::answering(answer).await;
        let judge = Judge::of(source.foreign());
        let expected = match outcome {
            "fetched" => Ok("7".to_owned()),
            _ => Err(Failure::UnknownKey),
        };
        let said = judge.says(&signer.sign(Some("k"), &claims())).await;
        assert_eq!(said, expected, "{outcome}");
        assert!(judge.fetches(outcome) >= 1, "{outcome}");
    }
    assert_eq!(elsewhere.asked(), 0, "nobody is sent there");
}

#[tokio::test]
async fn a_source_is_a_url_that_can_be_asked() {
    for (url, expected) in [
        ("https://id.test/jwks", Ok(())),
        ("https://id.test:8443/realms/a/certs?x=1", Ok(())),
        ("http://[::1]:80/jwks", Ok(())),
        ("http://id.test", Ok(())),
        ("", Err(SourceError::Url)),
        ("id.test/jwks", Err(SourceError::Url)),
        ("/jwks", Err(SourceError::Url)),
        ("file:///etc/passwd", Err(SourceError::Url)),
        ("ftp://id.test/jwks", Err(SourceError::Url)),
        ("https://user:secret@id.test/jwks", Err(SourceError::Url)),
        ("https://", Err(SourceError::Url)),
    ] {
        assert_eq!(Source::new(url).map(|_| ()), expected, "{url}");
    }
}
