//! Messages, and their repetition whatever happened in between.

use super::*;

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
