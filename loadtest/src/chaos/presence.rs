//! Whether anybody is left behind: who has gone is not shown as present, and keeps no session.

use serde_json::{Map, Value, json};
use tokio::{
    sync::watch,
    time::{Duration, Instant, sleep},
};

use super::{
    crew::{DEFAULT, OTHER},
    peer::{
        Orders, Transport,
        client::{Client, Place},
        operator,
        plant::Plant,
    },
    record::Journal,
};
use crate::target::sign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftBehind {
    /// Shown as present, though they have gone.
    pub operators: usize,
    /// Held by somebody who has gone.
    pub sessions: usize,
}

/// Longer than a lease, a ping, the grace of an operator and a look at the deadlines together; and than ten lives of a
/// silent connection: if a pod is killed between ending one that polls and saying so, somebody looks then.
const PATIENCE: Duration = Duration::from_secs(55);
const LOOK: Duration = Duration::from_millis(500);
/// Nobody else's number.
const PROBE: usize = 999;

/// What is still so once nothing more is to be waited for.
pub async fn left_behind(url: &str, secret: &str, journal: &Journal) -> anyhow::Result<LeftBehind> {
    let until = Instant::now() + PATIENCE;
    let mut all = LeftBehind::default();
    for workspace in [DEFAULT, OTHER] {
        let token = sign(secret, PROBE, workspace)?;
        let place = Place {
            url: url.to_owned(),
            nsp: operator::NAMESPACE,
            transport: Transport::WebSocket,
            auth: Map::from_iter([("token".to_owned(), token.into())]),
        };
        let (_orders, told) = watch::channel(Orders::default());
        let mut probe = Client::new("probe", place, journal.clone(), told, Plant::default());
        let left = loop {
            let looked = look(&mut probe).await;
            match looked {
                Ok(left) if left == LeftBehind::default() || Instant::now() > until => break left,
                Err(error) if Instant::now() > until => return Err(error),
                _ => sleep(LOOK).await,
            }
        };
        probe.leave().await;
        all.operators += left.operators;
        all.sessions += left.sessions;
    }
    Ok(all)
}

async fn look(probe: &mut Client) -> anyhow::Result<LeftBehind> {
    if !probe.connected() {
        probe.connect().await?;
    }
    let here = probe.ask("staff:operators", &json!({})).await?;
    let active = json!({ "status": "active", "limit": 50 });
    let held = probe.ask("staff:sessions", &active).await?;
    let count = |answer: Option<Value>, field: &str| {
        let answer = answer.unwrap_or_default();
        let list = answer[field].as_array().map(Vec::len);
        list.ok_or_else(|| anyhow::anyhow!("not answered: {answer}"))
    };
    Ok(LeftBehind {
        operators: count(here, "operators")?.saturating_sub(1),
        sessions: count(held, "sessions")?,
    })
}
