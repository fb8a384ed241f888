//! One conversation, from which every golden file is written.

mod changes;
mod replies;

pub use changes::{asides, entries, notices};
pub use replies::replies;

use serde_json::json;
use switchboard::model::{
    Agent, Attachment, Change, Content, Direction, Entry, EntryId, FORMAT, Guest, HistoryMessage,
    Links, Marks, Message, MessageId, Offer, OperatorId, Participant, Prev, Preview, RecoveryId,
    Reply, Sender, SenderKind, Session, SessionId, Status, WorkspaceId,
};

/// 2023-11-14T22:13:20Z.
const START: u64 = 1_700_000_000_000;
const SESSION: &str = "5b0c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d";

pub fn id() -> SessionId {
    SessionId::new(SESSION)
}

pub fn alice() -> Agent {
    Agent {
        id: OperatorId::new("7"),
        name: "Alice".into(),
    }
}

pub fn bob() -> Agent {
    Agent {
        id: OperatorId::new("8"),
        name: "Bob".into(),
    }
}

/// Of Alice's session to Bob, who has half a minute.
pub fn offer() -> Offer {
    Offer {
        from: alice(),
        to: bob().id,
        expires_at: START + 30_000,
    }
}

pub fn message(direction: Direction) -> Message {
    let (number, sender) = match direction {
        Direction::In => (
            1,
            Sender {
                kind: SenderKind::Guest,
                id: SESSION.into(),
                name: "Ann".into(),
            },
        ),
        Direction::Out => (
            2,
            Sender {
                kind: SenderKind::Operator,
                id: "7".into(),
                name: "Alice".into(),
            },
        ),
    };
    Message {
        id: message_id(number),
        session: id(),
        seq: number,
        direction,
        sender,
        content: Content::Text {
            text: format!("line {number}\n<b>\"é\"</b> 👋"),
        },
        client_id: Some("secret of the sender".into()),
        at: START + number,
    }
}

/// Of which everything is known.
pub fn attachment(mime: &str) -> Attachment {
    let is_picture = mime.starts_with("image/");
    let side = |length| is_picture.then_some(length);
    Attachment {
        id: "0123abcd".into(),
        name: if is_picture { "cat.png" } else { "terms.pdf" }.into(),
        mime: mime.into(),
        size: 12_345,
        width: side(800),
        height: side(600),
        has_thumbnail: is_picture,
        links: Some(Links {
            url: "https://chat.example.test/api/v1/files/file".into(),
            thumbnail: is_picture
                .then(|| "https://chat.example.test/api/v1/files/thumbnail".into()),
            inline: is_picture.then(|| "data:image/png;base64,iVBORw0KGgo=".into()),
        }),
    }
}

pub fn message_id(number: u64) -> MessageId {
    let text = format!("018bcfe5-6800-7000-8000-00000000000{number}");
    MessageId(text.parse().expect("a uuid"))
}

/// A session of which nothing is known.
pub fn waiting() -> Session {
    Session {
        version: 3,
        ..Session::new(id(), WorkspaceId::new("default"), Guest::default(), START)
    }
}

/// A session of which everything is known.
pub fn active() -> Session {
    Session {
        status: Status::Active,
        guest: Guest {
            name: Some("Ann".into()),
            email: Some("ann@example.test".into()),
            phone: Some("+49 30 1".into()),
            page: Some("/prices?a=b".into()),
            metadata: Some(json!({"plan": "pro", "seats": 3})),
            identity: Some("customer-7".into()),
        },
        agent: Some(alice()),
        last_activity: START + 1,
        last_seq: 1,
        last_message: Some(Preview {
            text: "line 1".into(),
            direction: Direction::In,
            at: START + 1,
        }),
        unread: 1,
        ..waiting()
    }
}

/// One that is being handed over, read in part, and whose guest has come back.
pub fn busy() -> Session {
    let marks = Marks {
        delivered_in: 5,
        read_in: 3,
        delivered_out: 4,
        read_out: 2,
    };
    let receipts = [
        (Participant::Guest, 2),
        (Participant::Operator(alice().id), 3),
        (Participant::Operator(OperatorId::new("guest")), 1),
    ];
    let mut receipts: std::collections::BTreeMap<_, _> = receipts
        .into_iter()
        .map(|(by, seq)| (by.key(), seq))
        .collect();
    receipts.insert("of a later release".into(), 9);
    Session {
        offer: Some(offer()),
        marks,
        receipts,
        unverified: true,
        ..active()
    }
}

pub fn ended() -> Session {
    Session {
        status: Status::Ended,
        ..active()
    }
}

pub fn entry(change: Change, after: Option<Session>) -> Entry {
    let of_workspace = matches!(
        change,
        Change::OperatorOnline { .. }
            | Change::OperatorOffline { .. }
            | Change::OperatorStatus { .. }
    );
    Entry {
        v: FORMAT,
        id: EntryId { ms: START, seq: 0 },
        workspace: WorkspaceId::new("default"),
        session: (!of_workspace).then(id),
        prev: Prev::default(),
        origin: Some(RecoveryId::new("r100secret")),
        to: None,
        change,
        after: after.map(Box::new),
    }
}

/// As a page of history has it when nobody has reacted.
pub fn bare(message: Message) -> HistoryMessage {
    HistoryMessage {
        message,
        reactions: Vec::new(),
    }
}

pub fn reacted(message: Message) -> HistoryMessage {
    let by_alice = Participant::Operator(alice().id);
    HistoryMessage {
        message,
        reactions: vec![(Participant::Guest, "❤️".into()), (by_alice, "👍".into())],
    }
}

pub fn started(reconnected: bool, queue_position: Option<u64>) -> Reply {
    let session = if reconnected { active() } else { waiting() };
    Reply::Started {
        session: Box::new(session),
        reconnected,
        queue_position,
    }
}
