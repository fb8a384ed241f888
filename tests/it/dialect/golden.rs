//! Every event and acknowledgement, against `tests/fixtures/native`. What was written instead is left
//! in cargo's folder for tests: copy it over a shape that was changed on purpose.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};
use switchboard::{
    dialect::{
        Audience, Dialect, Outgoing, encode_entry, encode_notice, encode_reject, encode_reply,
    },
    model::{Change, Code, Direction, HistoryMessage, Message, Notice, Reject, Reply},
};

use super::samples::{active, alice, ended, entry, id, message, message_id, waiting};

const BOTH: [(&str, Audience); 2] = [("guest", Audience::Guest), ("operator", Audience::Operator)];

fn check(file: &str, cases: Vec<(String, Value)>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/native")
        .join(file);
    let count = cases.len();
    let actual: BTreeMap<_, _> = cases.into_iter().collect();
    assert_eq!(actual.len(), count, "two cases of {file} have one name");
    let text = serde_json::to_string_pretty(&actual).expect("JSON") + "\n";
    let written = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&written, text).expect("a file");
    let text = std::fs::read_to_string(&path).expect("a golden file");
    let expected: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        actual.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "{file}"
    );
    for (case, value) in actual {
        assert_eq!(Some(&value), expected.get(&case), "{file}: {case}");
    }
}

fn shown(outgoing: Outgoing) -> Value {
    json!([outgoing.event, outgoing.payload])
}

#[test]
fn entries() {
    let of_message = |direction| Change::Message {
        message: message(direction),
    };
    let entries = [
        ("message in", entry(of_message(Direction::In), None)),
        ("message out", entry(of_message(Direction::Out), None)),
        (
            "started, nothing known",
            entry(Change::Started, Some(waiting())),
        ),
        (
            "assigned",
            entry(
                Change::Assigned {
                    agent: alice(),
                    before: None,
                },
                Some(active()),
            ),
        ),
        ("ended", entry(Change::Ended, Some(ended()))),
        (
            "ended, nothing known",
            entry(Change::Ended, Some(waiting())),
        ),
        (
            "operator online",
            entry(Change::OperatorOnline { agent: alice() }, None),
        ),
        (
            "operator offline",
            entry(Change::OperatorOffline { agent: alice() }, None),
        ),
        ("started, without its session", entry(Change::Started, None)),
    ];
    let mut cases = Vec::new();
    for (name, entry) in entries {
        for (side, audience) in BOTH {
            let told = encode_entry(Dialect::Native, audience, &entry);
            let told: Vec<_> = told.into_iter().map(shown).collect();
            cases.push((format!("{name} -> {side}"), Value::from(told)));
        }
    }
    check("entries.json", cases);
}

fn started(reconnected: bool, queue_position: Option<u64>) -> Reply {
    let session = if reconnected { active() } else { waiting() };
    Reply::Started {
        session: Box::new(session),
        reconnected,
        queue_position,
    }
}

#[test]
fn replies() {
    let sent = |duplicate| {
        let at = message(Direction::In).at;
        Reply::Sent {
            id: message_id(1),
            seq: 1,
            at,
            duplicate,
        }
    };
    let both = vec![message(Direction::In), message(Direction::Out)];
    let rows = vec![(waiting(), Some(2)), (active(), None)];
    let taken = Reply::Session {
        session: Box::new(active()),
        queue_position: None,
    };
    let queued = Reply::Session {
        session: Box::new(waiting()),
        queue_position: Some(1),
    };
    let [guest, operator] = BOTH.map(|(_, audience)| audience);
    let replies = [
        ("started", guest, started(false, Some(3)), Some("token")),
        ("started again", guest, started(true, None), Some("token")),
        ("started without a token", guest, started(false, None), None),
        ("sent", guest, sent(false), None),
        ("sent before", operator, sent(true), None),
        (
            "history",
            guest,
            Reply::History {
                messages: both.into_iter().map(bare).collect(),
                more: true,
            },
            None,
        ),
        (
            "history, empty",
            operator,
            Reply::History {
                messages: vec![],
                more: false,
            },
            None,
        ),
        ("session", operator, taken, None),
        ("session in the queue", operator, queued, None),
        (
            "sessions",
            operator,
            Reply::Sessions {
                sessions: rows,
                cursor: Some("7:s".into()),
            },
            None,
        ),
        (
            "sessions, empty",
            operator,
            Reply::Sessions {
                sessions: vec![],
                cursor: None,
            },
            None,
        ),
        ("done", guest, Reply::Done, None),
    ];
    let cases = replies.map(|(name, audience, reply, token)| {
        (
            name.to_owned(),
            encode_reply(Dialect::Native, audience, &reply, token),
        )
    });
    check("replies.json", cases.into());
}

