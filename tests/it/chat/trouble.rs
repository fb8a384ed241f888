//! What a guest, a repeat, or a moment of trouble can make of the rules.

use super::{people::*, *};

const TWO: Limit = Limit {
    max: 2,
    window_ms: 10_000,
};

fn named(workspace: &str) -> Command {
    let start = Start {
        workspace: Some(WorkspaceId::new(workspace)),
        name: Some("Zoe".into()),
        email: Some("zoe@x.test".into()),
        ..Start::default()
    };
    Command::Guest(GuestCommand::Start(Box::new(start)))
}

fn reacts(message: MessageId, on: bool) -> React {
    React {
        message,
        emoji: "👍".into(),
        on,
    }
}

fn waited(done: &Done) -> Vec<String> {
    let waited = |told: &switchboard::chat::Told| match &told.notice {
        Notice::Waited { written, .. } => Some(written.message.content.text().to_owned()),
        _ => None,
    };
    done.notices.iter().filter_map(waited).collect()
}

/// Bound as the start has said.
fn after(connection: &str, done: &Done) -> GuestActor {
    let bound = done.bound.clone().unwrap();
    GuestActor {
        since: bound.since,
        ..visitor(connection, Some(&bound.session))
    }
}

async fn comes(scene: &Scene, connection: &str, command: Command) -> (GuestActor, Done) {
    let before = Actor::Guest(visitor(connection, None));
    let done = scene.ask(&before, command).await.unwrap();
    (after(connection, &done), done)
}

/// Its answer was lost, and staff has written meanwhile.
#[tokio::test]
async fn p2_a_start_repeated_tells_nothing_twice() {
    let scene = scene();
    let (first, _) = comes(&scene, "1", start()).await;
    let session = first.session.clone().unwrap();
    scene.goes(Actor::Guest(first)).await;
    scene
        .ask(&operator("a"), answers(&session, "waits"))
        .await
        .unwrap();
    let (actor, dedup) = (Actor::Guest(visitor("2", None)), DedupId::draw());
    let returns = async || {
        let done = scene.chat.handle(&actor, resume(&session), &dedup).await;
        done.unwrap()
    };
    returns().await;
    scene
        .ask(&operator("a"), answers(&session, "live"))
        .await
        .unwrap();
    let again = returns().await;
    let log = Log::Session(ws(), session);
    let from = again.bound.as_ref().unwrap().from.at;
    let page = scene.hub.read(&log, from, 99).await.unwrap();
    let live = page.entries.iter().filter_map(|entry| entry.message());
    let mut seen = waited(&again);
    seen.extend(live.map(|it| it.content.text().to_owned()));
    assert_eq!(seen, ["waits", "live"]);
}

/// A client counts its messages from 1, on whatever device.
#[tokio::test]
async fn p6_the_numbers_of_an_earlier_guest_are_not_those_of_who_says_its_name() {
    let scene = scene();
    let (first, _) = comes(&scene, "1", named("default")).await;
    let session = first.session.clone().unwrap();
    let first = Actor::Guest(first);
    scene.ask(&first, says("secret", Some("1"))).await.unwrap();
    scene.goes(first).await;
    let (back, done) = comes(&scene, "2", named("default")).await;
    assert_eq!(done.bound.unwrap().session, session);
    let back = Actor::Guest(back);
    let said = scene.ask(&back, says("hello", Some("1"))).await.unwrap();
    let (_, seq, _, duplicate) = sent(&said);
    assert_eq!((seq, duplicate), (2, false), "acknowledged, and not there");
    let again = scene.ask(&back, says("hello", Some("1"))).await.unwrap();
    assert_eq!((sent(&again).1, sent(&again).3), (2, true));
    scene.store().await;
    scene.lose().await;
    let again = scene.ask(&back, says("hello", Some("1"))).await.unwrap();
    assert_eq!((sent(&again).1, sent(&again).3), (2, true));
}

#[tokio::test]
async fn p6_who_only_says_a_name_does_nothing_to_earlier_messages() {
    let scene = scene();
    let (first, _) = comes(&scene, "1", named("default")).await;
    let first = Actor::Guest(first);
    let earlier = sent(&scene.ask(&first, says("secret", None)).await.unwrap()).0;
    scene.goes(first).await;
    let (back, _) = comes(&scene, "2", named("default")).await;
    let react = Command::Guest(GuestCommand::React(reacts(earlier, true)));
    let refused = scene.ask(&Actor::Guest(back), react).await;
    assert_eq!(code(refused), Code::NotFound);
}

