//! The shell of chat on the embedded backends: retries, races, loading, merging.

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use switchboard::{
    chat::{
        Actor, Chat, ChatParts, ChatSettings, Directory, Done, GuestActor, OperatorActor, Rates,
    },
    history::{Appended, Batch, History, sqlite::SqliteHistory},
    hub::{Ingest as _, Limit, Log, Logs as _, Retention, Since, Unread, memory::MemoryHub},
    metrics::{ChatMetrics, Metrics},
    model::*,
};

mod grace;
mod hands;
mod identity;
mod marks;
mod offers;
mod people;
mod presence;
mod rates;
mod reactions;
mod reuse;
mod send;
mod session;
mod start;
mod status;
mod tags;
mod trouble;
mod typing;
mod waiting;

struct Scene {
    chat: Arc<Chat>,
    hub: Arc<MemoryHub>,
    history: Arc<SqliteHistory>,
    metrics: ChatMetrics,
    clock: Clock,
    dir: PathBuf,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn ws() -> WorkspaceId {
    WorkspaceId::new("default")
}

/// Longer than the tests that are not about it pass.
const LOOK_MS: Millis = 1_000_000_000;

fn settings() -> ChatSettings {
    ChatSettings {
        max_text: 100,
        strip_tags: WorkspaceSet::default(),
        reuse_by_email: true,
        reuse_window_ms: 10_000,
        reuse_since: Since::Activity,
        operator_grace_ms: 1000,
        guest_grace_ms: 60_000,
        presence_look_ms: LOOK_MS,
        transfer_timeout_ms: 1000,
        rates: Rates {
            guest: Limit::OFF,
            operator: Limit::OFF,
            start: Limit::OFF,
            upload: Limit::OFF,
        },
    }
}

fn scene() -> Scene {
    scene_of(settings())
}

fn scene_with(rates: Rates) -> Scene {
    scene_of(ChatSettings {
        rates,
        ..settings()
    })
}

fn scene_of(settings: ChatSettings) -> Scene {
    let dir = std::env::temp_dir().join(format!("chat-{}", DedupId::draw()));
    let metrics = Metrics::new().unwrap();
    let clock = Clock::manual(1_700_000_000_000);
    let hub = Arc::new(MemoryHub::new(
        clock.clone(),
        Retention {
            feed_ms: 1000,
            ended_ms: 1000,
        },
    ));
    let history = Arc::new(SqliteHistory::open(&dir, metrics.history.clone()).unwrap());
    let chat = Arc::new(Chat::new(ChatParts {
        hub: hub.clone(),
        history: history.clone(),
        directory: directory(history.clone(), &metrics.chat),
        clock: clock.clone(),
        settings,
        metrics: metrics.chat.clone(),
    }));
    Scene {
        chat,
        hub,
        history,
        metrics: metrics.chat,
        clock,
        dir,
    }
}

/// That lets in whoever a test names, and guests into the workspace `other` as well.
fn directory(accounts: Arc<SqliteHistory>, metrics: &ChatMetrics) -> Arc<Directory> {
    let configured = vec![WorkspaceId::new("other")];
    let (directory, _) = Directory::new(accounts, configured, metrics.clone());
    Arc::new(directory)
}

impl Scene {
    /// What the writer does: everything of the workspace's partition goes to the history.
    async fn store(&self) {
        let partition = Partition::of(&ws());
        let Unread { epoch, entries, .. } = self
            .hub
            .ingest(partition, EntryId::ZERO, 1000)
            .await
            .unwrap();
        let from = self.history.open_cursor(partition, &epoch).await.unwrap();
        let entries: Vec<_> = entries
            .into_iter()
            .filter(|entry| entry.id > from)
            .collect();
        let Some(last) = entries.last() else { return };
        let to = last.id;
        let stored = self
            .history
            .append(Batch {
                partition,
                epoch,
                from,
                to,
                entries,
            })
            .await
            .unwrap();
        assert!(matches!(
            stored,
            switchboard::history::Appended::Stored { .. }
        ));
        self.hub.set_persisted(partition, to).await.unwrap();
    }

    async fn lose(&self) {
        let partition = Partition::of(&ws());
        let (_, at) = self
            .history
            .cursors()
            .await
            .unwrap()
            .into_iter()
            .find(|(p, _)| *p == partition)
            .unwrap();
        self.hub.lose(partition);
        self.hub.raise(partition, at).await.unwrap();
    }

    async fn ask(&self, actor: &Actor, command: Command) -> Result<Done, Reject> {
        self.chat.handle(actor, command, &DedupId::draw()).await
    }
}

fn guest(session: Option<&SessionId>) -> Actor {
    Actor::Guest(GuestActor {
        workspace: ws(),
        session: session.cloned(),
        name: Some("Marie".into()),
        since: 0,
        recovery: RecoveryId::new("rg"),
        sid: Sid::new("sg"),
        pod: None,
        address: IpAddr::from([192, 0, 2, 7]).into(),
    })
}

fn op(id: &str) -> OperatorActor {
    OperatorActor {
        workspace: ws(),
        id: OperatorId::new(id),
        name: id.to_uppercase(),
        recovery: RecoveryId::new(format!("r{id}")),
        sid: Sid::new(format!("s{id}")),
        pod: None,
    }
}

fn operator(id: &str) -> Actor {
    Actor::Operator(op(id))
}

fn start() -> Command {
    let start = Start {
        name: Some("Ann".into()),
        ..Start::default()
    };
    Command::Guest(GuestCommand::Start(Box::new(start)))
}

fn resume(session: &SessionId) -> Command {
    let start = Start {
        resume: Some(Resume {
            workspace: ws(),
            session: session.clone(),
            since: 0,
        }),
        ..Start::default()
    };
    Command::Guest(GuestCommand::Start(Box::new(start)))
}

fn send(text: &str, client_id: Option<&str>) -> Send {
    Send {
        text: text.into(),
        client_id: client_id.map(Into::into),
        ..Send::default()
    }
}

fn says(text: &str, client_id: Option<&str>) -> Command {
    Command::Guest(GuestCommand::Send(send(text, client_id)))
}

fn answers(session: &SessionId, text: &str) -> Command {
    Command::Staff(StaffCommand::Send {
        session: session.clone(),
        send: send(text, None),
    })
}

fn claim(session: &SessionId) -> Command {
    Command::Staff(StaffCommand::Connect {
        session: session.clone(),
    })
}

fn end(session: &SessionId) -> Command {
    Command::Staff(StaffCommand::End {
        session: session.clone(),
    })
}

fn page(limit: usize) -> Command {
    Command::Guest(GuestCommand::History(HistoryQuery {
        before_seq: None,
        limit,
    }))
}

fn sent(done: &Done) -> (MessageId, u64, Millis, bool) {
    match done.reply {
        Reply::Sent {
            id,
            seq,
            at,
            duplicate,
        } => (id, seq, at, duplicate),
        ref other => panic!("{other:?}"),
    }
}

fn texts(done: Done) -> (Vec<String>, bool) {
    match done.reply {
        Reply::History { messages, more } => (
            messages
                .iter()
                .map(|m| m.message.content.text().to_owned())
                .collect(),
            more,
        ),
        other => panic!("{other:?}"),
    }
}

async fn started(scene: &Scene) -> SessionId {
    scene
        .ask(&guest(None), start())
        .await
        .unwrap()
        .bound
        .unwrap()
        .session
}

fn code(result: Result<Done, Reject>) -> Code {
    result.unwrap_err().code
}
