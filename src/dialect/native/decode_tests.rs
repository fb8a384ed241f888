use serde_json::json;

use super::*;

fn guest(event: &str, payload: Value) -> Result<GuestCommand, Reject> {
    match decode(Audience::Guest, event, Some(&payload))? {
        Command::Guest(command) => Ok(command),
        Command::Staff(command) => panic!("{command:?} of a guest"),
    }
}

fn staff(event: &str, payload: Value) -> Result<StaffCommand, Reject> {
    match decode(Audience::Operator, event, Some(&payload))? {
        Command::Staff(command) => Ok(command),
        Command::Guest(command) => panic!("{command:?} of an operator"),
    }
}

/// A text that is one byte longer than `max`.
fn long(max: usize) -> Value {
    Value::from("x".repeat(max + 1))
}

/// Every payload is refused, and for this field.
fn refused(audience: Audience, event: &str, cases: &[(Value, &str)]) {
    for (payload, field) in cases {
        let reject = decode(audience, event, Some(payload)).unwrap_err();
        assert_eq!(
            (reject.code, reject.field),
            (Code::Invalid, Some(*field)),
            "{event} {payload}"
        );
        assert!(!reject.message.is_empty());
    }
}

fn sending(text: &str, client_id: Option<&str>) -> Send {
    Send {
        text: text.into(),
        client_id: client_id.map(str::to_owned),
    }
}

#[test]
fn guest_start_reads_what_a_visitor_says_of_itself() {
    let full = json!({
        "workspace": "shop", "name": "Zoe", "email": "z@example.test", "phone": "+49", "page": "/p",
        "metadata": {"plan": ["a", 1, null]}, "token": "t", "resume": ["shop", "s"], "later": {},
    });
    let expected = Start {
        workspace: Some(WorkspaceId::new("shop")),
        name: Some("Zoe".into()),
        email: Some("z@example.test".into()),
        phone: Some("+49".into()),
        page: Some("/p".into()),
        metadata: Some(json!({"plan": ["a", 1, null]})),
        token: Some("t".into()),
        resume: None,
    };
    assert_eq!(
        guest("guest:start", full),
        Ok(GuestCommand::Start(Box::new(expected)))
    );
    let nobody = Ok(GuestCommand::Start(Box::default()));
    let blank = json!({"workspace": "", "name": " ", "email": "", "phone": null, "token": ""});
    for payload in [json!({}), blank, Value::Null] {
        assert_eq!(guest("guest:start", payload.clone()), nobody, "{payload}");
    }
    let longest = json!({"name": "x".repeat(limits::NAME_BYTES)});
    assert!(guest("guest:start", longest).is_ok());
}

#[test]
fn guest_start_names_what_is_wrong() {
    let big = json!({"k": "x".repeat(limits::METADATA_BYTES)});
    refused(
        Audience::Guest,
        "guest:start",
        &[
            (json!({"workspace": 1}), "workspace"),
            (json!({"workspace": long(limits::ID_BYTES)}), "workspace"),
            (json!({"name": {}}), "name"),
            (json!({"name": long(limits::NAME_BYTES)}), "name"),
            (json!({"name": "a\u{0}"}), "name"),
            (json!({"email": true}), "email"),
            (json!({"email": long(limits::EMAIL_BYTES)}), "email"),
            (json!({"phone": 49}), "phone"),
            (json!({"phone": long(limits::PHONE_BYTES)}), "phone"),
            (json!({"page": []}), "page"),
            (json!({"page": long(limits::PAGE_BYTES)}), "page"),
            (json!({"metadata": "text"}), "metadata"),
            (json!({"metadata": []}), "metadata"),
            (json!({"metadata": big}), "metadata"),
            (json!({"metadata": {"k": ["a\u{0}"]}}), "metadata"),
            (json!({"metadata": {"k\u{0}": 1}}), "metadata"),
            (json!({"token": 1}), "token"),
            (json!({"token": long(limits::TOKEN_BYTES)}), "token"),
        ],
    );
}