/// A guest is there, and is refused a session elsewhere.
#[tokio::test]
async fn p6_a_refused_start_leaves_no_session_alone() {
    let scene = scene_with(Rates {
        start: TWO,
        ..settings().rates
    });
    for connection in ["8", "9"] {
        let start = Start {
            workspace: Some(WorkspaceId::new("other")),
            ..Start::default()
        };
        let start = Command::Guest(GuestCommand::Start(Box::new(start)));
        comes(&scene, connection, start).await;
    }
    let (first, _) = comes(&scene, "1", named("default")).await;
    let session = first.session.clone().unwrap();
    let refused = scene.ask(&Actor::Guest(first), named("other")).await;
    assert_eq!(code(refused), Code::RateLimited);
    let (other, _) = comes(&scene, "2", named("default")).await;
    assert_ne!(other.session, Some(session), "its guest is connected");
}

/// Each of these is a commit with what it leaves behind, or is told to all of staff.
#[tokio::test]
async fn p8_a_guest_is_limited_in_all_that_it_asks() {
    let scene = scene_with(Rates {
        guest: TWO,
        ..settings().rates
    });
    let session = started(&scene).await;
    let me = guest(Some(&session));
    let message = sent(&scene.ask(&me, says("1", None)).await.unwrap()).0;
    let has = |receipt| Command::Guest(GuestCommand::Receipt { receipt, seq: 1 });
    let asked: [(&str, [Command; 2]); 5] = [
        (
            "react",
            [true, false].map(|on| Command::Guest(GuestCommand::React(reacts(message, on)))),
        ),
        ("delivered", [(); 2].map(|()| has(Receipt::Delivered))),
        ("read", [(); 2].map(|()| has(Receipt::Read))),
        (
            "typing",
            [true, false].map(|on| Command::Guest(GuestCommand::Typing { on })),
        ),
        ("start", [(); 2].map(|()| start())),
    ];
    let mut unlimited = Vec::new();
    for (name, commands) in asked {
        let mut refused = false;
        for command in commands.iter().cycle().take(500) {
            let done = scene.ask(&me, command.clone()).await;
            refused |= done.is_err_and(|reject| reject.code == Code::RateLimited);
        }
        if !refused {
            unlimited.push(name);
        }
    }
    assert_eq!(unlimited, Vec::<&str>::new());
}

/// The same for staff: what all of its colleagues are told, and what is stored.
#[tokio::test]
async fn p8_an_operator_is_limited_in_all_that_it_asks() {
    let scene = scene_with(Rates {
        operator: TWO,
        ..settings().rates
    });
    let session = started(&scene).await;
    scene.arrives("b").await;
    scene.arrives("c").await;
    let a = operator("a");
    let to = |to: &str| {
        staff(
            |session| StaffCommand::Transfer {
                session,
                to: OperatorId::new(to),
            },
            &session,
        )
    };
    let status = |away| Command::Staff(StaffCommand::Status { away });
    let typing = |on| staff(|session| StaffCommand::Typing { session, on }, &session);
    let asked: [(&str, [Command; 2]); 4] = [
        ("claim, leave", [claim(&session), leave(&session)]),
        ("status", [status(true), status(false)]),
        ("typing", [typing(true), typing(false)]),
        ("transfer", [to("b"), to("c")]),
    ];
    let mut unlimited = Vec::new();
    for (name, commands) in asked {
        scene.clock.advance(TWO.window_ms);
        if name == "transfer" {
            scene.ask(&a, claim(&session)).await.unwrap();
        }
        let mut refused = false;
        for command in commands.iter().cycle().take(500) {
            let done = scene.ask(&a, command.clone()).await;
            refused |= done.is_err_and(|reject| reject.code == Code::RateLimited);
        }
        if !refused {
            unlimited.push(name);
        }
    }
    assert_eq!(unlimited, Vec::<&str>::new());
}

/// The answer of the hub was lost; what is said again has happened.
#[tokio::test]
async fn p11_a_mark_whose_answer_was_lost_is_told() {
    let scene = scene();
    let session = started(&scene).await;
    scene
        .ask(&operator("a"), answers(&session, "1"))
        .await
        .unwrap();
    let chat = Arc::clone(&scene.chat);
    let telling = tokio::spawn(async move { chat.tell_delivered().await });
    let mut log = scene.reader(&[Log::Session(ws(), session.clone())]).await;
    scene.hub.faults().unknown_commit(true);
    let receipt = Receipt::Delivered;
    let has = Command::Guest(GuestCommand::Receipt { receipt, seq: 1 });
    scene.ask(&guest(Some(&session)), has).await.unwrap();
    assert_eq!(scene.held(&session).await.marks.delivered_out, 1);
    // It would be told at once.
    let told = tokio::time::timeout(std::time::Duration::from_secs(5), log.next()).await;
    telling.abort();
    assert!(told.is_ok(), "who wrote it is not told");
}

