use serde_json::json;

use super::*;

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
fn a_guest_ends_its_session_without_a_word() {
    assert_eq!(guest("guest:end", json!({})), Ok(GuestCommand::End));
    let bare = decode(Audience::Guest, "guest:end", None);
    assert_eq!(bare, Ok(Command::Guest(GuestCommand::End)));
}

/// Passed over, it would leave the site in the belief that its visitor was verified.
#[test]
fn an_identity_is_refused_as_long_as_nobody_verifies_it() {
    let signed = json!({"name": "Zoe", "identity": {"id": "7", "signature": "x"}});
    let reject = guest("guest:start", signed).unwrap_err();
    assert_eq!(
        (reject.code, reject.field),
        (Code::Invalid, Some("identity"))
    );
    assert_eq!(reject.message, "identity is not available yet");
    let none = json!({"identity": null});
    assert!(guest("guest:start", none).is_ok());
    let wrong = json!({"identity": "7"});
    let reject = guest("guest:start", wrong).unwrap_err();
    assert_eq!(reject.message, "identity must be an object");
}
