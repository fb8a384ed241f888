use serde_json::json;

use super::*;
use crate::model::MessageId;

const MESSAGE: &str = "018bcfe5-6800-7000-8000-000000000001";

/// As an operator says it, who has to name the session.
fn of_session(mut payload: Value) -> Value {
    payload["sessionId"] = json!("s");
    payload
}

/// Refused to both sides alike.
fn both_refused(name: &str, cases: &[(Value, &'static str)]) {
    refused(Audience::Guest, &format!("guest:{name}"), cases);
    let cases: Vec<_> = cases
        .iter()
        .map(|(payload, field)| (of_session(payload.clone()), *field))
        .collect();
    refused(Audience::Operator, &format!("staff:{name}"), &cases);
}

#[test]
fn typing_is_on_or_off() {
    for on in [true, false] {
        let payload = json!({"isTyping": on});
        let heard = guest("guest:typing", payload.clone());
        assert_eq!(heard, Ok(GuestCommand::Typing { on }));
        let session = SessionId::new("s");
        assert_eq!(
            staff("staff:typing", of_session(payload)),
            Ok(StaffCommand::Typing { session, on })
        );
    }
    both_refused(
        "typing",
        &[
            (json!({}), "isTyping"),
            (json!({"isTyping": null}), "isTyping"),
            (json!({"isTyping": "true"}), "isTyping"),
            (json!({"isTyping": 1}), "isTyping"),
        ],
    );
}

#[test]
fn receipts_say_up_to_where() {
    let last = (1_u64 << 53) - 1;
    for (name, receipt) in [("read", Receipt::Read), ("delivered", Receipt::Delivered)] {
        for seq in [1, 7, last] {
            let payload = json!({"seq": seq});
            let heard = guest(&format!("guest:{name}"), payload.clone());
            assert_eq!(heard, Ok(GuestCommand::Receipt { receipt, seq }));
            let session = SessionId::new("s");
            let said = StaffCommand::Receipt {
                session,
                receipt,
                seq,
            };
            assert_eq!(
                staff(&format!("staff:{name}"), of_session(payload)),
                Ok(said)
            );
        }
        both_refused(
            name,
            &[
                (json!({}), "seq"),
                (json!({"seq": null}), "seq"),
                (json!({"seq": 0}), "seq"),
                (json!({"seq": -1}), "seq"),
                (json!({"seq": 1.5}), "seq"),
                (json!({"seq": "1"}), "seq"),
                (json!({"seq": last + 1}), "seq"),
            ],
        );
    }
}

fn reaction(emoji: &str, on: bool) -> React {
    React {
        message: MessageId(MESSAGE.parse().unwrap()),
        emoji: emoji.into(),
        on,
    }
}

#[test]
fn both_sides_react_with_one_emoji() {
    // Plain; a flag; with a skin tone; a family; a key cap.
    for emoji in ["👍", "🇩🇪", "👋🏽", "👨‍👩‍👧‍👦", "1️⃣"] {
        for on in [true, false] {
            let payload = json!({"messageId": MESSAGE, "emoji": emoji, "on": on});
            let react = reaction(emoji, on);
            let heard = guest("message:react", payload.clone());
            assert_eq!(heard, Ok(GuestCommand::React(react.clone())), "{emoji}");
            let anywhere = StaffCommand::React {
                session: None,
                react: react.clone(),
            };
            assert_eq!(staff("message:react", payload.clone()), Ok(anywhere));
            let session = Some(SessionId::new("s"));
            assert_eq!(
                staff("message:react", of_session(payload)),
                Ok(StaffCommand::React { session, react })
            );
        }
    }
}

/// Keyboards write some with and some without the sign that asks for the picture.
#[test]
fn one_emoji_has_one_form() {
    for written in ["\u{2764}", "\u{2764}\u{fe0f}"] {
        let payload = json!({"messageId": MESSAGE, "emoji": written, "on": true});
        let heard = guest("message:react", payload);
        let expected = reaction("\u{2764}\u{fe0f}", true);
        assert_eq!(heard, Ok(GuestCommand::React(expected)));
    }
}

#[test]
fn every_emoji_fits() {
    let tones = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten();
    let all = emojis::iter().flat_map(|emoji| std::iter::once(emoji).chain(tones(emoji)));
    for emoji in all {
        let text = emoji.as_str();
        let payload = json!({"messageId": MESSAGE, "emoji": text, "on": true});
        let heard = guest("message:react", payload);
        assert_eq!(heard, Ok(GuestCommand::React(reaction(text, true))));
    }
}

#[test]
fn reactions_name_what_is_wrong() {
    let of = |message: Value, emoji: Value, on: Value| json!({"messageId": message, "emoji": emoji, "on": on});
    let by_field = |field| move |payload| (payload, field);
    let messages = [
        Value::Null,
        json!(1),
        json!(""),
        json!("s"),
        json!("018bcfe5680070008000000000000001"),
        long(limits::ID_BYTES),
    ];
    let emojis = [
        Value::Null,
        json!(1),
        json!(""),
        json!("ok"),
        json!("👍👍"),
        json!(" 👍"),
        json!("👍\u{0}"),
        long(limits::EMOJI_BYTES),
    ];
    let ons = [Value::Null, json!(1), json!("true")];
    let cases: Vec<_> = messages
        .map(|message| of(message, json!("👍"), json!(true)))
        .map(by_field("messageId"))
        .into_iter()
        .chain(
            emojis
                .map(|emoji| of(json!(MESSAGE), emoji, json!(true)))
                .map(by_field("emoji")),
        )
        .chain(
            ons.map(|on| of(json!(MESSAGE), json!("👍"), on))
                .map(by_field("on")),
        )
        .collect();
    for audience in [Audience::Guest, Audience::Operator] {
        refused(audience, "message:react", &cases);
    }
    let mut elsewhere = of(json!(MESSAGE), json!("👍"), json!(true));
    elsewhere["sessionId"] = json!(7);
    assert!(guest("message:react", elsewhere.clone()).is_ok());
    refused(
        Audience::Operator,
        "message:react",
        &[(elsewhere, "sessionId")],
    );
}
