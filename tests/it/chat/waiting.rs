//! What staff writes while the guest is away waits for it.

use super::{people::*, *};

fn waited(done: &Done) -> Vec<String> {
    let waited = |told: &switchboard::chat::Told| match &told.notice {
        Notice::Waited { written, .. } => Some(written.message.content.text().to_owned()),
        _ => None,
    };
    done.notices.iter().filter_map(waited).collect()
}

async fn back(scene: &Scene, connection: &str, session: &SessionId) -> Vec<String> {
    let actor = Actor::Guest(visitor(connection, None));
    waited(&scene.ask(&actor, resume(session)).await.unwrap())
}

async fn writes(scene: &Scene, session: &SessionId, texts: &[&str]) {
    for text in texts {
        scene
            .ask(&operator("a"), answers(session, text))
            .await
            .unwrap();
    }
}

async fn goes(scene: &Scene, connection: &str, session: &SessionId) {
    scene
        .goes(Actor::Guest(visitor(connection, Some(session))))
        .await;
}

/// A guest that has started, on a connection named `1`.
async fn begun(scene: &Scene) -> SessionId {
    let actor = Actor::Guest(visitor("1", None));
    let done = scene.ask(&actor, start()).await.unwrap();
    assert!(waited(&done).is_empty());
    done.bound.unwrap().session
}

#[tokio::test]
async fn p2_what_waits_comes_with_the_start_and_once() {
    let scene = scene();
    let session = begun(&scene).await;
    writes(&scene, &session, &["live"]).await;
    goes(&scene, "1", &session).await;
    assert!(back(&scene, "2", &session).await.is_empty(), "it had that");
    goes(&scene, "2", &session).await;
    writes(&scene, &session, &["one", "two"]).await;
    scene
        .ask(&guest(Some(&session)), says("from another device", None))
        .await
        .unwrap();
    writes(&scene, &session, &["three"]).await;
    assert_eq!(back(&scene, "3", &session).await, ["one", "two", "three"]);
    // The guest is there now, by whatever connection it starts next.
    for connection in ["3", "4"] {
        assert!(back(&scene, connection, &session).await.is_empty());
    }
    for connection in ["3", "4"] {
        goes(&scene, connection, &session).await;
    }
    assert!(back(&scene, "5", &session).await.is_empty());
}

#[tokio::test]
async fn p2_it_waits_for_the_last_connection_to_go() {
    let scene = scene();
    let session = begun(&scene).await;
    back(&scene, "2", &session).await;
    goes(&scene, "1", &session).await;
    writes(&scene, &session, &["to the other"]).await;
    goes(&scene, "2", &session).await;
    writes(&scene, &session, &["waits"]).await;
    assert_eq!(back(&scene, "3", &session).await, ["waits"]);
}

#[tokio::test]
async fn p2_what_the_guest_says_it_has_does_not_come_again() {
    let scene = scene();
    let session = begun(&scene).await;
    writes(&scene, &session, &["1", "2", "3"]).await;
    let receipt = Receipt::Delivered;
    let has = Command::Guest(GuestCommand::Receipt { receipt, seq: 2 });
    scene.ask(&guest(Some(&session)), has).await.unwrap();
    goes(&scene, "1", &session).await;
    writes(&scene, &session, &["4"]).await;
    // The third was on its way when the connection broke.
    assert_eq!(back(&scene, "2", &session).await, ["3", "4"]);
}

#[tokio::test]
async fn p3_a_start_repeated_brings_the_same() {
    let scene = scene();
    let session = begun(&scene).await;
    goes(&scene, "1", &session).await;
    writes(&scene, &session, &["one"]).await;
    let (actor, dedup) = (Actor::Guest(visitor("2", None)), DedupId::draw());
    for _ in 0..2 {
        let done = scene
            .chat
            .handle(&actor, resume(&session), &dedup)
            .await
            .unwrap();
        assert_eq!(waited(&done), ["one"], "the first answer may be lost");
    }
}

#[tokio::test]
async fn p8_of_many_that_wait_the_newest_come() {
    let scene = scene();
    let session = begun(&scene).await;
    goes(&scene, "1", &session).await;
    let texts: Vec<_> = (1..=limits::WAITED_MAX + 7)
        .map(|n| n.to_string())
        .collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    writes(&scene, &session, &texts).await;
    assert_eq!(back(&scene, "2", &session).await, texts[7..]);
}

/// When the guest had left is lost with the hub: nothing is told twice, and what it has said itself to
/// have is known.
#[tokio::test]
async fn p2_after_a_loss_it_waits_from_there_on() {
    for says in [false, true] {
        let scene = scene();
        let session = begun(&scene).await;
        writes(&scene, &session, &["live"]).await;
        if says {
            let receipt = Receipt::Delivered;
            let has = Command::Guest(GuestCommand::Receipt { receipt, seq: 1 });
            scene.ask(&guest(Some(&session)), has).await.unwrap();
            let chat = scene.chat.clone();
            let mut log = scene.reader(&[Log::Session(ws(), session.clone())]).await;
            let tells = tokio::spawn(async move { chat.tell_delivered().await });
            log.next().await.unwrap();
            tells.abort();
        }
        goes(&scene, "1", &session).await;
        writes(&scene, &session, &["before"]).await;
        scene.store().await;
        scene.lose().await;
        writes(&scene, &session, &["after"]).await;
        let expected: &[&str] = if says {
            &["before", "after"]
        } else {
            &["after"]
        };
        assert_eq!(back(&scene, "2", &session).await, expected);
        let done = scene.ask(&guest(Some(&session)), page(9)).await.unwrap();
        assert_eq!(
            texts(done).0,
            ["live", "before", "after"],
            "none is missing there"
        );
    }
}
