use std::{future::Future, sync::Arc, time::Duration};

use switchboard::{
    hub::{
        Commit, Deadline, Draft, Guard, Hub, Log, NewChange, Outcome, Presence, PresenceOp,
        Publication, Publications, SessionPatch, Signal, Written,
    },
    model::{
        Agent, Content, DedupId, Direction, Entry, EntryId, Guest, MessageId, Millis, Offset,
        OperatorId, Partition, PodId, Sender, SenderKind, Session, SessionId, Sid, Status,
        WorkspaceId,
    },
};
use tokio::time::timeout;
use uuid::Uuid;

use super::Trouble;

/// What takes longer will not come.
const WAIT: Duration = Duration::from_secs(20);

/// More than any test writes.
pub const ALL: usize = 100_000;

pub async fn within<T>(case: impl Future<Output = T>) -> T {
    timeout(WAIT, Box::pin(case)).await.unwrap()
}

/// A hub of its own with one workspace, and what tests say to it all the time.
pub struct Bench {
    pub hub: Arc<dyn Hub>,
    pub trouble: Box<dyn Trouble>,
    pub workspace: WorkspaceId,
}

/// All that can be read of a partition.
#[derive(Debug, PartialEq)]
pub struct Everything {
    pub sessions: Vec<(Session, Option<u64>)>,
    pub logs: Vec<Vec<Arc<Entry>>>,
    pub feed: Vec<Arc<Entry>>,
    pub ingest: Vec<Arc<Entry>>,
    pub top: Offset,
    pub due: Vec<Deadline>,
    pub orphans: Vec<Presence>,
}

impl Bench {
    pub fn new(trouble: Box<dyn Trouble>) -> Self {
        Self {
            hub: trouble.hub(),
            trouble,
            workspace: WorkspaceId::new(Uuid::new_v4().to_string()),
        }
    }

    pub fn now(&self) -> Millis {
        self.trouble.now()
    }

    pub fn partition(&self) -> Partition {
        Partition::of(&self.workspace)
    }

    /// Another workspace with its keys in the same partition, or in another one.
    pub fn neighbour(&self, same: bool) -> WorkspaceId {
        (0..)
            .map(|n| WorkspaceId::new(format!("neighbour-{n}")))
            .find(|workspace| (Partition::of(workspace) == self.partition()) == same)
            .unwrap()
    }

    pub fn feed(&self) -> Log {
        Log::Feed(self.workspace.clone())
    }

    pub fn log(&self, session: &SessionId) -> Log {
        Log::Session(self.workspace.clone(), session.clone())
    }

    /// A commit that nobody repeats.
    pub fn commit_of(&self, session: Option<&SessionId>, guard: Guard) -> Commit {
        let workspace = self.workspace.clone();
        Commit::new(workspace, session.cloned(), DedupId::draw(), guard)
    }

    /// A commit that starts this session.
    pub fn starts(&self, session: &Session) -> Commit {
        Commit {
            workspace: session.workspace.clone(),
            set: SessionPatch {
                create: Some(Box::new(session.clone())),
                ..SessionPatch::default()
            },
            append: vec![draft(NewChange::Started)],
            ..self.commit_of(Some(&session.id), Guard::Absent)
        }
    }

    pub fn says(&self, session: &SessionId, text: &str) -> Commit {
        Commit {
            append: vec![message(text)],
            ..self.commit_of(Some(session), Guard::Open)
        }
    }

    pub fn sets(&self, session: &SessionId, set: SessionPatch) -> Commit {
        Commit {
            set,
            ..self.commit_of(Some(session), Guard::Any)
        }
    }

    pub fn ends(&self, session: &SessionId) -> Commit {
        let set = SessionPatch {
            status: Some(Status::Ended),
            ..SessionPatch::default()
        };
        Commit {
            append: vec![draft(NewChange::Ended)],
            ..self.sets(session, set)
        }
    }

    pub async fn start(&self) -> SessionId {
        let session = session(&self.workspace);
        self.commit(self.starts(&session)).await;
        session.id
    }

    pub async fn say(&self, session: &SessionId, text: &str) -> EntryId {
        self.commit(self.says(session, text)).await.stamped[0].id
    }

    pub async fn commit(&self, commit: Commit) -> Written {
        committed(self.hub.commit(commit).await)
    }

    pub async fn duplicate(&self, commit: &Commit) -> Written {
        match self.hub.commit(commit.clone()).await {
            Outcome::Duplicate(first) => *first,
            other => panic!("expected the first result, got {other:?}"),
        }
    }

    /// The outcome of a commit that is refused and hence changes nothing.
    pub async fn refused(&self, commit: Commit) -> Outcome {
        let before = self.everything().await;
        let outcome = self.hub.commit(commit).await;
        assert!(
            !matches!(outcome, Outcome::Committed(_) | Outcome::Unknown),
            "{outcome:?}"
        );
        assert_eq!(self.everything().await, before, "{outcome:?}");
        outcome
    }

