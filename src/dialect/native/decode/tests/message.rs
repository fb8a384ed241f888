use serde_json::json;

use super::*;

fn sending(text: &str, client_id: Option<&str>) -> Send {
    Send {
        text: text.into(),
        client_id: client_id.map(str::to_owned),
        ..Send::default()
    }
}

#[test]
fn messages_are_text_with_a_client_id() {
    let cases = [
        (json!({"message": "hi"}), sending("hi", None)),
        (json!({"text": "hi"}), sending("hi", None)),
        (json!({"body": "hi"}), sending("hi", None)),
        (
            json!({"body": "no", "message": "hi", "text": null}),
            sending("hi", None),
        ),
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
        (json!({"body": 42}), "body"),
        (json!({"message": "x", "type": "image"}), "attachmentId"),
        (json!({"message": "x", "type": "file"}), "attachmentId"),
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
    for kind in ["image", "file"] {
        let nothing = json!({"message": "x", "type": kind});
        let reject = guest("guest:message", nothing).unwrap_err();
        assert_eq!(reject.field, Some("attachmentId"));
    }
    for wrong in [
        "",
        "x",
        "data:image/png,x",
        "data:image/png;base64,%%",
        "http://a/b.png",
    ] {
        let file = json!({"message": "", "type": "file", "file": wrong});
        let reject = guest("guest:message", file).unwrap_err();
        assert_eq!(reject.field, Some("file"), "{wrong}");
    }
}

#[test]
fn a_file_comes_by_its_upload_or_as_itself() {
    let given = |payload| match guest("guest:message", payload) {
        Ok(GuestCommand::Send(send)) => (send.text, send.given),
        other => panic!("{other:?}"),
    };
    let uploaded = json!({"message": "", "type": "file", "attachmentId": "abc"});
    let id = Given::Uploaded("abc".into());
    assert_eq!(given(uploaded), (String::new(), Some(id.clone())));
    for kind in [json!(null), json!("text")] {
        let payload = json!({"message": "see", "type": kind, "attachmentId": "abc"});
        assert_eq!(given(payload), ("see".into(), Some(id.clone())));
    }
    let itself = json!({
        "message": "see",
        "type": "image",
        "file": "data:image/png;base64,AQID",
        "name": "cat.png",
    });
    let upload = Upload {
        bytes: vec![1, 2, 3].into(),
        name: Some("cat.png".into()),
        mime: Some("image/png".into()),
        is_picture: true,
        field: "file",
    };
    assert_eq!(
        given(itself),
        ("see".into(), Some(Given::Bytes(Box::new(upload))))
    );
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