#[test]
fn rejects() {
    use Code::*;
    let codes = [
        Invalid,
        Unauthorized,
        Forbidden,
        NotFound,
        Taken,
        Ended,
        Conflict,
        TooLarge,
        RateLimited,
        Unavailable,
        Pending,
    ];
    let plain = codes.map(|code| (format!("{code:?}"), Reject::new(code, "Why")));
    let more = [
        ("with a field".to_owned(), Reject::field("name", "Why")),
        ("to be repeated".to_owned(), Reject::unavailable()),
    ];
    let cases = plain.into_iter().chain(more);
    check(
        "rejects.json",
        cases
            .map(|(name, reject)| (name, encode_reject(&reject)))
            .collect(),
    );
}

#[test]
fn notices() {
    let at = message(Direction::Out).at;
    let [guest, operator] = BOTH.map(|(_, audience)| audience);
    let notices = [
        (
            "started",
            guest,
            Notice::Started(started(false, Some(3))),
            Some("token"),
        ),
        (
            "sent",
            operator,
            Notice::Sent {
                session: id(),
                id: message_id(2),
                at,
            },
            None,
        ),
        (
            "stored",
            guest,
            Notice::Stored {
                session: id(),
                seq: 2,
            },
            None,
        ),
    ];
    let cases = notices.map(|(name, audience, notice, token)| {
        (
            name.to_owned(),
            shown(encode_notice(Dialect::Native, audience, &notice, token).remove(0)),
        )
    });
    check("notices.json", cases.into());
}

#[test]
fn p7_a_message_reads_the_same_live_and_in_the_history() {
    for direction in [Direction::In, Direction::Out] {
        let message = message(direction);
        let live = entry(
            Change::Message {
                message: message.clone(),
            },
            None,
        );
        let history = Reply::History {
            messages: vec![bare(message)],
            more: false,
        };
        for (side, audience) in BOTH {
            let page = encode_reply(Dialect::Native, audience, &history, None);
            let told = encode_entry(Dialect::Native, audience, &live);
            assert_eq!(told.len(), 1, "{side}");
            assert_eq!(Some(&told[0].payload), page["messages"].get(0), "{side}");
        }
    }
}

/// What is internal, or of another, is in nothing that a guest is told.
#[test]
fn p6_a_guest_is_not_told_what_staff_sees() {
    let changes = [
        Change::Started,
        Change::Assigned {
            agent: alice(),
            before: None,
        },
        Change::Ended,
        Change::Message {
            message: message(Direction::In),
        },
        Change::OperatorOnline { agent: alice() },
    ];
    for change in changes {
        for told in encode_entry(
            Dialect::Native,
            Audience::Guest,
            &entry(change, Some(ended())),
        ) {
            let text = told.payload.to_string();
            for secret in ["unread", "example.test", "metadata", "/prices", "secret"] {
                assert!(!text.contains(secret), "{}: {text}", told.event);
            }
        }
    }
}

/// As a page of history has it when nobody has reacted.
fn bare(message: Message) -> HistoryMessage {
    HistoryMessage {
        message,
        reactions: Vec::new(),
    }
}