    pub async fn session(&self, id: &SessionId) -> Session {
        let found = self.hub.session(&self.workspace, id).await.unwrap();
        found.unwrap().0
    }

    pub async fn place(&self, id: &SessionId) -> Option<u64> {
        let found = self.hub.session(&self.workspace, id).await.unwrap();
        found.unwrap().1
    }

    /// What the log holds after an id, and whether that is all there was.
    pub async fn read_after(&self, log: &Log, after: EntryId) -> (Vec<Arc<Entry>>, bool) {
        let page = self.hub.read(log, after, ALL).await.unwrap();
        assert!(!page.more);
        (page.entries, page.complete)
    }

    pub async fn read(&self, log: &Log) -> Vec<Arc<Entry>> {
        self.read_after(log, EntryId::ZERO).await.0
    }

    pub async fn ingest(&self) -> Vec<Arc<Entry>> {
        let read = self.hub.ingest(self.partition(), EntryId::ZERO, ALL).await;
        read.unwrap().entries
    }

    pub async fn top(&self) -> Offset {
        self.hub.top(&self.workspace).await.unwrap()
    }

    pub async fn everything(&self) -> Everything {
        let mut sessions = self.hub.sessions(&self.workspace).await.unwrap();
        sessions.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
        let mut logs = Vec::new();
        for (session, _) in &sessions {
            logs.push(self.read(&self.log(&session.id)).await);
        }
        let mut orphans = self.hub.orphans(ALL).await.unwrap();
        orphans.sort_by_key(|presence| presence.sid.to_string());
        Everything {
            sessions,
            logs,
            feed: self.read(&self.feed()).await,
            ingest: self.ingest().await,
            top: self.top().await,
            due: self
                .hub
                .due(self.partition(), Millis::MAX, ALL)
                .await
                .unwrap(),
            orphans,
        }
    }

    pub async fn pod(&self, capacity: usize) -> Pod {
        let id = PodId::draw();
        let publications = self.hub.attach(&id, capacity).await.unwrap().publications;
        Pod { id, publications }
    }

    /// A pod with room for everything, in these channels.
    pub async fn listening(&self, channels: &[Log]) -> Pod {
        let pod = self.pod(ALL).await;
        for channel in channels {
            self.hub.subscribe(&pod.id, channel).await.unwrap();
        }
        pod
    }
}

/// One end of the channels.
pub struct Pod {
    pub id: PodId,
    publications: Publications,
}

impl Pod {
    pub async fn next(&mut self) -> Publication {
        within(self.publications.next()).await.unwrap()
    }

    pub async fn entry(&mut self) -> (Log, Arc<Entry>) {
        match self.next().await {
            Publication::Entry { channel, entry, .. } => (channel, entry),
            other => panic!("expected an entry, got {other:?}"),
        }
    }

    pub async fn signal(&mut self) -> (Sid, Signal) {
        match self.next().await {
            Publication::Signal { sid, signal } => (sid, signal),
            other => panic!("expected a signal, got {other:?}"),
        }
    }
}

pub fn committed(outcome: Outcome) -> Written {
    match outcome {
        Outcome::Committed(written) => *written,
        other => panic!("expected to be committed, got {other:?}"),
    }
}

/// Every entry names the one before it in this log.
pub fn assert_chained(log: &Log, entries: &[Arc<Entry>], mut before: EntryId) {
    for entry in entries {
        assert!(before < entry.id, "{before} comes before {}", entry.id);
        assert_eq!(log.prev(entry), before, "before {}", entry.id);
        before = entry.id;
    }
}

pub fn ids(entries: &[Arc<Entry>]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

pub fn texts(entries: &[Arc<Entry>]) -> Vec<&str> {
    let messages = entries.iter().filter_map(|entry| entry.message());
    messages.map(|message| message.content.text()).collect()
}

pub fn draft(change: NewChange) -> Draft {
    Draft {
        change,
        origin: None,
        to: None,
        only_on: None,
    }
}

pub fn message(text: &str) -> Draft {
    draft(NewChange::Message {
        id: MessageId::draw(),
        direction: Direction::In,
        sender: Sender {
            kind: SenderKind::Guest,
            id: "guest".into(),
            name: "Guest".into(),
        },
        content: Content::Text { text: text.into() },
        client_id: None,
    })
}

pub fn enter(presence: Presence) -> PresenceOp {
    PresenceOp::Enter {
        presence,
        pod: None,
        name: None,
    }
}

pub fn agent(id: &str) -> Agent {
    Agent {
        id: OperatorId::new(id),
        name: format!("Agent {id}"),
    }
}

pub fn session(workspace: &WorkspaceId) -> Session {
    Session {
        version: 1,
        ..Session::new(
            SessionId::new(Uuid::new_v4().to_string()),
            workspace.clone(),
            Guest::default(),
            1,
        )
    }
}
