use serde_json::json;

use super::*;

fn sending(text: &str, client_id: Option<&str>) -> Send {
    Send {
        text: text.into(),
        client_id: client_id.map(str::to_owned),
    }
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
