use serde_json::json;

use super::*;

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
            (
                json!({"cursor": long(super::super::operator::CURSOR_BYTES)}),
                "cursor",
            ),
            (json!({"limit": 0}), "limit"),
            (json!({"limit": limits::SESSIONS_MAX + 1}), "limit"),
        ],
    );
}

#[test]
fn an_operator_is_online_or_away() {
    for (status, away) in [("online", false), ("away", true)] {
        let told = staff("staff:status", json!({"status": status}));
        assert_eq!(told, Ok(StaffCommand::Status { away }));
    }
    refused(
        Audience::Operator,
        "staff:status",
        &[
            (json!({}), "status"),
            (json!({"status": null}), "status"),
            (json!({"status": "offline"}), "status"),
            (json!({"status": "Away"}), "status"),
            (json!({"status": true}), "status"),
        ],
    );
}

#[test]
fn operators_are_asked_for_without_a_word() {
    let asked = staff("staff:operators", json!({}));
    assert_eq!(asked, Ok(StaffCommand::Operators));
    let bare = decode(Audience::Operator, "staff:operators", None);
    assert_eq!(bare, Ok(Command::Staff(StaffCommand::Operators)));
}