/// Stored by the release before, which kept no place; its guest is back before everything is.
#[tokio::test]
async fn p9_who_is_loaded_early_keeps_its_place() {
    let scene = scene();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        waiting.push(started(&scene).await);
        scene.clock.advance(10);
    }
    scene.store().await;
    let database = rusqlite::Connection::open(scene.dir.join("switchboard.db")).unwrap();
    let older = "UPDATE sessions SET queued_ms = 0, queued_seq = 0";
    assert_eq!(database.execute(older, []).unwrap(), 2);
    scene.lose().await;
    // The later one first.
    for session in waiting.iter().rev() {
        let back = Actor::Guest(visitor(session.as_str(), None));
        scene.ask(&back, resume(session)).await.unwrap();
    }
    assert_eq!(scene.hub.queue(&ws(), 9).await.unwrap(), waiting);
}

/// By name and e-mail address, within the window, after the server was started again.
#[tokio::test]
async fn a_guest_is_known_after_the_loss_of_the_hub() {
    let scene = scene();
    let (first, _) = comes(&scene, "1", named("default")).await;
    let session = first.session.clone().unwrap();
    scene.goes(Actor::Guest(first)).await;
    scene.store().await;
    scene.lose().await;
    scene.ask(&operator("a"), claim(&session)).await.unwrap();
    let (back, _) = comes(&scene, "2", named("default")).await;
    assert_eq!(back.session, Some(session));
}

/// It says that it has read them, and is told that this is not written down any more.
#[tokio::test]
async fn p7_what_nobody_writes_down_is_not_said_to_be_done() {
    let scene = scene();
    let session = started(&scene).await;
    let me = guest(Some(&session));
    scene.ask(&me, says("bye", None)).await.unwrap();
    scene
        .ask(&me, Command::Guest(GuestCommand::End))
        .await
        .unwrap();
    scene.store().await;
    scene.clock.advance(70_000);
    started(&scene).await;
    scene.store().await;
    let found = scene.hub.session(&ws(), &session).await.unwrap();
    assert_eq!(found, None, "only the history has it");
    let read = scene.ask(&operator("a"), reads(&session, 1)).await;
    assert_eq!(code(read), Code::Ended);
}

/// Its sessions are in the hub: who may take them need not wait for the history.
#[tokio::test]
async fn p11_without_the_history_sessions_go_back_to_the_queue() {
    let scene = scene();
    scene.arrives("a").await;
    let session = started(&scene).await;
    scene.ask(&operator("a"), claim(&session)).await.unwrap();
    scene.store().await;
    scene.goes(operator("a")).await;
    scene.clock.advance(1000);
    let database = rusqlite::Connection::open(scene.dir.join("switchboard.db")).unwrap();
    let away = "ALTER TABLE sessions RENAME TO away";
    database.execute_batch(away).unwrap();
    scene.look().await;
    let held = scene.held(&session).await;
    assert_eq!((held.status, held.agent), (Status::Waiting, None));
}

/// The same name in a turn would let one end what the other does.
#[tokio::test]
async fn p5_an_operator_named_guest_is_not_the_guest() {
    let scene = scene();
    let session = started(&scene).await;
    let me = guest(Some(&session));
    let types = |on| Command::Guest(GuestCommand::Typing { on });
    let staff_types = |on| staff(|session| StaffCommand::Typing { session, on }, &session);
    let mut feed = scene.reader(&[Log::Feed(ws())]).await;
    scene.ask(&me, types(true)).await.unwrap();
    feed.next().await.unwrap();
    scene
        .ask(&operator("guest"), staff_types(true))
        .await
        .unwrap();
    let chat = Arc::clone(&scene.chat);
    let ending = tokio::spawn(async move { chat.end_typing().await });
    // It says no more; that it has stopped is told by the server.
    let told = tokio::time::timeout(std::time::Duration::from_secs(12), feed.next()).await;
    ending.abort();
    assert!(told.is_ok(), "the guest types for ever");
}
