//! An operator whose last connection is gone keeps its sessions for a while.

use rusqlite::Connection;

use super::{people::*, *};

fn released(scene_changes: &[Change]) -> usize {
    let released = |change: &&Change| matches!(change, Change::Released { .. });
    scene_changes.iter().filter(released).count()
}

/// This many sessions of an operator who is there, and one that waits behind them.
async fn taken(scene: &Scene, count: usize) -> (Vec<SessionId>, SessionId) {
    scene.arrives("a").await;
    let mut sessions = Vec::new();
    for _ in 0..count {
        sessions.push(started(scene).await);
    }
    for session in &sessions {
        scene.ask(&operator("a"), claim(session)).await.unwrap();
    }
    (sessions, started(scene).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_does_not_come_back_loses_its_sessions_once() {
    let scene = scene();
    let (sessions, last) = taken(&scene, 3).await;
    let helped_out = started(&scene).await;
    scene.ask(&operator("b"), claim(&helped_out)).await.unwrap();
    scene
        .ask(&operator("a"), answers(&helped_out, "hello"))
        .await
        .unwrap();
    scene.goes(operator("a")).await;
    scene.clock.advance(999);
    scene.look().await;
    for session in &sessions {
        assert_eq!(scene.held(session).await.status, Status::Active);
    }
    scene.clock.advance(1);
    for _ in 0..2 {
        // Three pods at once, and once more later.
        scene.look().await;
        for session in &sessions {
            let held = scene.held(session).await;
            assert_eq!((held.status, held.agent), (Status::Waiting, None));
            assert_eq!(released(&scene.changes(session).await), 1);
        }
    }
    let queue = scene.hub.queue(&ws(), 9).await.unwrap();
    assert_eq!(
        queue,
        [sessions, vec![last]].concat(),
        "at their old places"
    );
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
    let others = scene.held(&helped_out).await;
    assert_eq!(
        others.agent,
        Some(as_agent("b")),
        "who helps out has not got it"
    );
}

#[tokio::test]
async fn p9_who_comes_back_in_time_has_lost_nothing() {
    let scene = scene();
    let (sessions, _) = taken(&scene, 2).await;
    let tab = OperatorActor {
        sid: Sid::new("other tab"),
        ..op("a")
    };
    let draw = DedupId::draw();
    scene
        .chat
        .operator_arrived(&tab, &draw, None)
        .await
        .unwrap();
    scene.goes(operator("a")).await;
    assert_eq!(
        scene.deadlines(Millis::MAX).await,
        [],
        "it has another connection"
    );
    scene.goes(Actor::Operator(tab)).await;
    scene.clock.advance(1000);
    let due = scene.deadlines(scene.clock.now()).await;
    assert_eq!(due.len(), 1);
    // Due, and read by a pod that is slow: then it is back.
    scene.arrives("a").await;
    for deadline in due {
        scene.chat.due(deadline).await;
    }
    for session in &sessions {
        assert_eq!(scene.held(session).await.agent, Some(as_agent("a")));
    }
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_comes_back_at_the_last_moment_keeps_what_is_left() {
    let scene = scene();
    for _ in 0..30 {
        let (sessions, last) = taken(&scene, 4).await;
        scene.goes(operator("a")).await;
        scene.clock.advance(1000);
        tokio::join!(scene.look(), scene.arrives("a"));
        scene.look().await;
        assert_eq!(scene.deadlines(Millis::MAX).await, []);
        for session in &sessions {
            let held = scene.held(session).await;
            let kept = held.agent == Some(as_agent("a"));
            let gone = held.agent.is_none() && held.status == Status::Waiting;
            assert!(kept || gone, "{held:?}");
            assert_eq!(released(&scene.changes(session).await), usize::from(gone));
        }
        for session in sessions.iter().chain([&last]) {
            scene.ask(&operator("b"), end(session)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_what_the_hub_has_let_go_of_goes_back_too() {
    let scene = scene();
    let (sessions, last) = taken(&scene, 2).await;
    for session in &sessions {
        scene.goes(guest(Some(session))).await;
    }
    scene.store().await;
    // Long enough for the hub to look for what is idle.
    scene.clock.advance(70_000);
    scene
        .ask(&guest(Some(&last)), says("still waiting", None))
        .await
        .unwrap();
    scene.store().await;
    for session in &sessions {
        let found = scene.hub.session(&ws(), session).await.unwrap();
        assert_eq!(found, None, "only the history has it");
    }
    scene.goes(operator("a")).await;
    scene.clock.advance(1000);
    scene.look().await;
    scene.look().await;
    for session in &sessions {
        let held = scene.held(session).await;
        assert_eq!((held.status, held.agent), (Status::Waiting, None));
        assert_eq!(released(&scene.changes(session).await), 1);
    }
    let queue = scene.hub.queue(&ws(), 9).await.unwrap();
    assert_eq!(queue, [sessions, vec![last]].concat());
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
}

#[tokio::test]
async fn p9_without_the_history_it_is_done_later() {
    let scene = scene();
    let (sessions, _) = taken(&scene, 1).await;
    scene.store().await;
    scene.goes(operator("a")).await;
    scene.clock.advance(1000);
    // Its table is away, under another name.
    let database = Connection::open(scene.dir.join("switchboard.db")).unwrap();
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        database.execute_batch(&sql).unwrap();
    };
    rename("sessions", "away");
    scene.look().await;
    let waits = scene.deadlines(scene.clock.now()).await;
    assert_eq!(waits.len(), 1, "nobody knows whether that was all");
    rename("away", "sessions");
    scene.look().await;
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
    assert_eq!(scene.held(&sessions[0]).await.agent, None);
    assert_eq!(released(&scene.changes(&sessions[0]).await), 1);
}

#[tokio::test]
async fn an_offer_of_who_is_gone_is_over() {
    let scene = scene();
    let (sessions, _) = taken(&scene, 1).await;
    scene.arrives("b").await;
    let transfer = |session| StaffCommand::Transfer {
        session,
        to: OperatorId::new("b"),
    };
    scene.goes(operator("a")).await;
    scene.clock.advance(500);
    scene
        .ask(&operator("a"), staff(transfer, &sessions[0]))
        .await
        .unwrap();
    scene.clock.advance(500);
    scene.look().await;
    let held = scene.held(&sessions[0]).await;
    assert_eq!(
        (held.agent, held.offer, held.status),
        (None, None, Status::Waiting)
    );
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
    let accepts = |session| StaffCommand::Answer {
        session,
        accept: true,
    };
    let late = scene
        .ask(&operator("b"), staff(accepts, &sessions[0]))
        .await;
    assert_eq!(code(late), Code::Conflict);
}

/// Its requests are no reason to look whether it is there: what is set for that may not be taken back any more.
#[tokio::test]
async fn p9_who_is_connected_keeps_its_sessions_though_a_request_breaks_off() {
    let scene = scene();
    taken(&scene, 1).await;
    for _ in 0..3 {
        scene.hub.faults().unknown_commit(true);
    }
    let _ = scene.chat.works_apart(&op("a")).await;
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
}

#[tokio::test]
async fn p9_who_is_not_connected_has_the_grace_and_ends_it_by_coming() {
    let scene = scene();
    scene.chat.works_apart(&op("a")).await.unwrap();
    assert_eq!(scene.deadlines(Millis::MAX).await.len(), 1);
    scene.arrives("a").await;
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
}
