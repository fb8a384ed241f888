//! A session is offered to a colleague, who says yes, no, or nothing.

use futures_util::FutureExt as _;
use switchboard::hub::Publication;

use super::{people::*, *};

fn transfer(session: &SessionId, to: &str) -> Command {
    let to = OperatorId::new(to);
    staff(|session| StaffCommand::Transfer { session, to }, session)
}

fn answer(session: &SessionId, accept: bool) -> Command {
    staff(|session| StaffCommand::Answer { session, accept }, session)
}

/// Three operators are there, and the first has this session.
async fn taken(scene: &Scene) -> SessionId {
    for id in ["a", "b", "c"] {
        scene.arrives(id).await;
    }
    let session = started(scene).await;
    scene.ask(&operator("a"), claim(&session)).await.unwrap();
    session
}

fn names(changes: &[Change]) -> Vec<String> {
    let name = |change: &Change| match change {
        Change::Started => "started".to_owned(),
        Change::Assigned {
            agent,
            before: None,
        } => format!("to {}", agent.id),
        Change::Assigned {
            agent,
            before: Some(before),
        } => {
            format!("from {} to {}", before.id, agent.id)
        }
        Change::Released { agent } => format!("released by {}", agent.id),
        Change::OfferOpened { offer } => format!("offered to {}", offer.to),
        Change::Offered { offer } => format!("asked {}", offer.to),
        Change::OfferClosed { offer, why } => format!("{why:?} by {}", offer.to),
        other => format!("{other:?}"),
    };
    changes.iter().map(name).collect()
}

#[tokio::test]
async fn a_colleague_accepts() {
    let scene = scene();
    let session = taken(&scene).await;
    let mut feed = scene.reader(&[Log::Feed(ws())]).await;
    let at = scene.clock.now() + 1000;
    let (offered, _) = told(
        scene
            .ask(&operator("a"), transfer(&session, "b"))
            .await
            .unwrap(),
    );
    let offer = Offer {
        from: as_agent("a"),
        to: OperatorId::new("b"),
        expires_at: at,
    };
    assert_eq!(
        (offered.offer.as_ref(), offered.agent.clone()),
        (Some(&offer), Some(as_agent("a")))
    );
    assert_eq!(scene.deadlines(at).await.len(), 1);
    for to in [None, Some(OperatorId::new("b"))] {
        let Some(Publication::Entry { entry, .. }) = feed.next().await else {
            panic!("an entry")
        };
        assert_eq!(entry.to, to, "all are told, and one is asked");
        assert_eq!(entry.origin, Some(op("a").recovery));
    }
    let again = scene
        .ask(&operator("a"), transfer(&session, "b"))
        .await
        .unwrap();
    assert_eq!(told(again).0, offered, "so it is already");

    assert_eq!(
        code(scene.ask(&operator("c"), answer(&session, true)).await),
        Code::Conflict
    );
    let (taken, _) = told(
        scene
            .ask(&operator("b"), answer(&session, true))
            .await
            .unwrap(),
    );
    assert_eq!((taken.agent, taken.offer), (Some(as_agent("b")), None));
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
    assert_eq!(
        names(&scene.changes(&session).await),
        ["started", "to a", "offered to b", "asked b", "from a to b"]
    );
    scene.clock.advance(2000);
    scene.look().await;
    assert_eq!(scene.held(&session).await.agent, Some(as_agent("b")));
}

/// Whoever just takes what it is offered has accepted.
#[tokio::test]
async fn a_claim_of_what_is_offered_accepts() {
    let scene = scene();
    let session = taken(&scene).await;
    scene
        .ask(&operator("a"), transfer(&session, "b"))
        .await
        .unwrap();
    assert_eq!(
        code(scene.ask(&operator("c"), claim(&session)).await),
        Code::Taken
    );
    scene.ask(&operator("b"), claim(&session)).await.unwrap();
    assert_eq!(
        names(&scene.changes(&session).await).pop().unwrap(),
        "from a to b"
    );
}

