//! Who is writing right now. The times are those of the wire, so these tests take a while.

use std::time::Duration;

use futures_util::FutureExt as _;
use switchboard::hub::{Publication, Publications};
use tokio::time::{Instant, sleep_until, timeout};

use super::{people::*, *};

const AGAIN: Duration = Duration::from_secs(1);
const LASTS: Duration = Duration::from_secs(8);
/// By so much a busy machine may be late.
const LATE: Duration = Duration::from_secs(4);

fn types(on: bool) -> Command {
    Command::Guest(GuestCommand::Typing { on })
}

fn staff_types(session: &SessionId, on: bool) -> Command {
    staff(|session| StaffCommand::Typing { session, on }, session)
}

/// Who is told to be at it, or not any more.
async fn next(told: &mut Publications) -> (Option<OperatorId>, bool) {
    let next = timeout(LASTS + LATE, told.next()).await.unwrap().unwrap();
    match next {
        Publication::Aside { aside, .. } => match &*aside {
            Aside::Typing { by, on, .. } => (by.as_ref().map(|it| it.id.clone()), *on),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Whatever is told now comes after all that was told before.
async fn assert_nothing_else(scene: &Scene, session: &SessionId, told: &mut Publications) {
    let mark = staff_types(session, false);
    scene.ask(&operator("mark"), mark).await.unwrap();
    scene
        .ask(&guest(Some(&SessionId::new("mark"))), types(false))
        .await
        .unwrap();
    let (by, on) = next(told).await;
    assert!(!on && by.is_none_or(|by| by == OperatorId::new("mark")));
    assert!(told.next().now_or_never().is_none());
}

#[tokio::test]
async fn p8_what_is_said_again_is_told_once_per_second() {
    let scene = scene();
    let session = started(&scene).await;
    let mut feed = scene.reader(&[Log::Feed(ws())]).await;
    let begun = Instant::now();
    for round in 1..=2 {
        for _ in 0..20 {
            scene
                .ask(&guest(Some(&session)), types(true))
                .await
                .unwrap();
        }
        assert_eq!(next(&mut feed).await, (None, true));
        if begun.elapsed() < AGAIN * round {
            assert_nothing_else(&scene, &session, &mut feed).await;
        }
        sleep_until(begun + AGAIN * round + Duration::from_millis(20 * u64::from(round))).await;
    }
    // What ends is told at once, and so is what begins anew.
    for on in [false, true, false] {
        scene.ask(&guest(Some(&session)), types(on)).await.unwrap();
        assert_eq!(next(&mut feed).await, (None, on));
    }
}

#[tokio::test]
async fn each_side_is_told_of_the_other() {
    let scene = scene();
    let session = started(&scene).await;
    let mut feed = scene.reader(&[Log::Feed(ws())]).await;
    let mut log = scene.reader(&[Log::Session(ws(), session.clone())]).await;
    for on in [true, false] {
        for id in ["a", "b"] {
            scene
                .ask(&operator(id), staff_types(&session, on))
                .await
                .unwrap();
            assert_eq!(next(&mut log).await, (Some(OperatorId::new(id)), on));
        }
        scene.ask(&guest(Some(&session)), types(on)).await.unwrap();
        assert_eq!(next(&mut feed).await, (None, on));
    }
    let nowhere = SessionId::new("nowhere");
    for on in [true, false] {
        let reject = scene.ask(&operator("a"), staff_types(&nowhere, on)).await;
        assert_eq!(code(reject), Code::NotFound);
        assert_eq!(
            code(scene.ask(&guest(None), types(on)).await),
            Code::Conflict
        );
    }
    scene.ask(&operator("a"), end(&session)).await.unwrap();
    let over = scene.ask(&operator("a"), staff_types(&session, true)).await;
    assert_eq!(code(over), Code::Ended);
}

#[tokio::test]
async fn who_does_not_say_it_again_has_stopped() {
    let scene = scene();
    let session = started(&scene).await;
    let mut feed = scene.reader(&[Log::Feed(ws())]).await;
    let mut log = scene.reader(&[Log::Session(ws(), session.clone())]).await;
    let chat = scene.chat.clone();
    let ends = tokio::spawn(async move { chat.end_typing().await });
    let begun = Instant::now();
    scene
        .ask(&guest(Some(&session)), types(true))
        .await
        .unwrap();
    scene
        .ask(&operator("a"), staff_types(&session, true))
        .await
        .unwrap();
    scene
        .ask(&operator("b"), staff_types(&session, true))
        .await
        .unwrap();
    scene
        .ask(&operator("b"), staff_types(&session, false))
        .await
        .unwrap();
    sleep_until(begun + AGAIN / 2).await;
    // Not told, and counts all the same.
    scene
        .ask(&operator("a"), staff_types(&session, true))
        .await
        .unwrap();
    let (a, b) = (Some(OperatorId::new("a")), Some(OperatorId::new("b")));
    assert_eq!(next(&mut log).await, (a.clone(), true));
    assert_eq!(next(&mut log).await, (b.clone(), true));
    assert_eq!(next(&mut log).await, (b.clone(), false));
    assert_eq!(next(&mut feed).await, (None, true));
    // It may be lost on whoever is between two polls.
    assert_eq!(next(&mut log).await, (b, false));
    assert!(begun.elapsed() >= AGAIN, "{:?}", begun.elapsed());

    assert_eq!(next(&mut feed).await, (None, false));
    let took = begun.elapsed();
    assert!(LASTS <= took && took < LASTS + LATE, "{took:?}");
    assert_eq!(next(&mut log).await, (a.clone(), false));
    let took = begun.elapsed();
    assert!(LASTS + AGAIN / 2 <= took, "{took:?}");
    assert_eq!(next(&mut feed).await, (None, false));
    assert_eq!(next(&mut log).await, (a, false));
    let took = begun.elapsed();
    assert!(took < LASTS + AGAIN * 3 / 2 + LATE, "{took:?}");
    assert_nothing_else(&scene, &session, &mut log).await;
    ends.abort();
}

#[tokio::test]
async fn who_begins_again_is_not_told_to_be_over_again() {
    let scene = scene();
    let session = started(&scene).await;
    let mut feed = scene.reader(&[Log::Feed(ws())]).await;
    let chat = Arc::clone(&scene.chat);
    let ends = tokio::spawn(async move { chat.end_typing().await });
    let begun = Instant::now();
    for on in [true, false, true] {
        scene.ask(&guest(Some(&session)), types(on)).await.unwrap();
        assert_eq!(next(&mut feed).await, (None, on));
    }
    assert_eq!(next(&mut feed).await, (None, false));
    assert!(begun.elapsed() >= LASTS, "{:?}", begun.elapsed());
    ends.abort();
}

#[tokio::test]
async fn who_types_on_by_another_pod_has_not_stopped() {
    let one = scene();
    let session = started(&one).await;
    let other = one.another_pod();
    let mut feed = one.reader(&[Log::Feed(ws())]).await;
    let ends = [&one.chat, &other].map(|chat| {
        let chat = Arc::clone(chat);
        tokio::spawn(async move { chat.end_typing().await })
    });
    let say = async |chat: &Chat| {
        let actor = guest(Some(&session));
        chat.handle(&actor, types(true), &DedupId::draw())
            .await
            .unwrap();
        Instant::now()
    };
    let begun = say(&one.chat).await;
    sleep_until(begun + LASTS / 2).await;
    let again = say(&other).await;
    for on in [true, true, false, false] {
        assert_eq!(next(&mut feed).await, (None, on));
    }
    assert!(
        again.elapsed() + Duration::from_millis(50) >= LASTS + AGAIN,
        "{:?}",
        again.elapsed()
    );
    assert_nothing_else(&one, &session, &mut feed).await;
    for end in ends {
        end.abort();
    }
}