#[test]
fn messages_are_text_with_a_client_id() {
    let cases = [
        (json!({"message": "hi"}), sending("hi", None)),
        (
            json!({"message": " hi ", "type": "text"}),
            sending(" hi ", None),
        ),
        (
            json!({"message": "", "clientMessageId": null}),
            sending("", None),
        ),
        (
            json!({"message": "hi", "type": "text", "clientMessageId": "c1", "guestName": "Root"}),
            sending("hi", Some("c1")),
        ),
    ];
    for (mut payload, expected) in cases {
        let heard = guest("guest:message", payload.clone());
        assert_eq!(heard, Ok(GuestCommand::Send(expected.clone())), "{payload}");
        payload["sessionId"] = json!("s");
        let said = StaffCommand::Send {
            session: SessionId::new("s"),
            send: expected,
        };
        assert_eq!(staff("staff:message", payload), Ok(said));
    }
}

#[test]
fn messages_name_what_is_wrong() {
    let cases = [
        (json!({}), "message"),
        (json!({"message": null}), "message"),
        (json!({"message": 42}), "message"),
        (json!({"message": "x", "type": "image"}), "type"),
        (json!({"message": "x", "type": "file"}), "type"),
        (json!({"message": "x", "type": "nonsense"}), "type"),
        (json!({"message": "x", "type": 1}), "type"),
        (
            json!({"message": "x", "clientMessageId": 7}),
            "clientMessageId",
        ),
        (
            json!({"message": "x", "clientMessageId": ""}),
            "clientMessageId",
        ),
        (
            json!({"message": "x", "clientMessageId": "a\u{0}"}),
            "clientMessageId",
        ),
        (
            json!({"message": "x", "clientMessageId": long(limits::ID_BYTES)}),
            "clientMessageId",
        ),
    ];
    refused(Audience::Guest, "guest:message", &cases);
    let of_session = cases.map(|(mut payload, field)| {
        payload["sessionId"] = json!("s");
        (payload, field)
    });
    refused(Audience::Operator, "staff:message", &of_session);
    let image = json!({"message": "x", "type": "image"});
    let reject = guest("guest:message", image).unwrap_err();
    assert_eq!(reject.message, "Attachments are not available yet");
}

#[test]
fn history_is_asked_for_in_pages() {
    let page = |before_seq, limit| HistoryQuery { before_seq, limit };
    let cases = [
        (json!({}), page(None, limits::HISTORY_DEFAULT)),
        (
            json!({"beforeSeq": 7}),
            page(Some(7), limits::HISTORY_DEFAULT),
        ),
        (json!({"beforeSeq": 0, "limit": 1}), page(Some(0), 1)),
        (
            json!({"beforeSeq": null, "limit": limits::HISTORY_MAX}),
            page(None, limits::HISTORY_MAX),
        ),
    ];
    for (mut payload, query) in cases {
        assert_eq!(
            guest("guest:history", payload.clone()),
            Ok(GuestCommand::History(query))
        );
        payload["sessionId"] = json!("s");
        let session = SessionId::new("s");
        assert_eq!(
            staff("staff:history", payload),
            Ok(StaffCommand::History { session, query })
        );
    }
    let wrong = [
        (json!({"sessionId": "s", "beforeSeq": -1}), "beforeSeq"),
        (json!({"sessionId": "s", "beforeSeq": 1.5}), "beforeSeq"),
        (json!({"sessionId": "s", "beforeSeq": "7"}), "beforeSeq"),
        (
            json!({"sessionId": "s", "beforeSeq": 1_u64 << 53}),
            "beforeSeq",
        ),
        (json!({"sessionId": "s", "limit": 0}), "limit"),
        (
            json!({"sessionId": "s", "limit": limits::HISTORY_MAX + 1}),
            "limit",
        ),
        (json!({"sessionId": "s", "limit": "5"}), "limit"),
    ];
    refused(Audience::Guest, "guest:history", &wrong);
    refused(Audience::Operator, "staff:history", &wrong);
}

