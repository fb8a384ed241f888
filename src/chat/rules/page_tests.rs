use super::*;
use crate::{
    chat::rules::cases::{id, session},
    model::{
        Change, Content, Direction, FORMAT, MessageId, Prev, Sender, SenderKind, Status,
        WorkspaceId,
    },
};

/// Its uuid is its number, its entry ten times that.
fn message(seq: u64) -> (EntryId, Message) {
    let message = Message {
        id: MessageId(uuid::Uuid::from_u128(seq.into())),
        session: id("s"),
        seq,
        direction: Direction::In,
        sender: Sender {
            kind: SenderKind::Guest,
            id: "s".into(),
            name: "Zoe".into(),
        },
        content: Content::Text {
            text: seq.to_string(),
        },
        client_id: None,
        at: seq * 10,
    };
    (
        EntryId {
            ms: seq * 10,
            seq: 0,
        },
        message,
    )
}

fn hot(seqs: &[u64]) -> Vec<Arc<Entry>> {
    let entry = |seq: &u64| {
        let (id, message) = message(*seq);
        Arc::new(Entry {
            v: FORMAT,
            id,
            workspace: WorkspaceId::new("default"),
            session: Some(message.session.clone()),
            prev: Prev::default(),
            origin: None,
            to: None,
            change: Change::Message { message },
            after: None,
        })
    };
    seqs.iter().map(entry).collect()
}

fn stored(seqs: &[u64]) -> Vec<StoredMessage> {
    let row = |seq: &u64| {
        let (entry, message) = message(*seq);
        StoredMessage {
            entry,
            message,
            reactions: Vec::new(),
        }
    };
    seqs.iter().map(row).collect()
}

#[test]
fn p7_a_page_is_the_newest_of_both_in_order() {
    type Case = (&'static [u64], &'static [u64], usize, &'static [u64], bool);
    let cases: [Case; 8] = [
        (&[], &[], 2, &[], false),
        (&[3, 2, 1], &[], 3, &[1, 2, 3], false),
        (&[3, 2, 1], &[], 2, &[2, 3], true),
        (&[], &[3, 2, 1], 2, &[2, 3], true),
        (&[5, 4], &[3, 2, 1], 5, &[1, 2, 3, 4, 5], false),
        (&[5, 4], &[3, 2, 1], 3, &[3, 4, 5], true),
        // What was stored while the hub still holds it is there once.
        (&[4, 3], &[4, 3, 2], 3, &[2, 3, 4], false),
        // A hole, left by a loss.
        (&[9], &[3, 1], 3, &[1, 3, 9], false),
    ];
    for (in_hub, in_history, limit, expected, expected_more) in cases {
        let (messages, more) = merge(&hot(in_hub), stored(in_history), wanted(99, limit));
        let seqs: Vec<_> = messages.iter().map(|it| it.message.seq).collect();
        assert_eq!(
            (seqs.as_slice(), more),
            (expected, expected_more),
            "{in_hub:?} {in_history:?}"
        );
    }
}

#[test]
fn one_uuid_is_one_message() {
    let mut again = stored(&[3]);
    again[0].entry = EntryId { ms: 7, seq: 0 };
    let (messages, more) = merge(&hot(&[3]), again, wanted(99, 5));
    assert_eq!((messages.len(), more), (1, false));
}

#[test]
fn the_history_is_asked_when_something_may_be_there_only() {
    let cases: [(u64, u64, &[u64], usize, bool); 7] = [
        (0, 99, &[], 2, true),
        (5, 1, &[], 2, true),
        (5, 99, &[], 2, false),
        (5, 99, &[5, 4], 2, false),
        (5, 99, &[5, 4, 3], 2, true),
        (2, 99, &[2, 1], 5, true),
        (5, 99, &[5, 4], 5, false),
    ];
    for (last_seq, before, in_hub, limit, expected) in cases {
        let mut session = session(Status::Active);
        session.last_seq = last_seq;
        let told = suffices(&session, wanted(before, limit), &hot(in_hub));
        assert_eq!(told, expected, "{last_seq} {before} {in_hub:?} {limit}");
    }
}

fn wanted(before: u64, limit: usize) -> Wanted {
    Wanted {
        before,
        above: 0,
        limit,
    }
}

#[test]
fn p6_what_is_not_for_the_asker_is_in_no_page() {
    let cases: [(u64, usize, &[u64], bool); 4] = [
        (0, 9, &[1, 2, 3, 4], false),
        (2, 9, &[3, 4], false),
        (2, 1, &[4], true),
        (4, 9, &[], false),
    ];
    for (above, limit, expected, expected_more) in cases {
        let wanted = Wanted {
            above,
            ..wanted(99, limit)
        };
        let (messages, more) = merge(&hot(&[4, 3]), stored(&[2, 1]), wanted);
        let seqs: Vec<_> = messages.iter().map(|it| it.message.seq).collect();
        assert_eq!(
            (seqs.as_slice(), more),
            (expected, expected_more),
            "{above} {limit}"
        );
    }
    let mut session = session(Status::Active);
    session.last_seq = 4;
    for (above, in_hub, expected) in [(2, &[4, 3][..], true), (1, &[4, 3], false), (4, &[], true)] {
        let wanted = Wanted {
            above,
            ..wanted(99, 9)
        };
        assert_eq!(
            suffices(&session, wanted, &hot(in_hub)),
            expected,
            "{above} {in_hub:?}"
        );
    }
}
