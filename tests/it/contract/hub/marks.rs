use switchboard::{
    hub::{Commit, Draft, Edge, Guard, MarkOp, NewChange},
    model::{
        Change, Direction, EntryId, Marks, MessageId, OperatorId, Participant, Reaction, Receipt,
        SessionId,
    },
};

use super::support::{Bench, draft, message};

/// A message of staff, which has read what it answers.
pub fn answer(text: &str) -> Draft {
    let mut answer = message(text);
    if let NewChange::Message { direction, .. } = &mut answer.change {
        *direction = Direction::Out;
    }
    answer
}

pub fn operator(id: &str) -> Participant {
    Participant::Operator(OperatorId::new(id))
}

/// As chat writes it: an entry for what is read, if that is a rise.
fn marks(
    bench: &Bench,
    id: &SessionId,
    by: &Participant,
    (receipt, seq): (Receipt, u64),
) -> Commit {
    let read = Draft {
        only_on: Some(Edge::Raised),
        ..draft(NewChange::Read { by: by.clone() })
    };
    Commit {
        mark: Some(MarkOp {
            by: by.clone(),
            receipt,
            seq,
        }),
        append: (receipt == Receipt::Read)
            .then_some(read)
            .into_iter()
            .collect(),
        ..bench.commit_of(Some(id), Guard::Any)
    }
}

async fn say(bench: &Bench, id: &SessionId, drafts: Vec<Draft>) {
    let commit = Commit {
        append: drafts,
        ..bench.commit_of(Some(id), Guard::Open)
    };
    bench.commit(commit).await;
}

/// What a mark came to: `delivered_in`, `delivered_out`, `read_in`, `read_out`, and unread.
async fn figures(bench: &Bench, id: &SessionId) -> ([u64; 4], u64) {
    let session = bench.session(id).await;
    let Marks {
        delivered_in,
        delivered_out,
        read_in,
        read_out,
    } = session.marks;
    let marks = [delivered_in, delivered_out, read_in, read_out];
    (marks, session.unread)
}

pub async fn p7_marks_rise_and_stop_at_the_newest(bench: &Bench) {
    use Edge::{Raised, Unchanged};
    use Receipt::{Delivered, Read};
    let id = bench.start().await;
    let talk = vec![answer("1"), message("2"), message("3"), message("4")];
    say(bench, &id, talk).await;
    assert_eq!(
        figures(bench, &id).await,
        ([0, 0, 0, 0], 3),
        "that it was read is for its reader to say"
    );
    let (ann, bob, guest) = (operator("ann"), operator("bob"), Participant::Guest);
    let steps = [
        (&ann, Delivered, 3, Raised, [3, 0, 0, 0], 3),
        (&bob, Delivered, 2, Unchanged, [3, 0, 0, 0], 3),
        (&ann, Read, 1, Raised, [3, 0, 1, 0], 3),
        (&ann, Read, 2, Raised, [3, 0, 2, 0], 2),
        (&bob, Read, 2, Raised, [3, 0, 2, 0], 2),
        (&bob, Read, 1, Unchanged, [3, 0, 2, 0], 2),
        (&guest, Read, 99, Raised, [3, 0, 2, 4], 2),
        (&guest, Read, 4, Unchanged, [3, 0, 2, 4], 2),
        // Read implies delivered.
        (&guest, Delivered, 4, Unchanged, [3, 0, 2, 4], 2),
        (&bob, Read, 4, Raised, [3, 0, 4, 4], 0),
        (&ann, Delivered, 4, Unchanged, [3, 0, 4, 4], 0),
        (&ann, Read, u64::MAX, Raised, [3, 0, 4, 4], 0),
        (&ann, Read, 0, Unchanged, [3, 0, 4, 4], 0),
    ];
    for (n, (by, receipt, seq, edge, expected, unread)) in steps.into_iter().enumerate() {
        let before = bench.top().await.at;
        let written = bench.commit(marks(bench, &id, by, (receipt, seq))).await;
        assert_eq!(written.edge, edge, "step {n}");
        assert_eq!(figures(bench, &id).await, (expected, unread), "step {n}");
        let told = bench.read_after(&bench.log(&id), before).await.0;
        let told: Vec<_> = told.iter().map(|entry| entry.change.clone()).collect();
        let rises = receipt == Read && edge == Raised;
        let read = Change::Read {
            by: by.clone(),
            seq: seq.min(4),
        };
        assert_eq!(told, if rises { vec![read] } else { vec![] }, "step {n}");
        assert_eq!(written.stamped.len(), told.len(), "step {n}");
    }
    let receipts = bench.session(&id).await.receipts;
    let expected = [("guest", 4), ("operator:ann", 4), ("operator:bob", 4)];
    assert_eq!(
        receipts,
        expected.map(|(who, seq)| (who.to_owned(), seq)).into()
    );
}