#[test]
fn sessions_are_filtered() {
    let all = SessionQuery {
        limit: limits::SESSIONS_DEFAULT,
        ..SessionQuery::default()
    };
    let cases = [
        (json!({}), all.clone()),
        (
            json!({"search": " ", "agent": "bob", "mine": false}),
            all.clone(),
        ),
        (
            json!({"status": "waiting"}),
            SessionQuery {
                status: Some(Status::Waiting),
                ..all.clone()
            },
        ),
        (
            json!({"status": "active"}),
            SessionQuery {
                status: Some(Status::Active),
                ..all.clone()
            },
        ),
        (
            json!({"status": "ended"}),
            SessionQuery {
                status: Some(Status::Ended),
                ..all.clone()
            },
        ),
        (
            json!({"mine": true}),
            SessionQuery {
                mine: true,
                ..all.clone()
            },
        ),
        (
            json!({"search": "zo"}),
            SessionQuery {
                search: Some("zo".into()),
                ..all.clone()
            },
        ),
        (
            json!({"cursor": "7:s", "limit": limits::SESSIONS_MAX}),
            SessionQuery {
                cursor: Some("7:s".into()),
                limit: limits::SESSIONS_MAX,
                ..all
            },
        ),
    ];
    for (payload, expected) in cases {
        let asked = staff("staff:sessions", payload.clone());
        assert_eq!(asked, Ok(StaffCommand::Sessions(expected)), "{payload}");
    }
    refused(
        Audience::Operator,
        "staff:sessions",
        &[
            (json!({"status": "open"}), "status"),
            (json!({"status": 1}), "status"),
            (json!({"mine": "yes"}), "mine"),
            (json!({"search": 1}), "search"),
            (json!({"search": long(limits::SEARCH_BYTES)}), "search"),
            (json!({"cursor": 1}), "cursor"),
            (json!({"cursor": ""}), "cursor"),
            (json!({"cursor": long(CURSOR_BYTES)}), "cursor"),
            (json!({"limit": 0}), "limit"),
            (json!({"limit": limits::SESSIONS_MAX + 1}), "limit"),
        ],
    );
}

#[test]
fn staff_names_the_session() {
    let session = SessionId::new("s");
    let payload = json!({"sessionId": "s"});
    assert_eq!(
        staff("staff:connect_to_session", payload.clone()),
        Ok(StaffCommand::Connect {
            session: session.clone()
        })
    );
    assert_eq!(
        staff("staff:end_session", payload),
        Ok(StaffCommand::End { session })
    );
    let events = [
        "staff:connect_to_session",
        "staff:end_session",
        "staff:history",
        "staff:message",
    ];
    for event in events {
        let cases = [
            (json!({"message": "x"}), "sessionId"),
            (json!({"message": "x", "sessionId": null}), "sessionId"),
            (json!({"message": "x", "sessionId": 7}), "sessionId"),
            (json!({"message": "x", "sessionId": ""}), "sessionId"),
            (json!({"message": "x", "sessionId": "a\u{0}"}), "sessionId"),
            (
                json!({"message": "x", "sessionId": long(limits::ID_BYTES)}),
                "sessionId",
            ),
        ];
        refused(Audience::Operator, event, &cases);
    }
}

#[test]
fn a_guest_ends_its_session_without_a_word() {
    assert_eq!(guest("guest:end", json!({})), Ok(GuestCommand::End));
    let bare = decode(Audience::Guest, "guest:end", None);
    assert_eq!(bare, Ok(Command::Guest(GuestCommand::End)));
}

#[test]
fn p8_a_payload_is_an_object() {
    for payload in [json!("not an object"), json!([{}]), json!(7), json!(false)] {
        refused(
            Audience::Guest,
            "guest:message",
            &[(payload.clone(), "payload")],
        );
        refused(
            Audience::Operator,
            "staff:sessions",
            &[(payload, "payload")],
        );
    }
}

#[test]
fn p6_each_side_has_its_events() {
    let told = |audience, event: &str| {
        decode(audience, event, None)
            .err()
            .map(|reject| reject.code)
    };
    for event in ["guest:start", "guest:message", "guest:history", "guest:end"] {
        assert_eq!(
            told(Audience::Operator, event),
            Some(Code::Forbidden),
            "{event}"
        );
        assert_ne!(
            told(Audience::Guest, event),
            Some(Code::Forbidden),
            "{event}"
        );
    }
    let staff = [
        "connect_to_session",
        "message",
        "sessions",
        "history",
        "end_session",
    ];
    for event in staff.map(|name| format!("staff:{name}")) {
        assert_eq!(
            told(Audience::Guest, &event),
            Some(Code::Forbidden),
            "{event}"
        );
        assert_ne!(
            told(Audience::Operator, &event),
            Some(Code::Forbidden),
            "{event}"
        );
    }
    for event in [
        "",
        "guest",
        "guest:START",
        "staff:message:sent",
        "no:such:event",
    ] {
        for audience in [Audience::Guest, Audience::Operator] {
            let reject = decode(audience, event, None).unwrap_err();
            assert_eq!(
                (reject.code, reject.message.as_str()),
                (Code::Invalid, "Unknown event")
            );
        }
    }
}
