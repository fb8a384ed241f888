use std::{sync::Arc, time::Duration};

use switchboard::{
    hub::{
        Commit, Commits as _, DeadlineOp, Draft, Guard, Log, Logs as _, NewChange, Outcome,
        Presence, PresenceOp, QueueOp, Rate, Retention, SessionPatch, Since, Subject, Unique,
        Written,
        redis::{RedisHub, RedisSettings},
    },
    metrics::Metrics,
    model::{
        Clock, Content, DedupId, Direction, Entry, EntryId, Guest, MessageId, Partition, PodId,
        Sender, SenderKind, Session, SessionId, Sid, WorkspaceId,
    },
};
use uuid::Uuid;

use super::within;
pub use crate::support::servers::ask::ask;

/// As long as a pod holds a call by default.
pub const HOLD: Duration = Duration::from_secs(5);

/// More than any test writes.
pub const ALL: usize = 100_000;

/// A pod's hub. All of one server belong to one deployment.
pub async fn hub(url: &str, hold: Duration) -> Arc<RedisHub> {
    let metrics = Metrics::new().unwrap();
    let hub = RedisHub::connect(settings(url, hold), Clock::System, metrics.hub);
    Arc::new(within(hub).await.unwrap())
}

pub fn settings(url: &str, hold: Duration) -> RedisSettings {
    RedisSettings {
        url: url.to_owned(),
        prefix: "trouble".into(),
        hold,
        poll_hold: hold,
        retention: Retention {
            feed_ms: 600_000,
            ended_ms: 600_000,
        },
    }
}

/// A session, and what is said in it.
#[derive(Clone, Debug)]
pub struct Place {
    pub workspace: WorkspaceId,
    pub session: SessionId,
}

impl Place {
    /// One that nobody has started.
    pub fn new() -> Self {
        Self {
            workspace: WorkspaceId::new(Uuid::new_v4().to_string()),
            session: SessionId::new(Uuid::new_v4().to_string()),
        }
    }

    pub async fn started(hub: &RedisHub) -> Self {
        let place = Self::new();
        committed(hub.commit(place.starts()).await);
        place
    }

    pub fn partition(&self) -> Partition {
        Partition::of(&self.workspace)
    }

    pub fn log(&self) -> Log {
        Log::Session(self.workspace.clone(), self.session.clone())
    }

    pub fn commit(&self, guard: Guard) -> Commit {
        let (workspace, session) = (self.workspace.clone(), self.session.clone());
        Commit::new(workspace, Some(session), DedupId::draw(), guard)
    }

    pub fn starts(&self) -> Commit {
        Commit {
            set: SessionPatch {
                create: Some(Box::new(self.fresh())),
                ..SessionPatch::default()
            },
            append: vec![draft(NewChange::Started)],
            ..self.commit(Guard::Absent)
        }
    }

    pub fn says(&self, text: &str) -> Commit {
        Commit {
            append: vec![draft(NewChange::Message {
                id: MessageId::draw(),
                direction: Direction::In,
                sender: Sender {
                    kind: SenderKind::Guest,
                    id: "guest".into(),
                    name: "Guest".into(),
                },
                content: Content::Text { text: text.into() },
                client_id: None,
            })],
            ..self.commit(Guard::Open)
        }
    }

    /// One that writes to every key that there is.
    pub fn writes_all(&self, text: &str) -> Commit {
        let name = || "other".to_owned();
        Commit {
            unique: Some(Unique {
                key: "guest".into(),
                window_ms: 1_000,
                since: Since::Activity,
                shared: false,
            }),
            rate: Some(Rate {
                key: "guest".into(),
                max: 3,
                window_ms: 1_000,
            }),
            queue: Some(QueueOp::Enter),
            presence: Some(PresenceOp::Enter {
                presence: Presence {
                    workspace: self.workspace.clone(),
                    subject: Subject::Guest(self.session.clone()),
                    sid: Sid::draw(Partition::random()),
                },
                pod: Some(PodId::draw()),
                name: None,
            }),
            deadlines: vec![
                DeadlineOp::Clear { name: name() },
                DeadlineOp::Set {
                    name: name(),
                    at: 2,
                    only_on: None,
                },
            ],
            ..self.says(text)
        }
    }

    pub async fn say(&self, hub: &RedisHub, text: &str) -> EntryId {
        committed(hub.commit(self.says(text)).await).stamped[0].id
    }

    pub async fn read(&self, hub: &RedisHub) -> Vec<Arc<Entry>> {
        let page = hub.read(&self.log(), EntryId::ZERO, ALL).await.unwrap();
        assert!(page.complete && !page.more);
        page.entries
    }

    pub async fn texts(&self, hub: &RedisHub) -> Vec<String> {
        let entries = self.read(hub).await;
        let messages = entries.iter().filter_map(|entry| entry.message());
        messages.map(|it| it.content.text().to_owned()).collect()
    }

    fn fresh(&self) -> Session {
        Session {
            version: 1,
            ..Session::new(
                self.session.clone(),
                self.workspace.clone(),
                Guest::default(),
                1,
            )
        }
    }
}

pub fn committed(outcome: Outcome) -> Written {
    match outcome {
        Outcome::Committed(written) => *written,
        other => panic!("expected to be committed, got {other:?}"),
    }
}

pub fn draft(change: NewChange) -> Draft {
    Draft {
        change,
        origin: None,
        to: None,
        only_on: None,
    }
}
