use std::sync::Arc;

use switchboard::{
    history::{Appended, Batch, History, SessionCursor, StoredReaction},
    metrics::{HistoryMetrics, Metrics},
    model::{
        Agent, Change, Content, Direction, Entry, EntryId, Epoch, FORMAT, Guest, Message,
        MessageId, OperatorId, Participant, Partition, Prev, Reaction, Sender, SenderKind, Session,
        SessionId, SessionQuery, WorkspaceId,
    },
};
use uuid::Uuid;

use super::Place;

pub const STORED: Appended = Appended::Stored { duplicates: 0 };

/// A writer of the partition of workspace `default`, and what is read back of it.
pub struct Book {
    pub history: Arc<dyn History>,
    pub partition: Partition,
    pub epoch: Epoch,
    pub cursor: EntryId,
}

impl Book {
    pub async fn open(place: &impl Place) -> Self {
        Self::over(place.open().await, Epoch("first".into())).await
    }

    pub async fn over(history: Arc<dyn History>, epoch: Epoch) -> Self {
        let partition = Partition::of(&WorkspaceId::new("default"));
        let cursor = history.open_cursor(partition, &epoch).await.unwrap();
        Self {
            history,
            partition,
            epoch,
            cursor,
        }
    }

    pub async fn reopened(&mut self) -> EntryId {
        self.cursor = self
            .history
            .open_cursor(self.partition, &self.epoch)
            .await
            .unwrap();
        self.cursor
    }

    pub async fn put(&mut self, entries: impl IntoIterator<Item = Arc<Entry>>) -> Appended {
        let entries: Vec<_> = entries.into_iter().collect();
        let (from, to) = (self.cursor, entries.last().unwrap().id);
        let (partition, epoch) = (self.partition, self.epoch.clone());
        let batch = Batch {
            partition,
            epoch,
            from,
            to,
            entries,
        };
        let appended = self.history.append(batch).await.unwrap();
        if appended != Appended::Superseded {
            self.cursor = to;
        }
        appended
    }

    pub async fn session(&self, session: &Session) -> Option<Session> {
        self.history
            .session(&session.workspace, &session.id)
            .await
            .unwrap()
    }

    pub async fn messages(
        &self,
        session: &Session,
        before: u64,
        limit: usize,
    ) -> Vec<(EntryId, Message)> {
        let (workspace, id) = (&session.workspace, &session.id);
        let read = self
            .history
            .messages_before(workspace, id, before, limit)
            .await
            .unwrap();
        read.into_iter()
            .map(|stored| (stored.entry, stored.message))
            .collect()
    }

    /// The words on reactions to each message, newest message first.
    pub async fn words(&self, session: &Session) -> Vec<Vec<StoredReaction>> {
        let (workspace, id) = (&session.workspace, &session.id);
        let read = self
            .history
            .messages_before(workspace, id, u64::MAX, 100)
            .await;
        read.unwrap()
            .into_iter()
            .map(|stored| stored.reactions)
            .collect()
    }

    pub async fn texts(&self, session: &Session, before: u64, limit: usize) -> Vec<String> {
        let read = self.messages(session, before, limit).await;
        read.iter()
            .map(|(_, message)| message.content.text().to_owned())
            .collect()
    }

    pub async fn list(&self, query: SessionQuery, after: Option<&SessionCursor>) -> Vec<Session> {
        self.history
            .sessions(&WorkspaceId::new("default"), &query, after)
            .await
            .unwrap()
    }

    pub async fn found(&self, query: SessionQuery) -> Vec<SessionId> {
        sorted(&self.list(query, None).await)
    }
}

pub fn sorted<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<SessionId> {
    let mut ids: Vec<_> = sessions
        .into_iter()
        .map(|session| session.id.clone())
        .collect();
    ids.sort();
    ids
}

pub fn all() -> SessionQuery {
    SessionQuery {
        limit: 100,
        ..SessionQuery::default()
    }
}

pub fn at(ms: u64) -> EntryId {
    EntryId { ms, seq: 0 }
}

pub fn agent(id: &str) -> Agent {
    Agent {
        id: OperatorId::new(id),
        name: format!("Agent {id}"),
    }
}

pub fn session(workspace: &str) -> Session {
    Session {
        version: 1,
        ..Session::new(
            SessionId::new(Uuid::new_v4().to_string()),
            WorkspaceId::new(workspace),
            Guest::default(),
            1,
        )
    }
}

/// An entry that concerns the workspace alone.
pub fn bare(workspace: &str, ms: u64) -> Entry {
    Entry {
        v: FORMAT,
        id: at(ms),
        workspace: WorkspaceId::new(workspace),
        session: None,
        prev: Prev::default(),
        origin: None,
        to: None,
        change: Change::OperatorOnline { agent: agent("1") },
        after: None,
    }
}

pub fn of(session: &Session, ms: u64, change: Change) -> Entry {
    Entry {
        session: Some(session.id.clone()),
        change,
        ..bare(session.workspace.as_str(), ms)
    }
}

pub fn started(session: &Session, ms: u64) -> Arc<Entry> {
    let after = Session {
        last_entry: at(ms),
        ..session.clone()
    };
    Arc::new(Entry {
        after: Some(Box::new(after)),
        ..of(session, ms, Change::Started)
    })
}

pub fn changed(session: &Session, ms: u64) -> Arc<Entry> {
    let after = Session {
        last_entry: at(ms),
        ..session.clone()
    };
    let change = Change::Assigned {
        agent: agent("1"),
        before: None,
    };
    Arc::new(Entry {
        after: Some(Box::new(after)),
        ..of(session, ms, change)
    })
}

/// By the guest: an emoji, and whether it is there.
pub fn reacted(session: &Session, ms: u64, to: MessageId, word: (&str, bool)) -> Arc<Entry> {
    let reaction = Reaction {
        message: to,
        by: Participant::Guest,
        emoji: word.0.into(),
        on: word.1,
    };
    Arc::new(of(session, ms, Change::Reacted { reaction }))
}

/// All of the other side's messages up to a number.
pub fn read(session: &Session, ms: u64, by: Participant, seq: u64) -> Arc<Entry> {
    Arc::new(of(session, ms, Change::Read { by, seq }))
}

pub fn said(session: &Session, seq: u64, ms: u64, text: &str) -> Arc<Entry> {
    message(session, seq, ms, text, Direction::In)
}

pub fn answered(session: &Session, seq: u64, ms: u64, text: &str) -> Arc<Entry> {
    message(session, seq, ms, text, Direction::Out)
}

pub fn message(
    session: &Session,
    seq: u64,
    ms: u64,
    text: &str,
    direction: Direction,
) -> Arc<Entry> {
    let kind = match direction {
        Direction::In => SenderKind::Guest,
        Direction::Out => SenderKind::Operator,
    };
    let message = Message {
        id: MessageId::draw(),
        session: session.id.clone(),
        seq,
        direction,
        sender: Sender {
            kind,
            id: session.id.to_string(),
            name: "Somebody".into(),
        },
        content: Content::Text { text: text.into() },
        client_id: seq.is_multiple_of(2).then(|| format!("client-{seq}")),
        at: ms,
    };
    Arc::new(of(session, ms, Change::Message { message }))
}

pub fn body(entry: &Entry) -> &Message {
    entry.message().unwrap()
}

pub fn metrics() -> HistoryMetrics {
    Metrics::new().unwrap().history
}