#[tokio::test]
async fn a_colleague_declines_or_says_nothing() {
    let scene = scene();
    let session = taken(&scene).await;
    scene
        .ask(&operator("a"), transfer(&session, "b"))
        .await
        .unwrap();
    let (kept, _) = told(
        scene
            .ask(&operator("b"), answer(&session, false))
            .await
            .unwrap(),
    );
    assert_eq!((kept.agent, kept.offer), (Some(as_agent("a")), None));
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
    assert_eq!(
        names(&scene.changes(&session).await).pop().unwrap(),
        "Declined by b"
    );

    scene
        .ask(&operator("a"), transfer(&session, "b"))
        .await
        .unwrap();
    scene.clock.advance(999);
    scene.look().await;
    assert!(scene.held(&session).await.offer.is_some());
    scene.clock.advance(1);
    for accept in [true, false] {
        let late = scene.ask(&operator("b"), answer(&session, accept)).await;
        assert_eq!(code(late), Code::Conflict, "though nobody has noticed yet");
    }
    for _ in 0..2 {
        scene.look().await;
    }
    let held = scene.held(&session).await;
    assert_eq!((held.agent, held.offer), (Some(as_agent("a")), None));
    let changes = names(&scene.changes(&session).await);
    assert_eq!(
        changes[5..],
        ["offered to b", "asked b", "Expired by b"],
        "once"
    );
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
}

#[tokio::test]
async fn an_offer_ends_with_what_it_is_about() {
    let scene = scene();
    let session = taken(&scene).await;
    let offers = async |to: &str| scene.ask(&operator("a"), transfer(&session, to)).await;
    offers("b").await.unwrap();
    scene.clock.advance(600);
    offers("c").await.unwrap();
    assert_eq!(
        code(scene.ask(&operator("b"), answer(&session, true)).await),
        Code::Conflict
    );
    scene.clock.advance(600);
    scene.look().await;
    assert!(
        scene.held(&session).await.offer.is_some(),
        "the newer one has its own time"
    );
    scene.ask(&operator("a"), leave(&session)).await.unwrap();
    assert_eq!(
        code(scene.ask(&operator("c"), answer(&session, true)).await),
        Code::Conflict
    );
    assert_eq!(scene.held(&session).await.offer, None);
    assert_eq!(scene.deadlines(Millis::MAX).await, []);

    scene.ask(&operator("a"), claim(&session)).await.unwrap();
    offers("b").await.unwrap();
    scene
        .ask(&guest(Some(&session)), Command::Guest(GuestCommand::End))
        .await
        .unwrap();
    for accept in [true, false] {
        let late = scene.ask(&operator("b"), answer(&session, accept)).await;
        assert_eq!(code(late), Code::Ended);
    }
    assert_eq!(scene.deadlines(Millis::MAX).await, []);
    assert_eq!(scene.held(&session).await.offer, None);
}

