//! A guest comes back by its name and e-mail address alone, which proves nothing.

use super::{people::*, *};

fn named(name: &str, email: &str) -> Command {
    let start = Start {
        name: Some(name.into()),
        email: Some(email.into()),
        ..Start::default()
    };
    Command::Guest(GuestCommand::Start(Box::new(start)))
}

fn zoe() -> Command {
    named("Zoe", "zoe@x.test")
}

fn is_reconnected(done: &Done) -> bool {
    match done.reply {
        Reply::Started { reconnected, .. } => reconnected,
        ref other => panic!("{other:?}"),
    }
}

/// Who starts so on a connection of that name, and what session it has then.
async fn comes(scene: &Scene, connection: &str, command: Command) -> (GuestActor, Done) {
    let before = visitor(connection, None);
    let done = scene
        .ask(&Actor::Guest(before.clone()), command)
        .await
        .unwrap();
    let bound = done.bound.clone().unwrap();
    let actor = GuestActor {
        session: Some(bound.session),
        since: bound.since,
        ..before
    };
    (actor, done)
}

async fn talks(scene: &Scene, actor: &GuestActor, text: &str) {
    let actor = Actor::Guest(actor.clone());
    scene.ask(&actor, says(text, None)).await.unwrap();
}

async fn sees(scene: &Scene, actor: &GuestActor) -> Vec<String> {
    let done = scene
        .ask(&Actor::Guest(actor.clone()), page(50))
        .await
        .unwrap();
    texts(done).0
}

#[tokio::test]
async fn p6_a_guest_that_has_left_is_taken_for_the_same_within_the_window() {
    let scene = scene();
    let (first, done) = comes(&scene, "1", zoe()).await;
    assert!(!is_reconnected(&done));
    talks(&scene, &first, "secret").await;
    let (beside, done) = comes(&scene, "2", zoe()).await;
    assert!(!is_reconnected(&done), "its guest is there");
    assert_ne!(beside.session, first.session);
    for actor in [first, beside.clone()] {
        scene.goes(Actor::Guest(actor)).await;
    }

    scene.clock.advance(9_999);
    let (back, done) = comes(&scene, "3", named(" zoe ", "ZOE@x.test")).await;
    assert!(is_reconnected(&done));
    assert_eq!(back.session, beside.session, "the newer one");
    let session = back.session.clone().unwrap();
    let held = scene.held(&session).await;
    assert!(held.unverified);
    assert_eq!(
        held.guest.email.as_deref(),
        Some("zoe@x.test"),
        "as it was said first"
    );
    assert_eq!(
        scene.changes(&session).await,
        [Change::Started, Change::Returned]
    );
    scene.goes(Actor::Guest(back)).await;

    scene.clock.advance(10_000);
    let (late, done) = comes(&scene, "4", zoe()).await;
    assert!(!is_reconnected(&done), "its window has passed");
    scene.goes(Actor::Guest(late.clone())).await;
    for other in [
        named("Zoe", "y@x.test"),
        named("Zo", "zoe@x.test"),
        named("Zoe", " "),
        start(),
    ] {
        let (_, done) = comes(&scene, "5", other).await;
        assert!(!is_reconnected(&done));
    }
    scene
        .ask(&operator("a"), end(&late.session.unwrap()))
        .await
        .unwrap();
    assert!(
        !is_reconnected(&comes(&scene, "6", zoe()).await.1),
        "it has ended"
    );
}

#[tokio::test]
async fn where_it_is_switched_off_nobody_comes_back_so() {
    let scene = scene_of(ChatSettings {
        reuse_by_email: false,
        ..settings()
    });
    let (first, _) = comes(&scene, "1", zoe()).await;
    scene.goes(Actor::Guest(first)).await;
    assert!(!is_reconnected(&comes(&scene, "2", zoe()).await.1));
}

#[tokio::test]
async fn a_window_may_be_counted_from_the_start() {
    let scene = scene_of(ChatSettings {
        reuse_since: Since::Creation,
        ..settings()
    });
    let (first, _) = comes(&scene, "1", zoe()).await;
    scene.clock.advance(9_999);
    talks(&scene, &first, "still here").await;
    scene.goes(Actor::Guest(first)).await;
    let (back, done) = comes(&scene, "2", zoe()).await;
    assert!(is_reconnected(&done));
    scene.goes(Actor::Guest(back)).await;
    scene.clock.advance(1);
    assert!(!is_reconnected(&comes(&scene, "3", zoe()).await.1));
}

