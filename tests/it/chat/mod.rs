//! The shell of chat on the embedded backends: retries, races, loading, merging.

use std::{path::PathBuf, sync::Arc};

use switchboard::{
    chat::{Actor, Chat, ChatSettings, Done, GuestActor, OperatorActor},
    history::{Batch, History, sqlite::SqliteHistory},
    hub::{Ingest as _, Log, Logs as _, Retention, Unread, memory::MemoryHub},
    metrics::{ChatMetrics, Metrics},
    model::*,
};

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

fn scene() -> Scene {
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
    let settings = ChatSettings {
        max_text: 100,
        workspaces: vec![WorkspaceId::new("other")],
    };
    let chat = Arc::new(Chat::new(
        hub.clone(),
        history.clone(),
        clock.clone(),
        settings,
        metrics.chat.clone(),
    ));
    Scene {
        chat,
        hub,
        history,
        metrics: metrics.chat,
        clock,
        dir,
    }
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
        recovery: RecoveryId::new("rg"),
        sid: Sid::new("sg"),
        pod: None,
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
        resume: Some((ws(), session.clone())),
        ..Start::default()
    };
    Command::Guest(GuestCommand::Start(Box::new(start)))
}

fn send(text: &str, client_id: Option<&str>) -> Send {
    Send {
        text: text.into(),
        client_id: client_id.map(Into::into),
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
                .map(|m| m.content.text().to_owned())
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

#[tokio::test]
async fn p3_a_start_repeated_is_one_session() {
    let scene = scene();
    let dedup = DedupId::new("sid:t:0");
    let first = scene
        .chat
        .handle(&guest(None), start(), &dedup)
        .await
        .unwrap();
    let again = scene
        .chat
        .handle(&guest(None), start(), &dedup)
        .await
        .unwrap();
    assert_eq!(first, again);
    let Reply::Started {
        reconnected,
        queue_position,
        ..
    } = first.reply
    else {
        panic!()
    };
    assert_eq!((reconnected, queue_position), (false, Some(1)));
    assert_eq!(scene.hub.sessions(&ws()).await.unwrap().len(), 1);
    assert_eq!(
        scene
            .metrics
            .duplicates
            .with_label_values(&["request"])
            .get(),
        1
    );
    // Unknown to the dedup table by now.
    let session = first.bound.unwrap().session;
    for n in 0..300 {
        scene
            .ask(&guest(Some(&session)), says(&n.to_string(), None))
            .await
            .unwrap();
    }
    let late = scene
        .chat
        .handle(&guest(None), start(), &dedup)
        .await
        .unwrap();
    assert_eq!(late.bound.unwrap().session, session);
    assert_eq!(scene.hub.sessions(&ws()).await.unwrap().len(), 1);
}

/// A guest that starts again (another tab, a lost ack) is told of a session, so that has to be there
/// after a crash as well.
#[tokio::test]
async fn p1_a_session_that_is_not_stored_yet_is_not_confirmed_by_joining_it_again() {
    let scene = scene();
    let session = started(&scene).await;
    for command in [start(), resume(&session)] {
        let again = scene.ask(&guest(Some(&session)), command).await.unwrap();
        assert!(matches!(
            again.reply,
            Reply::Started {
                reconnected: true,
                ..
            }
        ));
        let mark = again.mark.expect("rests on what may not be stored");
        assert!(!scene.hub.persisted().await.unwrap().holds(&mark));
    }
    scene.store().await;
    let again = scene.ask(&guest(Some(&session)), start()).await.unwrap();
    let mark = again.mark.unwrap();
    assert!(
        scene.hub.persisted().await.unwrap().holds(&mark),
        "waits for nothing"
    );
}

#[tokio::test]
async fn bound_misses_nothing() {
    let scene = scene();
    let session = started(&scene).await;
    for actor in [guest(None), guest(Some(&session))] {
        let command = if actor == guest(None) {
            resume(&session)
        } else {
            start()
        };
        let done = scene.ask(&actor, command).await.unwrap();
        assert!(matches!(
            done.reply,
            Reply::Started {
                reconnected: true,
                ..
            }
        ));
        let bound = done.bound.unwrap();
        assert_eq!(bound.session, session);
        scene
            .ask(&operator("bob"), answers(&session, "hi"))
            .await
            .unwrap();
        let log = Log::Session(ws(), session.clone());
        let page = scene.hub.read(&log, bound.from.at, 10).await.unwrap();
        assert_eq!(page.epoch, bound.from.epoch);
        assert_eq!(page.entries.len(), 1);
    }
    scene.ask(&operator("bob"), end(&session)).await.unwrap();
    for (actor, command) in [
        (guest(None), resume(&session)),
        (guest(Some(&session)), start()),
    ] {
        let done = scene.ask(&actor, command).await.unwrap();
        assert!(matches!(
            done.reply,
            Reply::Started {
                reconnected: false,
                ..
            }
        ));
        assert_ne!(done.bound.unwrap().session, session);
    }
}

#[tokio::test]
async fn unknown_is_not_a_duplicate_and_busy_passes() {
    for happens in [true, false] {
        let scene = scene();
        let session = started(&scene).await;
        scene.hub.faults().unknown_commit(happens);
        scene.hub.faults().unknown_commit(happens);
        let done = scene
            .ask(&guest(Some(&session)), says("hi", Some("c")))
            .await
            .unwrap();
        assert_eq!((sent(&done).1, sent(&done).3), (1, false), "{happens}");
        let again = scene
            .ask(&guest(Some(&session)), says("hi", Some("c")))
            .await
            .unwrap();
        let (id, seq, at, _) = sent(&done);
        assert_eq!(sent(&again), (id, seq, at, true));
        assert_eq!(again.mark, done.mark);
        assert_eq!(
            scene
                .metrics
                .duplicates
                .with_label_values(&["client_id"])
                .get(),
            1
        );
        assert_eq!(
            scene.metrics.received.with_label_values(&["guest"]).get(),
            1
        );
        for _ in 0..3 {
            scene.hub.faults().unknown_commit(happens);
        }
        let reject = scene
            .ask(&guest(Some(&session)), says("ho", Some("d")))
            .await
            .unwrap_err();
        assert_eq!(reject, Reject::unavailable());
        let done = scene
            .ask(&guest(Some(&session)), says("ho", Some("d")))
            .await
            .unwrap();
        assert_eq!(sent(&done).1, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_one_wins() {
    for _ in 0..50 {
        let scene = scene();
        let session = started(&scene).await;
        let race = ["a", "b", "c", "d"].map(|id| {
            let (chat, command) = (scene.chat.clone(), claim(&session));
            tokio::spawn(async move { chat.handle(&operator(id), command, &DedupId::draw()).await })
        });
        let mut won = Vec::new();
        for one in race {
            match one.await.unwrap() {
                Ok(done) => won.push(done),
                Err(reject) => assert_eq!(reject.code, Code::Taken),
            }
        }
        assert_eq!(won.len(), 1);
        let (held, position) = scene.hub.session(&ws(), &session).await.unwrap().unwrap();
        assert_eq!((held.status, position), (Status::Active, None));
        let winner = held.agent.clone().unwrap().id;
        let again = scene
            .ask(&operator(winner.as_str()), claim(&session))
            .await
            .unwrap();
        assert_eq!(again, won[0], "the same reply, nothing written");
    }
}

#[tokio::test]
async fn p7_a_lost_session_comes_back_from_the_history() {
    let scene = scene();
    let session = started(&scene).await;
    let other = started(&scene).await;
    let ended = started(&scene).await;
    for text in ["one", "two", "three"] {
        scene
            .ask(&guest(Some(&session)), says(text, None))
            .await
            .unwrap();
    }
    scene.ask(&operator("bob"), end(&ended)).await.unwrap();
    scene.store().await;
    scene.lose().await;
    // Read without loading.
    assert_eq!(
        texts(scene.ask(&guest(Some(&session)), page(2)).await.unwrap()),
        (vec!["two".into(), "three".into()], true)
    );
    let done = scene
        .ask(&guest(Some(&session)), says("four", None))
        .await
        .unwrap();
    assert_eq!(sent(&done).1, 4);
    let (all, more) = texts(scene.ask(&guest(Some(&session)), page(9)).await.unwrap());
    assert_eq!((all.join(" "), more), ("one two three four".into(), false));
    assert_eq!(
        texts(scene.ask(&guest(Some(&session)), page(2)).await.unwrap()).0,
        ["three", "four"]
    );
    assert_eq!(
        scene.hub.session(&ws(), &session).await.unwrap().unwrap().1,
        Some(1),
        "queued again"
    );
    let done = scene.ask(&operator("bob"), claim(&other)).await.unwrap();
    assert!(
        matches!(done.reply, Reply::Session { ref session, .. } if session.status == Status::Active)
    );
    assert_eq!(
        code(scene.ask(&guest(Some(&ended)), says("x", None)).await),
        Code::Ended
    );
    assert_eq!(
        code(scene.ask(&operator("bob"), claim(&ended)).await),
        Code::Ended
    );
    assert_eq!(
        code(scene.ask(&operator("bob"), end(&ended)).await),
        Code::Ended
    );
    let done = scene.ask(&guest(None), resume(&ended)).await.unwrap();
    assert!(matches!(
        done.reply,
        Reply::Started {
            reconnected: false,
            ..
        }
    ));
}

#[tokio::test]
async fn p6_other_workspaces_do_not_exist() {
    let scene = scene();
    let session = started(&scene).await;
    let mut mallory = op("m");
    mallory.workspace = WorkspaceId::new("other");
    let mallory = Actor::Operator(mallory);
    let history = Command::Staff(StaffCommand::History {
        session: session.clone(),
        query: HistoryQuery {
            before_seq: None,
            limit: 5,
        },
    });
    for command in [
        claim(&session),
        end(&session),
        answers(&session, "x"),
        history,
    ] {
        let reject = scene.ask(&mallory, command.clone()).await.unwrap_err();
        assert_eq!(
            (reject.code, reject.message.as_str()),
            (Code::NotFound, "No such session"),
            "{command:?}"
        );
    }
    assert_eq!(
        code(scene.ask(&operator("a"), start()).await),
        Code::Forbidden
    );
    assert_eq!(
        code(scene.ask(&guest(Some(&session)), claim(&session)).await),
        Code::Forbidden
    );
    assert_eq!(
        code(scene.ask(&guest(None), says("x", None)).await),
        Code::Conflict
    );
    assert_eq!(code(scene.ask(&guest(None), page(1)).await), Code::Conflict);
    assert_eq!(
        scene
            .metrics
            .failed
            .with_label_values(&["guest", "conflict"])
            .get(),
        2
    );
}

#[tokio::test]
async fn p3_a_repeat_after_the_end_gets_its_first_result() {
    let scene = scene();
    let session = started(&scene).await;
    let first = scene
        .ask(&guest(Some(&session)), says("hi", Some("c")))
        .await
        .unwrap();
    let dedup = DedupId::draw();
    let ended = scene
        .chat
        .handle(&operator("bob"), end(&session), &dedup)
        .await
        .unwrap();
    let again = scene
        .ask(&guest(Some(&session)), says("hi", Some("c")))
        .await
        .unwrap();
    assert_eq!(sent(&again).0, sent(&first).0);
    assert!(sent(&again).3);
    assert_eq!(
        scene
            .chat
            .handle(&operator("bob"), end(&session), &dedup)
            .await
            .unwrap(),
        ended
    );
    assert_eq!(
        code(scene.ask(&operator("bob"), end(&session)).await),
        Code::Ended
    );
    assert_eq!(
        code(
            scene
                .ask(&guest(Some(&session)), says("hi", Some("d")))
                .await
        ),
        Code::Ended
    );
}

#[tokio::test]
async fn presence_is_told_on_the_edge() {
    let scene = scene();
    let other_tab = OperatorActor {
        sid: Sid::new("s2"),
        recovery: RecoveryId::new("r2"),
        ..op("a")
    };
    let draw = DedupId::draw;
    let from = scene
        .chat
        .operator_arrived(&op("a"), &draw(), None)
        .await
        .unwrap();
    let later = scene
        .chat
        .operator_arrived(&other_tab, &draw(), None)
        .await
        .unwrap();
    assert_eq!(from, later, "no second entry");
    scene
        .chat
        .gone(&operator("a"), &draw(), None)
        .await
        .unwrap();
    scene
        .chat
        .gone(&operator("a"), &draw(), None)
        .await
        .unwrap();
    let feed = async || {
        scene
            .hub
            .read(&Log::Feed(ws()), EntryId::ZERO, 10)
            .await
            .unwrap()
            .entries
    };
    assert_eq!(feed().await.len(), 1);
    scene
        .chat
        .gone(&Actor::Operator(other_tab), &draw(), None)
        .await
        .unwrap();
    assert!(matches!(
        feed().await[1].change,
        Change::OperatorOffline { .. }
    ));
    scene.chat.gone(&guest(None), &draw(), None).await.unwrap();
    let Actor::Guest(someone) = guest(Some(&SessionId::new("gone"))) else {
        panic!()
    };
    scene.chat.guest_arrived(&someone, &draw()).await.unwrap();
    scene
        .chat
        .gone(&Actor::Guest(someone), &draw(), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn sessions_are_listed_from_both() {
    let scene = scene();
    let old = started(&scene).await;
    scene.clock.advance(10);
    let ended = started(&scene).await;
    scene.ask(&operator("bob"), end(&ended)).await.unwrap();
    scene.store().await;
    scene.lose().await;
    scene.clock.advance(10);
    let new = started(&scene).await;
    scene.ask(&operator("bob"), claim(&new)).await.unwrap();
    let list = async |query: SessionQuery| {
        let command = Command::Staff(StaffCommand::Sessions(query));
        match scene.ask(&operator("bob"), command).await.unwrap().reply {
            Reply::Sessions { sessions, cursor } => (
                sessions
                    .into_iter()
                    .map(|(session, _)| session.id)
                    .collect::<Vec<_>>(),
                cursor,
            ),
            other => panic!("{other:?}"),
        }
    };
    let all = SessionQuery {
        limit: 10,
        ..SessionQuery::default()
    };
    assert_eq!(
        list(all.clone()).await.0,
        [new.clone(), ended.clone(), old.clone()]
    );
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = list(SessionQuery {
            limit: 1,
            cursor,
            ..all.clone()
        })
        .await;
        seen.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [new.clone(), ended.clone(), old.clone()]);
    assert_eq!(
        list(SessionQuery {
            mine: true,
            ..all.clone()
        })
        .await
        .0,
        std::slice::from_ref(&new)
    );
    assert_eq!(
        list(SessionQuery {
            status: Some(Status::Waiting),
            ..all.clone()
        })
        .await
        .0,
        [old]
    );
    assert_eq!(
        list(SessionQuery {
            search: Some("ANN".into()),
            ..all
        })
        .await
        .0
        .len(),
        3
    );
}

#[tokio::test]
async fn p11_a_hub_that_is_away_acknowledges_nothing() {
    let scene = scene();
    let session = started(&scene).await;
    scene.hub.faults().set_down(true);
    let commands = [
        says("x", Some("c")),
        start(),
        page(1),
        Command::Guest(GuestCommand::End),
    ];
    for command in commands {
        assert_eq!(
            code(scene.ask(&guest(Some(&session)), command).await),
            Code::Unavailable
        );
    }
    for command in [claim(&session), end(&session), answers(&session, "x")] {
        assert_eq!(
            code(scene.ask(&operator("b"), command).await),
            Code::Unavailable
        );
    }
    assert!(
        scene
            .chat
            .operator_arrived(&op("b"), &DedupId::draw(), None)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn p3_a_repeat_after_a_loss_is_the_same_message() {
    let scene = scene();
    let session = started(&scene).await;
    scene
        .ask(&guest(Some(&session)), says("hi", Some("c")))
        .await
        .unwrap();
    scene.store().await;
    scene.lose().await;
    let again = scene
        .ask(&guest(Some(&session)), says("hi", Some("c")))
        .await
        .unwrap();
    assert!(sent(&again).3);
}
