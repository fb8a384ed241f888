//! How far each side has the other's messages.

use std::time::Duration;

use switchboard::hub::{Publication, Publications};
use tokio::time::{Instant, timeout};

use super::{people::*, *};

fn guest_has(receipt: Receipt, seq: u64) -> Command {
    Command::Guest(GuestCommand::Receipt { receipt, seq })
}

fn staff_has(session: &SessionId, receipt: Receipt, seq: u64) -> Command {
    staff(
        |session| StaffCommand::Receipt {
            session,
            receipt,
            seq,
        },
        session,
    )
}

/// Three of the guest's messages, then three of staff, in the hands of `a`.
async fn talk(scene: &Scene) -> SessionId {
    let session = started(scene).await;
    scene.ask(&operator("a"), claim(&session)).await.unwrap();
    for text in ["4", "5", "6"] {
        scene
            .ask(&operator("a"), answers(&session, text))
            .await
            .unwrap();
    }
    for text in ["1", "2", "3"] {
        scene
            .ask(&guest(Some(&session)), says(text, None))
            .await
            .unwrap();
    }
    session
}

#[tokio::test]
async fn p7_each_participant_has_its_own_receipt() {
    let scene = scene();
    let session = talk(&scene).await;
    assert_eq!(scene.held(&session).await.unread, 3);
    let (a, b) = (operator("a"), operator("b"));
    scene.ask(&b, reads(&session, 6)).await.unwrap();
    let held = scene.held(&session).await;
    assert_eq!(
        (held.unread, held.receipts.len()),
        (3, 0),
        "who only looks on has not read"
    );
    scene
        .ask(&b, staff_has(&session, Receipt::Delivered, 4))
        .await
        .unwrap();
    assert_eq!(
        scene.held(&session).await.marks.delivered_in,
        4,
        "but it has got it"
    );

    scene.ask(&a, reads(&session, 5)).await.unwrap();
    scene
        .ask(&guest(Some(&session)), guest_has(Receipt::Read, 2))
        .await
        .unwrap();
    let held = scene.held(&session).await;
    assert_eq!(held.unread, 1);
    let receipts = [("guest", 2), ("operator:a", 5)];
    assert_eq!(
        held.receipts,
        receipts.map(|(who, seq)| (who.to_owned(), seq)).into()
    );

    // Nobody has it any more: whoever reads has read.
    scene.ask(&a, leave(&session)).await.unwrap();
    scene.ask(&b, reads(&session, 99)).await.unwrap();
    let held = scene.held(&session).await;
    assert_eq!((held.unread, held.marks.read_in), (0, 6));
    assert_eq!(held.receipts["operator:b"], 6);
    let by = |by: Participant, seq| Change::Read { by, seq };
    let staff = |id: &str| Participant::Operator(OperatorId::new(id));
    let mut read = scene.changes(&session).await;
    read.retain(|change| matches!(change, Change::Read { .. }));
    assert_eq!(
        read,
        [
            by(staff("a"), 5),
            by(Participant::Guest, 2),
            by(staff("b"), 6)
        ]
    );
}

#[tokio::test]
async fn p3_a_receipt_that_says_nothing_new_is_told_to_nobody() {
    let scene = scene();
    let session = talk(&scene).await;
    let dedup = DedupId::draw();
    let a = operator("a");
    for _ in 0..2 {
        let read = scene.chat.handle(&a, reads(&session, 5), &dedup).await;
        assert_eq!(read.unwrap().reply, Reply::Done);
    }
    let before = scene.changes(&session).await;
    for seq in [0, 4, 5] {
        scene
            .ask(&operator("a"), reads(&session, seq))
            .await
            .unwrap();
    }
    assert_eq!(scene.changes(&session).await, before);
    let held = scene.held(&session).await;
    scene.clock.advance(500);
    scene.ask(&operator("a"), reads(&session, 6)).await.unwrap();
    assert_eq!(scene.held(&session).await.last_activity, held.last_activity);
}

#[tokio::test]
async fn p6_marks_are_of_a_session_that_one_can_see() {
    let scene = scene();
    let session = talk(&scene).await;
    let mallory = OperatorActor {
        workspace: WorkspaceId::new("other"),
        ..op("a")
    };
    for receipt in [Receipt::Delivered, Receipt::Read] {
        let mark = staff_has(&session, receipt, 6);
        let reject = scene.ask(&Actor::Operator(mallory.clone()), mark).await;
        assert_eq!(code(reject), Code::NotFound);
        let unbound = scene.ask(&guest(None), guest_has(receipt, 6)).await;
        assert_eq!(code(unbound), Code::Conflict);
    }
    assert_eq!(scene.held(&session).await.marks, Marks::default());
}

