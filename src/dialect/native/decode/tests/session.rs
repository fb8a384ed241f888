use serde_json::json;

use super::*;
use crate::model::OperatorId;

#[test]
fn staff_names_the_session() {
    let session = SessionId::new("s");
    let payload = json!({"sessionId": "s"});
    let commands = [
        (
            "staff:connect_to_session",
            StaffCommand::Connect {
                session: session.clone(),
            },
        ),
        (
            "staff:disconnect_from_session",
            StaffCommand::Leave {
                session: session.clone(),
            },
        ),
        ("staff:end_session", StaffCommand::End { session }),
    ];
    for (event, command) in commands {
        assert_eq!(staff(event, payload.clone()), Ok(command), "{event}");
    }
}

#[test]
fn a_session_that_is_not_named_is_refused() {
    let events = [
        "staff:connect_to_session",
        "staff:disconnect_from_session",
        "staff:transfer",
        "staff:transfer_answer",
        "staff:end_session",
        "staff:message",
        "staff:history",
        "staff:typing",
        "staff:delivered",
        "staff:read",
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
fn a_session_is_offered_and_the_offer_answered() {
    let session = SessionId::new("s");
    let offered = staff("staff:transfer", json!({"sessionId": "s", "agentId": "8"}));
    let to = OperatorId::new("8");
    let expected = StaffCommand::Transfer {
        session: session.clone(),
        to,
    };
    assert_eq!(offered, Ok(expected));
    for accept in [true, false] {
        let payload = json!({"sessionId": "s", "accept": accept});
        let session = session.clone();
        assert_eq!(
            staff("staff:transfer_answer", payload),
            Ok(StaffCommand::Answer { session, accept })
        );
    }
    let to_whom = [
        json!({"sessionId": "s"}),
        json!({"sessionId": "s", "agentId": null}),
        json!({"sessionId": "s", "agentId": 8}),
        json!({"sessionId": "s", "agentId": ""}),
        json!({"sessionId": "s", "agentId": "a\u{0}"}),
        json!({"sessionId": "s", "agentId": long(limits::ID_BYTES)}),
    ];
    refused(
        Audience::Operator,
        "staff:transfer",
        &to_whom.map(|payload| (payload, "agentId")),
    );
    let how = [
        json!({"sessionId": "s"}),
        json!({"sessionId": "s", "accept": null}),
        json!({"sessionId": "s", "accept": "yes"}),
        json!({"sessionId": "s", "accept": 1}),
    ];
    refused(
        Audience::Operator,
        "staff:transfer_answer",
        &how.map(|payload| (payload, "accept")),
    );
}
