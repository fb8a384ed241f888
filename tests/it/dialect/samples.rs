//! One conversation, from which every golden file is written.

use serde_json::json;
use switchboard::model::{
    Agent, Change, Content, Direction, Entry, EntryId, FORMAT, Guest, Message, MessageId,
    OperatorId, Prev, Preview, RecoveryId, Sender, SenderKind, Session, SessionId, Status,
    WorkspaceId,
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

pub fn ended() -> Session {
    Session {
        status: Status::Ended,
        ..active()
    }
}

pub fn entry(change: Change, after: Option<Session>) -> Entry {
    let of_workspace = matches!(
        change,
        Change::OperatorOnline { .. } | Change::OperatorOffline { .. }
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
