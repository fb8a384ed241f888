//! A polling connection is no pod's: somebody looks whether it is still there.

use bytes::Bytes;
use switchboard::hub::{Beat, ClosedBy, Connections as _, NewConnection};

use super::*;

/// An operator on a polling connection, as the hub knows it.
async fn polls(scene: &Scene) -> OperatorActor {
    let sid = Sid::draw(Partition::random());
    let opened = NewConnection {
        sid: sid.clone(),
        state: Bytes::new(),
        beat: Beat {
            ping_at: Millis::MAX,
            sent: false,
            expires_at: Millis::MAX,
        },
    };
    scene.hub.open(opened).await.unwrap();
    let polling = OperatorActor { sid, ..op("a") };
    arrives(scene, &polling).await;
    polling
}

async fn arrives(scene: &Scene, operator: &OperatorActor) {
    let draw = DedupId::draw();
    let arrived = scene.chat.operator_arrived(operator, &draw, None);
    arrived.await.unwrap();
}

async fn there(scene: &Scene) -> usize {
    scene.hub.operators(&ws()).await.unwrap().len()
}

async fn offline(scene: &Scene) -> usize {
    let feed = Log::Feed(ws());
    let page = scene.hub.read(&feed, EntryId::ZERO, 999).await.unwrap();
    let left = |entry: &&Arc<Entry>| matches!(entry.change, Change::OperatorOffline { .. });
    page.entries.iter().filter(left).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_polls_and_whose_end_nobody_has_said_leaves_once() {
    let scene = scene();
    let polling = polls(&scene).await;
    for _ in 0..3 {
        scene.clock.advance(LOOK_MS);
        scene.look().await;
        assert_eq!(there(&scene).await, 1, "it polls");
    }
    // And the pod that has ended it is dead.
    let (sid, now) = (&polling.sid, scene.clock.now());
    let departed = scene.hub.close(sid, ClosedBy::Client, now).await.unwrap();
    assert!(departed.is_some());
    scene.look().await;
    assert_eq!(there(&scene).await, 1, "nobody has looked yet");
    scene.clock.advance(LOOK_MS);
    scene.look().await;
    assert_eq!((there(&scene).await, offline(&scene).await), (0, 1));
    let left = scene.all_deadlines(Millis::MAX).await;
    assert_eq!(left.len(), 1, "its sessions are kept for a while: {left:?}");
    assert!(left[0].name.starts_with("requeue:"));
}

#[tokio::test]
async fn p9_who_says_goodbye_is_not_looked_after() {
    let scene = scene();
    let polling = polls(&scene).await;
    scene.goes(Actor::Operator(polling)).await;
    let left = scene.all_deadlines(Millis::MAX).await;
    assert!(left.iter().all(|it| it.name.starts_with("requeue:")));
    assert_eq!(offline(&scene).await, 1);
}

/// A pod has found that nobody polls any more, and is slow; meanwhile the WebSocket has come.
#[tokio::test]
async fn p9_what_has_become_a_websocket_is_its_pods() {
    let scene = scene();
    let polling = polls(&scene).await;
    scene.clock.advance(LOOK_MS);
    let due = scene.all_deadlines(scene.clock.now()).await;
    assert_eq!(due.len(), 1);
    let (sid, now) = (&polling.sid, scene.clock.now());
    scene.hub.close(sid, ClosedBy::Upgrade, now).await.unwrap();
    let upgraded = OperatorActor {
        pod: Some(PodId::draw()),
        ..polling
    };
    arrives(&scene, &upgraded).await;
    assert_eq!(scene.all_deadlines(Millis::MAX).await, []);
    for deadline in due {
        scene.chat.due(deadline).await;
    }
    assert_eq!((there(&scene).await, offline(&scene).await), (1, 0));
}
