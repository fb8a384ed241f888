//! P7: what clients saw is what is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de::Error as _};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// Of one client, as `tests/e2e/support/seen.mjs` writes it.
#[derive(Debug, Deserialize)]
pub struct Seen {
    who: String,
    live: Vec<Line>,
    /// How many of these had come whenever it was not recovered.
    anew: Vec<usize>,
    acknowledged: Vec<Line>,
    read: Vec<Page>,
}

/// What a person sees of a message.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    session_id: String,
    message_id: Uuid,
    seq: i64,
    text: String,
    r#type: String,
    side: String,
    author: String,
    #[serde(rename = "timestamp", deserialize_with = "milliseconds")]
    at: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    session_id: String,
    /// Of a guest who came back without a proof: it sees nothing of what was before.
    since: usize,
    lines: Vec<Line>,
}

/// The messages of one session in the order of their entries, as the history has them.
type Stored = BTreeMap<String, Vec<Line>>;

/// The message ids that somebody saw, in whatever way.
pub fn messages(seen: &[Seen]) -> BTreeSet<Uuid> {
    let lines = seen.iter().flat_map(|client| {
        let read = client.read.iter().flat_map(|page| &page.lines);
        client.live.iter().chain(&client.acknowledged).chain(read)
    });
    lines.map(|line| line.message_id).collect()
}

/// Nothing else was stored than what was seen, each once, and each client saw it so.
pub async fn assert_stored(database: &Client, seen: &[Seen]) {
    let stored = stored(database).await;
    let ids = || stored.values().flatten().map(|line| line.message_id);
    assert!(!seen.is_empty() && ids().next().is_some());
    assert_eq!(ids().collect::<BTreeSet<_>>(), messages(seen));
    for (session, lines) in &stored {
        let seqs: Vec<i64> = lines.iter().map(|line| line.seq).collect();
        let whole: Vec<i64> = (1..).take(lines.len()).collect();
        assert_eq!(seqs, whole, "session {session}");
    }
    assert_sent_once(database).await;
    for client in seen {
        client.assert_saw(&stored);
    }
}

/// A message is stored once, however often it was sent.
async fn assert_sent_once(database: &Client) {
    let twice = "SELECT client_id FROM messages WHERE client_id IS NOT NULL \
        GROUP BY workspace, session, direction, client_id HAVING count(*) > 1";
    let twice = database.query(twice, &[]).await.unwrap();
    assert!(twice.is_empty(), "{twice:?}");
}

async fn stored(database: &Client) -> Stored {
    let all = "SELECT id, session, seq, direction, sender_name, type, text, at FROM messages \
        WHERE workspace = 'default' ORDER BY entry_ms, entry_seq";
    let mut stored = Stored::new();
    for row in database.query(all, &[]).await.unwrap() {
        let line = Line::from(&row);
        let session = stored.entry(line.session_id.clone()).or_default();
        session.push(line);
    }
    stored
}

impl Seen {
    fn assert_saw(&self, stored: &Stored) {
        let Self { who, .. } = self;
        for line in self.live.iter().chain(&self.acknowledged) {
            let session = &stored[&line.session_id];
            let same = session.iter().find(|row| row.message_id == line.message_id);
            assert_eq!(same, Some(line), "{who}");
        }
        for page in &self.read {
            let none = Vec::new();
            let session = stored.get(&page.session_id).unwrap_or(&none);
            // Of a conversation that may have gone on.
            let shown = session.iter().skip(page.since).take(page.lines.len());
            assert!(page.lines.iter().eq(shown), "{who} reads {:?}", page.lines);
        }
        for (id, session) in stored {
            self.assert_heard(id, session);
        }
    }

    /// In order and each once. Between what it was not recovered from none is missing, other than its own.
    fn assert_heard(&self, id: &str, session: &[Line]) {
        let Self { who, .. } = self;
        let live = self.live.iter().filter(|line| line.session_id == id);
        let heard: Vec<i64> = live.map(|line| line.seq).collect();
        assert!(heard.is_sorted_by(|a, b| a < b), "{who} hears {heard:?}");
        let ends = self.anew.iter().copied().chain([self.live.len()]);
        let mut from = 0;
        for end in ends {
            self.assert_whole(id, &self.live[from..end], session);
            from = end;
        }
    }

    fn assert_whole(&self, id: &str, live: &[Line], session: &[Line]) {
        let Self { who, .. } = self;
        let live = live.iter().filter(|line| line.session_id == id);
        let heard: Vec<i64> = live.map(|line| line.seq).collect();
        let (Some(&first), Some(&last)) = (heard.first(), heard.last()) else {
            return;
        };
        let own: BTreeSet<Uuid> = self
            .acknowledged
            .iter()
            .map(|line| line.message_id)
            .collect();
        for line in session {
            let between = (first..=last).contains(&line.seq);
            let known = heard.binary_search(&line.seq).is_ok() || own.contains(&line.message_id);
            assert!(!between || known, "{who} never heard {line:?}");
        }
    }
}

impl From<&Row> for Line {
    fn from(row: &Row) -> Self {
        Self {
            session_id: row.get("session"),
            message_id: row.get("id"),
            seq: row.get("seq"),
            text: row.get("text"),
            r#type: row.get("type"),
            side: row.get("direction"),
            author: row.get("sender_name"),
            at: row.get("at"),
        }
    }
}

fn milliseconds<'de, D: Deserializer<'de>>(text: D) -> Result<i64, D::Error> {
    let text = String::deserialize(text)?;
    let at = OffsetDateTime::parse(&text, &Rfc3339).map_err(D::Error::custom)?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(D::Error::custom)
}