#[tokio::test]
async fn only_who_is_there_is_asked() {
    let scene = scene();
    let session = taken(&scene).await;
    let away = Command::Staff(StaffCommand::Status { away: true });
    scene.ask(&operator("c"), away).await.unwrap();
    for (who, to, expected, field) in [
        ("a", "nobody", Code::NotFound, Some("agentId")),
        ("a", "a", Code::Invalid, Some("agentId")),
        ("a", "c", Code::Conflict, Some("agentId")),
        ("b", "b", Code::Forbidden, None),
    ] {
        let reject = scene
            .ask(&operator(who), transfer(&session, to))
            .await
            .unwrap_err();
        assert_eq!(
            (reject.code, reject.field),
            (expected, field),
            "{who} to {to}"
        );
    }
    scene.goes(operator("b")).await;
    assert_eq!(
        code(scene.ask(&operator("a"), transfer(&session, "b")).await),
        Code::NotFound
    );
    assert_eq!(scene.held(&session).await.offer, None);
    scene.ask(&operator("a"), leave(&session)).await.unwrap();
    let nobodys = scene.ask(&operator("a"), transfer(&session, "b")).await;
    assert_eq!(code(nobodys), Code::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_an_answer_or_the_end_of_its_time_never_both() {
    let scene = scene();
    let session = taken(&scene).await;
    let mut ends = [0; 3];
    for n in 0..200 {
        scene.arrives("b").await;
        scene.ask(&operator("a"), claim(&session)).await.unwrap();
        scene
            .ask(&operator("a"), transfer(&session, "b"))
            .await
            .unwrap();
        let before = scene.changes(&session).await.len();
        let accepts = n % 2 == 0;
        let (chat, command) = (scene.chat.clone(), answer(&session, accepts));
        let answers =
            tokio::spawn(
                async move { chat.handle(&operator("b"), command, &DedupId::draw()).await },
            );
        // As soon as that, and a little later.
        for _ in 0..n % 40 {
            std::hint::spin_loop();
        }
        scene.clock.advance(1000);
        scene.look().await;
        let answered = answers.await.unwrap();
        scene.look().await;
        let end = names(&scene.changes(&session).await).split_off(before);
        let (which, expected) = match answered {
            Ok(_) if accepts => (0, "from a to b"),
            Ok(_) => (1, "Declined by b"),
            Err(reject) => {
                assert_eq!(reject.code, Code::Conflict);
                (2, "Expired by b")
            }
        };
        ends[which] += 1;
        assert_eq!(end, [expected], "round {n}");
        assert_eq!(scene.held(&session).await.offer, None);
        assert_eq!(scene.deadlines(Millis::MAX).await, []);
        for id in ["a", "b"] {
            let _ = scene.ask(&operator(id), leave(&session)).await;
        }
    }
    assert_eq!(ends.iter().sum::<u32>(), 200);
}

/// Each has been decided when the other one is written: the first attempt at it is lost on its way to the
/// hub, and it is made again after a moment.
#[tokio::test]
async fn p9_of_an_answer_and_the_end_of_its_time_the_later_is_refused() {
    let scene = scene();
    let session = taken(&scene).await;
    let behind = scene.another_pod_at(Clock::manual(scene.clock.now()));
    let b = operator("b");
    for accepts in [false, true] {
        let offers = transfer(&session, "b");
        scene.ask(&operator("a"), offers.clone()).await.unwrap();
        scene.hub.faults().unknown_commit(false);
        let mut answers = Box::pin(scene.ask(&b, answer(&session, accepts)));
        assert!((&mut answers).now_or_never().is_none());
        scene.clock.advance(1000);
        scene.look().await;
        let before = names(&scene.changes(&session).await);
        assert_eq!(before.last().unwrap(), "Expired by b");
        assert_eq!(code(answers.await), Code::Conflict);
        assert_eq!(names(&scene.changes(&session).await), before);

        scene.ask(&operator("a"), offers).await.unwrap();
        scene.clock.advance(1000);
        let due = scene.deadlines(scene.clock.now()).await.remove(0);
        scene.hub.faults().unknown_commit(false);
        let mut ends = Box::pin(scene.chat.due(due));
        assert!((&mut ends).now_or_never().is_none());
        // By a pod whose clock is a little behind.
        let says = answer(&session, accepts);
        behind.handle(&b, says, &DedupId::draw()).await.unwrap();
        let before = names(&scene.changes(&session).await);
        ends.await;
        assert_eq!(names(&scene.changes(&session).await), before);
        let expected = ["Declined by b", "from a to b"][usize::from(accepts)];
        assert_eq!(before.last().unwrap(), expected);
    }
}

/// The one who was asked first answers just when somebody else is asked: that one may still say yes.
#[tokio::test]
async fn p9_no_answer_ends_the_offer_to_another() {
    for accepts in [false, true] {
        let scene = scene();
        let session = taken(&scene).await;
        scene
            .ask(&operator("a"), transfer(&session, "b"))
            .await
            .unwrap();
        scene.clock.advance(1);
        // Its first attempt is lost on its way to the hub; it is made again after a moment.
        scene.hub.faults().unknown_commit(false);
        let b = operator("b");
        let mut answers = Box::pin(scene.ask(&b, answer(&session, accepts)));
        assert!((&mut answers).now_or_never().is_none());
        scene
            .ask(&operator("a"), transfer(&session, "c"))
            .await
            .unwrap();
        assert_eq!(code(answers.await), Code::Conflict);
        scene
            .ask(&operator("c"), answer(&session, true))
            .await
            .unwrap();
        assert_eq!(
            names(&scene.changes(&session).await)[2..],
            [
                "offered to b",
                "asked b",
                "Withdrawn by b",
                "offered to c",
                "asked c",
                "from a to c"
            ]
        );
    }
}
