//! Emoji at messages.

use super::*;

fn react(message: MessageId, emoji: &str, on: bool) -> React {
    React {
        message,
        emoji: emoji.into(),
        on,
    }
}

fn guest_reacts(message: MessageId, emoji: &str, on: bool) -> Command {
    Command::Guest(GuestCommand::React(react(message, emoji, on)))
}

fn staff_reacts(session: Option<&SessionId>, message: MessageId, on: bool) -> Command {
    Command::Staff(StaffCommand::React {
        session: session.cloned(),
        react: react(message, "👍", on),
    })
}

async fn said(scene: &Scene, session: &SessionId, text: &str) -> MessageId {
    let done = scene
        .ask(&guest(Some(session)), says(text, None))
        .await
        .unwrap();
    sent(&done).0
}

/// What is at each message of the newest page, in its order.
async fn seen(scene: &Scene, session: &SessionId) -> Vec<Vec<(Participant, String)>> {
    let done = scene.ask(&guest(Some(session)), page(50)).await.unwrap();
    match done.reply {
        Reply::History { messages, .. } => messages.into_iter().map(|it| it.reactions).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn p7_reactions_come_and_go() {
    let scene = scene();
    let session = started(&scene).await;
    let (one, two) = (
        said(&scene, &session, "1").await,
        said(&scene, &session, "2").await,
    );
    let me = guest(Some(&session));
    let by_guest = |emoji: &str| (Participant::Guest, emoji.to_owned());
    let by_staff = |id: &str| (Participant::Operator(OperatorId::new(id)), "👍".to_owned());
    let done = scene.ask(&me, guest_reacts(one, "👍", true)).await.unwrap();
    assert_eq!(done.reply, Reply::Done);
    assert!(
        !scene
            .hub
            .persisted()
            .await
            .unwrap()
            .holds(&done.mark.unwrap())
    );
    scene.ask(&me, guest_reacts(one, "🎉", true)).await.unwrap();
    scene
        .ask(&operator("a"), staff_reacts(Some(&session), one, true))
        .await
        .unwrap();
    scene
        .ask(&operator("b"), staff_reacts(Some(&session), two, true))
        .await
        .unwrap();
    let all = vec![by_guest("👍"), by_guest("🎉"), by_staff("a")];
    assert_eq!(seen(&scene, &session).await, [all, vec![by_staff("b")]]);
    // Only one's own, and the same twice is one.
    scene
        .ask(&me, guest_reacts(one, "👍", false))
        .await
        .unwrap();
    scene.ask(&me, guest_reacts(one, "🎉", true)).await.unwrap();
    scene
        .ask(&operator("a"), staff_reacts(Some(&session), two, false))
        .await
        .unwrap();
    let mut left = seen(&scene, &session).await;
    left[0].sort();
    assert_eq!(
        left,
        [vec![by_guest("🎉"), by_staff("a")], vec![by_staff("b")]]
    );

    // The same after a reload, from the history alone and from both.
    scene.store().await;
    for lost in [false, true] {
        if lost {
            scene.lose().await;
        }
        let mut now = seen(&scene, &session).await;
        now[0].sort();
        assert_eq!(now, left, "{lost}");
    }
    scene
        .ask(&operator("a"), staff_reacts(Some(&session), one, false))
        .await
        .unwrap();
    assert_eq!(seen(&scene, &session).await[0], [by_guest("🎉")]);
    let held = scene.held(&session).await;
    scene.clock.advance(10);
    scene.ask(&me, guest_reacts(two, "🎉", true)).await.unwrap();
    assert_eq!(
        scene.held(&session).await.last_activity,
        held.last_activity,
        "no life"
    );
}

#[tokio::test]
async fn p6_a_message_of_another_session_is_not_there() {
    let scene = scene();
    let (mine, other) = (started(&scene).await, started(&scene).await);
    let theirs = said(&scene, &other, "theirs").await;
    let own = said(&scene, &mine, "mine").await;
    let mallory = Actor::Operator(OperatorActor {
        workspace: WorkspaceId::new("other"),
        ..op("m")
    });
    let nowhere = SessionId::new("nowhere");
    for stored in [false, true] {
        if stored {
            scene.store().await;
        }
        for (who, command, field) in [
            (
                guest(Some(&mine)),
                guest_reacts(theirs, "👍", true),
                Some("messageId"),
            ),
            (
                guest(Some(&mine)),
                guest_reacts(MessageId::draw(), "👍", true),
                Some("messageId"),
            ),
            (
                operator("a"),
                staff_reacts(Some(&mine), theirs, true),
                Some("messageId"),
            ),
            (
                operator("a"),
                staff_reacts(None, MessageId::draw(), true),
                Some("messageId"),
            ),
            (
                operator("a"),
                staff_reacts(None, MessageId(uuid::Uuid::nil()), true),
                Some("messageId"),
            ),
            (
                operator("a"),
                staff_reacts(Some(&nowhere), own, true),
                Some("sessionId"),
            ),
            (
                mallory.clone(),
                staff_reacts(None, own, true),
                Some("messageId"),
            ),
            (
                mallory.clone(),
                staff_reacts(Some(&mine), own, true),
                Some("sessionId"),
            ),
        ] {
            let reject = scene.ask(&who, command.clone()).await.unwrap_err();
            assert_eq!(
                (reject.code, reject.field),
                (Code::NotFound, field),
                "{command:?} {stored}"
            );
        }
        let unbound = scene.ask(&guest(None), guest_reacts(own, "👍", true)).await;
        assert_eq!(code(unbound), Code::Conflict);
        for session in [&mine, &other] {
            assert_eq!(seen(&scene, session).await, [[]]);
        }
    }
}

/// The scene's clock is turned back to now, when ids of messages are drawn.
#[tokio::test]
async fn staff_need_not_say_which_session() {
    let scene = scene();
    let now = Clock::System.now();
    scene.clock.advance(now - scene.clock.now());
    let (one, two) = (started(&scene).await, started(&scene).await);
    let (a, b) = (said(&scene, &one, "a").await, said(&scene, &two, "b").await);
    for (stored, on) in [(false, true), (true, false)] {
        if stored {
            scene.store().await;
            scene.lose().await;
        }
        scene
            .ask(&operator("a"), staff_reacts(None, b, on))
            .await
            .unwrap();
        assert_eq!(seen(&scene, &one).await, [[]]);
        assert_eq!(seen(&scene, &two).await[0].len(), usize::from(on));
    }
    scene
        .ask(&operator("a"), staff_reacts(None, a, true))
        .await
        .unwrap();
    scene.ask(&operator("a"), end(&one)).await.unwrap();
    let over = scene
        .ask(&operator("a"), staff_reacts(None, a, false))
        .await;
    assert_eq!(code(over), Code::Ended);
    assert_eq!(seen(&scene, &one).await[0].len(), 1);
}

#[tokio::test]
async fn p3_a_reaction_repeated_is_one() {
    let scene = scene();
    let session = started(&scene).await;
    let message = said(&scene, &session, "1").await;
    let dedup = DedupId::draw();
    for _ in 0..3 {
        let command = staff_reacts(Some(&session), message, true);
        scene
            .chat
            .handle(&operator("a"), command, &dedup)
            .await
            .unwrap();
    }
    let mut changes = scene.changes(&session).await;
    changes.retain(|change| matches!(change, Change::Reacted { .. }));
    assert_eq!(changes.len(), 1);
}
