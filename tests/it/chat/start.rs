//! A guest starts a session, again, or somewhere else.

use super::*;

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