#[tokio::test]
async fn p6_who_only_says_a_name_sees_what_comes_after_it() {
    let scene = scene();
    let (first, done) = comes(&scene, "1", zoe()).await;
    let token = |actor: &GuestActor, since| {
        let start = Start {
            resume: Some(Resume {
                workspace: ws(),
                session: actor.session.clone().unwrap(),
                since,
            }),
            ..Start::default()
        };
        Command::Guest(GuestCommand::Start(Box::new(start)))
    };
    assert_eq!(done.bound.unwrap().since, 0);
    talks(&scene, &first, "my password is").await;
    let session = first.session.clone().unwrap();
    scene
        .ask(&operator("a"), answers(&session, "never tell it"))
        .await
        .unwrap();
    scene.goes(Actor::Guest(first.clone())).await;
    scene
        .ask(&operator("a"), answers(&session, "while you were away"))
        .await
        .unwrap();

    let (back, done) = comes(&scene, "2", zoe()).await;
    let bound = done.bound.clone().unwrap();
    assert_eq!((bound.session.clone(), bound.since), (session.clone(), 3));
    let waited = |done: &Done| {
        let waited = |it: &&switchboard::chat::Told| matches!(it.notice, Notice::Waited { .. });
        done.notices.iter().filter(waited).count()
    };
    assert_eq!(waited(&done), 0, "what waited is not for it");
    assert_eq!(sees(&scene, &back).await, Vec::<String>::new());
    let log = Log::Session(ws(), session.clone());
    let page = scene.hub.read(&log, bound.from.at, 99).await.unwrap();
    assert!(page.entries.iter().all(|entry| entry.message().is_none()));
    talks(&scene, &back, "hello again").await;
    scene
        .ask(&operator("a"), answers(&session, "who are you?"))
        .await
        .unwrap();
    assert_eq!(sees(&scene, &back).await, ["hello again", "who are you?"]);

    // The token that it was given says as much, also where the hub has to ask the history.
    scene.store().await;
    for lost in [false, true] {
        scene.goes(Actor::Guest(back.clone())).await;
        if lost {
            scene.lose().await;
        }
        let (again, done) = comes(&scene, "3", token(&back, back.since)).await;
        assert_eq!(again.since, 3);
        assert!(is_reconnected(&done));
        assert_eq!(
            sees(&scene, &again).await,
            ["hello again", "who are you?"],
            "{lost}"
        );
        let started_again = scene
            .ask(&Actor::Guest(again.clone()), start())
            .await
            .unwrap();
        assert_eq!(
            started_again.bound.unwrap().since,
            3,
            "on the same socket too"
        );
        scene.goes(Actor::Guest(again)).await;
    }
    // Whoever has the first one has seen all of it, and sees it.
    let (owner, _) = comes(&scene, "4", token(&first, 0)).await;
    assert_eq!(sees(&scene, &owner).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_of_two_that_say_the_same_name_one_comes_back() {
    let scene = scene();
    for n in 0..50 {
        let (name, email) = (format!("Zoe {n}"), format!("zoe{n}@x.test"));
        let (first, _) = comes(&scene, "1", named(&name, &email)).await;
        scene.goes(Actor::Guest(first.clone())).await;
        let race = ["2", "3"].map(|connection| {
            let (chat, command) = (scene.chat.clone(), named(&name, &email));
            let actor = Actor::Guest(visitor(connection, None));
            tokio::spawn(async move { chat.handle(&actor, command, &DedupId::draw()).await })
        });
        let mut sessions = Vec::new();
        for one in race {
            let done = one.await.unwrap().unwrap();
            let session = done.bound.clone().unwrap().session;
            assert_eq!(
                is_reconnected(&done),
                Some(&session) == first.session.as_ref()
            );
            sessions.push(session);
        }
        assert_ne!(sessions[0], sessions[1], "they do not meet");
        assert!(sessions.contains(first.session.as_ref().unwrap()));
        for (connection, session) in ["2", "3"].iter().zip(&sessions) {
            scene
                .goes(Actor::Guest(visitor(connection, Some(session))))
                .await;
        }
    }
}

/// Its answer was lost, and staff has written meanwhile.
#[tokio::test]
async fn p3_a_return_repeated_is_one_and_hides_no_more() {
    let scene = scene();
    let (first, _) = comes(&scene, "1", zoe()).await;
    talks(&scene, &first, "one").await;
    scene.goes(Actor::Guest(first.clone())).await;
    let (actor, dedup) = (Actor::Guest(visitor("2", None)), DedupId::draw());
    let returns = async || scene.chat.handle(&actor, zoe(), &dedup).await.unwrap();
    let done = returns().await;
    let session = first.session.unwrap();
    scene
        .ask(&operator("a"), answers(&session, "welcome back"))
        .await
        .unwrap();
    let again = returns().await;
    assert_eq!(again.bound, done.bound);
    assert_eq!((is_reconnected(&again), &again.mark), (true, &done.mark));
    let changes = scene.changes(&session).await;
    assert_eq!(
        changes,
        [Change::Started, Change::Returned],
        "staff is told once"
    );
    let bound = again.bound.unwrap();
    let back = GuestActor {
        session: Some(session),
        since: bound.since,
        ..visitor("2", None)
    };
    assert_eq!(sees(&scene, &back).await, ["welcome back"]);
}
