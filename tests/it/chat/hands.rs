//! A session goes from the queue to an operator and back.

use super::{people::*, *};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_of_eight_operators_one_gets_the_session() {
    for _ in 0..50 {
        let scene = scene();
        let session = started(&scene).await;
        let race = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|id| {
            let (chat, command) = (scene.chat.clone(), claim(&session));
            tokio::spawn(async move { chat.handle(&operator(id), command, &DedupId::draw()).await })
        });
        let (mut won, mut lost) = (Vec::new(), Vec::new());
        for one in race {
            match one.await.unwrap() {
                Ok(done) => won.push(told(done).0.agent.unwrap()),
                Err(reject) => lost.push(reject),
            }
        }
        assert_eq!((won.len(), lost.len()), (1, 7));
        let expected = format!("{} has taken this session", won[0].name);
        for reject in lost {
            assert_eq!(
                (reject.code, reject.message),
                (Code::Taken, expected.clone())
            );
        }
        assert_eq!(scene.held(&session).await.agent.as_ref(), Some(&won[0]));
        let assigned = Change::Assigned {
            agent: won[0].clone(),
            before: None,
        };
        assert_eq!(scene.changes(&session).await, [Change::Started, assigned]);
    }
}

#[tokio::test]
async fn p9_who_leaves_puts_the_session_back_at_its_old_place() {
    let scene = scene();
    let [first, second, third] = [
        started(&scene).await,
        started(&scene).await,
        started(&scene).await,
    ];
    for session in [&first, &second] {
        scene.ask(&operator("a"), claim(session)).await.unwrap();
    }
    assert_eq!(scene.place(&third).await, Some(1));
    let refused = scene.ask(&operator("b"), leave(&first)).await.unwrap_err();
    let theirs = (Code::Forbidden, "A has this session");
    assert_eq!((refused.code, refused.message.as_str()), theirs);

    let (left, place) = told(scene.ask(&operator("a"), leave(&first)).await.unwrap());
    assert_eq!(
        (left.status, &left.agent, place),
        (Status::Waiting, &None, Some(1))
    );
    let (_, place) = told(scene.ask(&operator("a"), leave(&second)).await.unwrap());
    assert_eq!(place, Some(2));
    let queue = scene.hub.queue(&ws(), 9).await.unwrap();
    assert_eq!(queue, [first.clone(), second, third]);

    let before = scene.changes(&first).await;
    let (again, place) = told(scene.ask(&operator("a"), leave(&first)).await.unwrap());
    assert_eq!((again, place), (left, Some(1)), "so it is already");
    assert_eq!(scene.changes(&first).await, before);
    assert!(matches!(before.last(), Some(Change::Released { agent }) if *agent == as_agent("a")));
    scene.ask(&operator("b"), claim(&first)).await.unwrap();
    scene.ask(&operator("b"), end(&first)).await.unwrap();
    assert_eq!(
        code(scene.ask(&operator("b"), leave(&first)).await),
        Code::Ended
    );
    let nowhere = SessionId::new("nowhere");
    assert_eq!(
        code(scene.ask(&operator("b"), leave(&nowhere)).await),
        Code::NotFound
    );
}

/// A request that was carried out may come again when others have acted on it already: its answer was
/// lost with the pod that had it.
#[tokio::test]
async fn p3_a_change_of_hands_is_confirmed_however_late_it_is_repeated() {
    let scene = scene();
    for id in ["a", "b"] {
        scene.arrives(id).await;
    }
    let session = started(&scene).await;
    let transfer = staff(
        |session| StaffCommand::Transfer {
            session,
            to: OperatorId::new("b"),
        },
        &session,
    );
    let answer = |accept| staff(|session| StaffCommand::Answer { session, accept }, &session);
    let requests = [
        ("a", claim(&session)),
        ("a", leave(&session)),
        ("b", claim(&session)),
        ("b", leave(&session)),
        ("a", claim(&session)),
        ("a", transfer.clone()),
        ("b", answer(false)),
        ("a", transfer),
        ("b", answer(true)),
    ];
    let mut carried_out = Vec::new();
    for (who, command) in requests {
        let dedup = DedupId::draw();
        let handle = async || {
            scene
                .chat
                .handle(&operator(who), command.clone(), &dedup)
                .await
        };
        handle().await.unwrap();
        carried_out.push((who, command, dedup));
        let before = scene.changes(&session).await;
        for (who, command, dedup) in &carried_out {
            let again = scene
                .chat
                .handle(&operator(who), command.clone(), dedup)
                .await;
            assert!(again.is_ok(), "{who} {command:?} again: {again:?}");
        }
        assert_eq!(scene.changes(&session).await, before, "and does nothing");
    }
    let held = scene.held(&session).await;
    assert_eq!(held.agent, Some(as_agent("b")));
    // One that was never carried out is refused as before.
    assert_eq!(
        code(scene.ask(&operator("a"), leave(&session)).await),
        Code::Forbidden
    );
    assert_eq!(
        code(scene.ask(&operator("a"), claim(&session)).await),
        Code::Taken
    );
}