pub async fn a_mark_in_an_empty_session_is_none(bench: &Bench) {
    let id = bench.start().await;
    for receipt in [Receipt::Delivered, Receipt::Read] {
        let written = bench
            .commit(marks(bench, &id, &Participant::Guest, (receipt, 7)))
            .await;
        assert_eq!((written.edge, written.stamped.len()), (Edge::Unchanged, 0));
    }
    assert_eq!(figures(bench, &id).await, ([0; 4], 0));
    assert!(bench.session(&id).await.receipts.is_empty());
}

pub async fn unread_is_what_nobody_has_read(bench: &Bench) {
    let id = bench.start().await;
    let reads = async |seq| {
        bench
            .commit(marks(bench, &id, &operator("ann"), (Receipt::Read, seq)))
            .await;
        figures(bench, &id).await.1
    };
    let reacts = || {
        let reaction = Reaction {
            message: MessageId::draw(),
            by: Participant::Guest,
            emoji: "👍".into(),
            on: true,
        };
        draft(NewChange::Reacted { reaction })
    };
    let talk = vec![message("1"), message("2"), answer("3"), message("4")];
    say(bench, &id, talk).await;
    assert_eq!(figures(bench, &id).await.1, 1);
    assert_eq!(reads(2).await, 1, "below what staff has answered");
    say(
        bench,
        &id,
        vec![reacts(), message("5"), reacts(), message("6")],
    )
    .await;
    assert_eq!(figures(bench, &id).await.1, 3);
    assert_eq!(reads(4).await, 2);
    say(bench, &id, vec![message("7"), reacts()]).await;
    assert_eq!(reads(5).await, 2);
    assert_eq!(reads(6).await, 1);
    let again = marks(bench, &id, &operator("bob"), (Receipt::Read, 4));
    bench.commit(again).await;
    assert_eq!(
        figures(bench, &id).await.1,
        1,
        "a late reader takes nothing back"
    );
    say(bench, &id, vec![answer("8")]).await;
    assert_eq!(
        figures(bench, &id).await,
        ([0, 0, 6, 0], 0),
        "what is answered is not unread"
    );
    say(bench, &id, vec![message("9")]).await;
    assert_eq!(figures(bench, &id).await.1, 1);
}

/// The numbers are the same in each hub, though each trims in its own steps.
pub async fn unread_is_known_beyond_what_the_log_holds(bench: &Bench) {
    let id = bench.start().await;
    for n in 0..14 {
        let fifty = (0..50).map(|m| message(&format!("{n}.{m}")));
        say(bench, &id, fifty.collect()).await;
    }
    let top = bench.top().await.at;
    bench
        .hub
        .set_persisted(bench.partition(), top)
        .await
        .unwrap();
    for _ in 0..4 {
        say(bench, &id, vec![message("and more")]).await;
    }
    let (held, complete) = bench.read_after(&bench.log(&id), EntryId::ZERO).await;
    assert!(!complete && held.len() < 600, "{} are held", held.len());
    for (seq, unread) in [(20, 684), (21, 683), (400, 304), (650, 54), (704, 0)] {
        let mark = marks(bench, &id, &operator("ann"), (Receipt::Read, seq));
        let written = bench.commit(mark).await;
        assert_eq!(written.session.unwrap().unread, unread, "read up to {seq}");
    }
}

pub async fn who_reads_or_reacts_is_no_life(bench: &Bench) {
    let id = bench.start().await;
    say(bench, &id, vec![answer("1"), message("2")]).await;
    let lively = bench.session(&id).await;
    bench.trouble.pass(1_000).await;
    let reaction = Reaction {
        message: MessageId::draw(),
        by: Participant::Guest,
        emoji: "👍".into(),
        on: true,
    };
    let reacted = draft(NewChange::Reacted { reaction });
    say(bench, &id, vec![reacted]).await;
    let read = marks(bench, &id, &Participant::Guest, (Receipt::Read, 1));
    let top = bench.commit(read).await.top;
    let now = bench.session(&id).await;
    assert_eq!(now.last_activity, lively.last_activity);
    assert_eq!(
        now.last_entry, top,
        "the history is to hear of it all the same"
    );
    let after = bench.read(&bench.log(&id)).await.pop().unwrap();
    assert_eq!(after.after.as_deref(), Some(&now), "as it was right after");
    say(bench, &id, vec![message("3")]).await;
    assert_eq!(bench.session(&id).await.last_activity, bench.now());
}

pub async fn p3_a_repeated_mark_is_the_first_one(bench: &Bench) {
    let id = bench.start().await;
    say(bench, &id, vec![message("1"), message("2")]).await;
    let read = marks(bench, &id, &operator("ann"), (Receipt::Read, 1));
    let first = bench.commit(read.clone()).await;
    say(bench, &id, vec![message("3")]).await;
    let before = bench.everything().await;
    let further = Commit {
        mark: Some(MarkOp {
            by: operator("ann"),
            receipt: Receipt::Read,
            seq: 3,
        }),
        ..read
    };
    let again = bench.duplicate(&further).await;
    assert_eq!((again.edge, again.stamped), (Edge::Raised, first.stamped));
    assert_eq!(bench.everything().await, before);
}
