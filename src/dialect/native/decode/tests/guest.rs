use serde_json::json;

use super::*;

#[test]
fn guest_start_reads_what_a_visitor_says_of_itself() {
    let full = json!({
        "workspace": "shop", "name": "Zoe", "email": "z@example.test", "phone": "+49", "page": "/p",
        "metadata": {"plan": ["a", 1, null]}, "token": "t", "resume": ["shop", "s"], "later": {},
    });
    let expected = Start {
        separate: false,
        workspace: Some(WorkspaceId::new("shop")),
        name: Some("Zoe".into()),
        email: Some("z@example.test".into()),
        phone: Some("+49".into()),
        page: Some("/p".into()),
        metadata: Some(json!({"plan": ["a", 1, null]})),
        token: Some("t".into()),
        proof: None,
        resume: None,
        identity: None,
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

#[test]
fn an_identity_is_a_token_or_a_digest() {
    let proof = |identity: Value| match guest("guest:start", json!({ "identity": identity })) {
        Ok(GuestCommand::Start(start)) => {
            assert_eq!(start.identity, None, "nobody has verified it");
            start.proof
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(proof(Value::Null), None);
    let token = Proof::Token("a.b.c".into());
    assert_eq!(proof(json!("a.b.c")), Some(token));
    let hmac = "0A".repeat(32);
    let digest = Proof::Digest {
        id: "7".into(),
        expires_at: 1_700_000_000,
        hmac: vec![10; 32],
    };
    let signed = json!({ "id": "7", "expiresAt": 1_700_000_000, "hmac": hmac, "later": 1 });
    assert_eq!(proof(signed), Some(digest));
}

/// Passed over, it would leave the site in the belief that its visitor was verified.
#[test]
fn an_identity_that_is_none_is_refused() {
    let hmac = "0a".repeat(32);
    let with = |name: &str, value: Value| {
        let mut identity = json!({ "id": "7", "expiresAt": 1, "hmac": hmac });
        identity[name] = value;
        (json!({ "identity": identity }), "identity")
    };
    refused(
        Audience::Guest,
        "guest:start",
        &[
            (json!({ "identity": "" }), "identity"),
            (json!({ "identity": 7 }), "identity"),
            (json!({ "identity": ["7"] }), "identity"),
            (json!({ "identity": {} }), "identity"),
            (json!({ "identity": long(limits::TOKEN_BYTES) }), "identity"),
            with("id", Value::Null),
            with("id", json!("")),
            with("id", json!(7)),
            with("id", json!("7\u{0}")),
            with("id", json!(long(limits::ID_BYTES))),
            with("expiresAt", Value::Null),
            with("expiresAt", json!("1")),
            with("expiresAt", json!(1.5)),
            with("expiresAt", json!(0)),
            with("hmac", Value::Null),
            with("hmac", json!("")),
            with("hmac", json!("0a".repeat(31))),
            with("hmac", json!("0a".repeat(33))),
            with("hmac", json!(format!("{}0", "0a".repeat(31)))),
            with("hmac", json!(format!("+a{}", "0a".repeat(31)))),
            with("hmac", json!(format!("é{}", "0a".repeat(31)))),
        ],
    );
}