#[tokio::test]
async fn the_end_is_read_too() {
    let scene = scene();
    let session = talk(&scene).await;
    scene.ask(&operator("a"), end(&session)).await.unwrap();
    scene.ask(&operator("a"), reads(&session, 6)).await.unwrap();
    scene
        .ask(&guest(Some(&session)), guest_has(Receipt::Read, 6))
        .await
        .unwrap();
    let held = scene.held(&session).await;
    assert_eq!(
        (held.status, held.unread, held.marks.read_out),
        (Status::Ended, 0, 6)
    );
    scene.store().await;
    scene.lose().await;
    // Nobody writes them down any more, so nobody is told that this is done.
    let late = scene.ask(&operator("a"), reads(&session, 6)).await;
    assert_eq!(code(late), Code::Ended);
    let late = guest_has(Receipt::Read, 6);
    let late = scene.ask(&guest(Some(&session)), late).await;
    assert_eq!(code(late), Code::Ended);
    assert_eq!(scene.hub.session(&ws(), &session).await.unwrap(), None);
}

#[tokio::test]
async fn p7_marks_go_on_where_the_history_had_them() {
    let scene = scene();
    let session = talk(&scene).await;
    scene.ask(&operator("a"), reads(&session, 4)).await.unwrap();
    scene.store().await;
    let before = scene.held(&session).await;
    scene.lose().await;
    for (seq, unread) in [(4, 2), (5, 1)] {
        scene
            .ask(&operator("a"), reads(&session, seq))
            .await
            .unwrap();
        let held = scene.held(&session).await;
        assert_eq!((held.marks.read_in, held.unread), (seq, unread));
        assert_eq!(held.agent, before.agent);
    }
}

/// Which direction is told to have come how far; other entries are passed over.
async fn delivered(told: &mut Publications) -> (Direction, u64) {
    loop {
        let next = timeout(Duration::from_secs(10), told.next()).await;
        if let Publication::Entry { entry, .. } = next.unwrap().unwrap()
            && let Change::Delivered { direction, seq } = entry.change
        {
            return (direction, seq);
        }
    }
}

#[tokio::test]
async fn p8_what_is_delivered_is_told_once_per_second() {
    let scene = scene();
    let session = talk(&scene).await;
    let mut log = scene.reader(&[Log::Session(ws(), session.clone())]).await;
    for seq in [1, 3, 2] {
        scene
            .ask(&guest(Some(&session)), guest_has(Receipt::Delivered, seq))
            .await
            .unwrap();
    }
    let chat = scene.chat.clone();
    let begun = Instant::now();
    let tells = tokio::spawn(async move { chat.tell_delivered().await });
    assert_eq!(
        delivered(&mut log).await,
        (Direction::Out, 3),
        "the newest of all, at once"
    );
    assert!(begun.elapsed() < Duration::from_secs(1));
    for seq in 4..=6 {
        let mark = staff_has(&session, Receipt::Delivered, seq);
        scene.ask(&operator("a"), mark).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(delivered(&mut log).await, (Direction::In, 6));
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    // What says nothing new is not told again: the next is that of another.
    for seq in [2, 6] {
        let mark = staff_has(&session, Receipt::Delivered, seq);
        scene.ask(&operator("a"), mark).await.unwrap();
    }
    scene
        .ask(&guest(Some(&session)), guest_has(Receipt::Delivered, 5))
        .await
        .unwrap();
    assert_eq!(delivered(&mut log).await, (Direction::Out, 5));
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    tells.abort();
}

#[tokio::test]
async fn who_connects_anew_is_told_how_far_its_messages_are() {
    let scene = scene();
    let session = talk(&scene).await;
    scene.ask(&operator("a"), reads(&session, 5)).await.unwrap();
    let expected = Notice::Marks {
        session: session.clone(),
        direction: Direction::In,
        marks: scene.held(&session).await.marks,
    };
    let done = scene.ask(&guest(None), resume(&session)).await.unwrap();
    assert!(
        done.notices
            .iter()
            .any(|told| told.notice == expected && told.mark.is_none())
    );
    let recovered = visitor("recovered", Some(&session));
    let told = scene.chat.guest_arrived(&recovered, &DedupId::draw()).await;
    assert_eq!(told.unwrap(), Some(expected));
}

/// Repeated or late, it is not said to be kept before what it rests on is.
#[tokio::test]
async fn p1_a_reading_is_confirmed_once_it_is_stored() {
    let scene = scene();
    let session = talk(&scene).await;
    for _ in 0..2 {
        let done = scene.ask(&operator("a"), reads(&session, 6)).await.unwrap();
        let entry = scene.held(&session).await.last_entry;
        assert_eq!(done.mark.map(|mark| mark.id), Some(entry));
    }
    let delivered = staff_has(&session, Receipt::Delivered, 6);
    let done = scene.ask(&operator("b"), delivered).await.unwrap();
    assert_eq!(done.mark, None);
}
