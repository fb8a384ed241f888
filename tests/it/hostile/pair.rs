use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::process::talk::{Person, message};

/// Two who chat all the time, whatever others do.
pub struct Pair {
    over: CancellationToken,
    chat: JoinHandle<(u64, Duration)>,
}

/// Loose enough for a machine that does other things as well.
const SLOWEST: Duration = Duration::from_secs(5);

impl Pair {
    /// Once they have heard each other.
    pub async fn begin(address: SocketAddr, token: &str) -> Self {
        let mut operator = Person::operator(address, token).await;
        let mut guest = Person::guest(address).await;
        let started = guest.granted("guest:start", json!({})).await;
        let session = started["sessionId"].clone();
        let claim = json!({ "sessionId": session });
        operator.granted("staff:connect_to_session", claim).await;
        say(&mut guest, &mut operator, &session, 0).await;
        let over = CancellationToken::new();
        let until = over.clone();
        let chat = tokio::spawn(async move {
            let (mut lines, mut slowest) = (1, Duration::ZERO);
            while !until.is_cancelled() {
                let begun = Instant::now();
                say(&mut guest, &mut operator, &session, lines).await;
                slowest = slowest.max(begun.elapsed());
                lines += 1;
            }
            (lines, slowest)
        });
        Self { over, chat }
    }

    /// They have chatted on, and no line has taken long.
    pub async fn end(self) {
        self.over.cancel();
        let (lines, slowest) = self.chat.await.unwrap();
        assert!(lines > 1);
        assert!(slowest < SLOWEST, "{slowest:?} for one of {lines} lines");
    }
}

/// A line of each, heard by the other.
async fn say(guest: &mut Person, operator: &mut Person, session: &Value, line: u64) {
    let text = format!("line {line}");
    let mut said = message(&text, &text);
    guest.granted("guest:message", said.clone()).await;
    while operator.hear("guest:message").await["sessionId"] != *session {}
    said["sessionId"] = session.clone();
    operator.granted("staff:message", said).await;
    assert_eq!(guest.hear("staff:message").await["message"], *text);
}
