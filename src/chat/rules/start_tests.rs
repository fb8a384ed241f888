use super::*;
use crate::model::Status;
use crate::{
    chat::rules::cases::{dedup, guest as someone, id},
    hub::{PresenceOp, Subject},
};

fn named(name: &str) -> WorkspaceId {
    WorkspaceId::new(name)
}

#[test]
fn a_session_is_started_in_the_workspace_of_the_page_unless_another_is_named() {
    for (wanted, expected) in [(None, "default"), (Some("shop"), "shop")] {
        let start = Start {
            workspace: wanted.map(named),
            ..Start::default()
        };
        assert_eq!(*workspace(&someone(None), &start), named(expected));
    }
}

#[test]
fn p5_only_a_verified_token_and_the_own_socket_name_a_session() {
    let resume = |workspace: &str, session: &str, since| Resume {
        workspace: named(workspace),
        session: id(session),
        since,
    };
    let shop = |session: &str| resume("shop", session, 4);
    let here = |session: &str| resume("default", session, 0);
    let cases = [
        (None, None, "default", vec![]),
        (Some("mine"), None, "default", vec![here("mine")]),
        (None, Some(shop("token")), "default", vec![shop("token")]),
        (
            Some("mine"),
            Some(shop("token")),
            "default",
            vec![shop("token"), here("mine")],
        ),
        (
            Some("mine"),
            Some(here("mine")),
            "default",
            vec![here("mine")],
        ),
        // The socket's own session is of the workspace that it was in.
        (Some("mine"), None, "shop", vec![]),
    ];
    for (own, resume, wanted, expected) in cases {
        let start = Start {
            resume: resume.clone(),
            token: Some("unverified".into()),
            ..Start::default()
        };
        let found = candidates(&someone(own), &start, &named(wanted));
        assert_eq!(found, expected, "{own:?} {resume:?} {wanted}");
    }
}

#[test]
fn a_new_session_waits() {
    let start = Start {
        name: Some("Zoe".into()),
        page: Some("/p".into()),
        ..Start::default()
    };
    let commit = begin(
        &someone(None),
        &named("shop"),
        super::guest(start),
        &dedup(),
        7,
    );
    assert_eq!(
        (commit.guard, commit.queue),
        (Guard::Absent, Some(QueueOp::Enter))
    );
    let session = commit.set.create.unwrap();
    assert_eq!(
        (&session.id, &session.workspace),
        (&SessionId::from_seed(&dedup()), &named("shop"))
    );
    assert_eq!(commit.session.as_ref(), Some(&session.id));
    assert_eq!(session.status, Status::Waiting);
    assert_eq!(
        (session.created_at, session.last_activity, session.last_seq),
        (7, 7, 0)
    );
    assert_eq!(session.guest.name.as_deref(), Some("Zoe"));
    assert_eq!(session.guest.page.as_deref(), Some("/p"));
    let [entry] = commit.append.as_slice() else {
        panic!("one entry")
    };
    assert!(matches!(entry.change, NewChange::Started));
    let Some(PresenceOp::Enter { presence, .. }) = commit.presence else {
        panic!("is present")
    };
    assert_eq!(presence.subject, Subject::Guest(session.id));
    assert_eq!(
        presence.workspace,
        named("shop"),
        "not the one of the socket"
    );
}

#[test]
fn one_request_is_one_session() {
    let begun = |request: &str| {
        let request = DedupId::new(request);
        begin(
            &someone(None),
            &named("default"),
            Guest::default(),
            &request,
            0,
        )
        .session
    };
    assert_eq!(begun("r1"), begun("r1"));
    assert_ne!(begun("r1"), begun("r2"));
}

#[test]
fn who_comes_back_is_present_and_changes_nothing() {
    let commit = rejoin(&someone(None), &named("shop"), &id("s"), &dedup());
    assert_eq!((commit.guard, commit.session), (Guard::Open, Some(id("s"))));
    assert!(commit.append.is_empty() && commit.queue.is_none() && commit.set.status.is_none());
    let Some(PresenceOp::Enter { presence, .. }) = commit.presence else {
        panic!("is present")
    };
    assert_eq!(
        (presence.workspace, presence.subject),
        (named("shop"), Subject::Guest(id("s")))
    );
}

#[test]
fn p5_who_only_says_a_name_is_alone_in_the_session_and_staff_is_told() {
    let commit = come_back(&someone(None), &named("shop"), &id("s"), &dedup());
    assert_eq!((commit.guard, commit.alone), (Guard::Open, true));
    assert_eq!(commit.set.unverified, Some(true));
    assert!(matches!(&commit.append[..], [it] if matches!(it.change, NewChange::Returned)));
    assert!(matches!(commit.presence, Some(PresenceOp::Enter { .. })));
}

const BY_NAME: Option<(Millis, Since)> = Some((7, Since::Activity));

fn known(name: Option<&str>, email: Option<&str>, identity: Option<&str>) -> Guest {
    Guest {
        name: name.map(str::to_owned),
        email: email.map(str::to_owned),
        identity: identity.map(str::to_owned),
        ..Guest::default()
    }
}

#[test]
fn p6_a_guest_is_known_by_name_and_address() {
    let of = |name: Option<&str>, email: Option<&str>| {
        let unique = unique(&known(name, email, None), BY_NAME)?;
        assert_eq!((unique.window_ms, unique.since), (7, Since::Activity));
        assert!(!unique.shared, "nobody proves anything");
        Some(unique.key)
    };
    for (name, email) in [
        (None, None),
        (Some("Zoe"), None),
        (None, Some("z@x.test")),
        (Some("Zoe"), Some("  ")),
        (Some(" "), Some("z@x.test")),
    ] {
        assert_eq!(of(name, email), None, "{name:?} {email:?}");
    }
    let zoe = of(Some("Zoe"), Some("z@x.test"));
    assert!(zoe.is_some());
    assert_eq!(zoe, of(Some(" zoe "), Some("Z@X.test")));
    for (name, email) in [
        ("Zoe", "y@x.test"),
        ("Zo", "ez@x.test"),
        ("Zoe:z", "@x.test"),
    ] {
        assert_ne!(zoe, of(Some(name), Some(email)));
    }
    let zoe = known(Some("Zoe"), Some("z@x.test"), None);
    assert!(unique(&zoe, None).is_none(), "switched off");
}

#[test]
fn p6_a_verified_guest_is_known_by_its_id_alone() {
    let of = |guest: Guest, by_name| unique(&guest, by_name).unwrap();
    let seven = of(known(Some("Zoe"), Some("z@x.test"), Some("7")), BY_NAME);
    for same in [
        of(known(None, None, Some("7")), BY_NAME),
        of(known(Some("Ann"), Some("a@x.test"), Some("7")), None),
    ] {
        assert_eq!(same.key, seven.key);
    }
    assert!(seven.shared, "on several devices");
    assert_eq!((seven.window_ms, seven.since), (ALWAYS, Since::Creation));
    let keys = [
        known(None, None, Some("8")),
        known(None, None, Some("7 ")),
        known(None, None, Some("a")),
        known(None, None, Some("A")),
        known(None, None, Some("7:zoe:z@x.test")),
        known(None, None, Some("3:zoe:z@x.test")),
        known(None, None, Some("verified:7")),
        // Names that look like the key of an id.
        known(Some("Zoe"), Some("z@x.test"), None),
        known(Some("verified"), Some("7"), None),
        known(Some("verified:7"), Some("7"), None),
        known(Some("7"), Some("7"), None),
    ];
    let keys = keys.map(|guest| of(guest, BY_NAME).key);
    let mut all: Vec<_> = keys.iter().chain([&seven.key]).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), keys.len() + 1, "no two are one");
}

#[test]
fn p5_an_identity_and_a_session_belong_together_or_do_not_meet() {
    let of = |identity: Option<&str>| Session {
        guest: known(Some("Zoe"), Some("z@x.test"), identity),
        ..crate::chat::rules::cases::session(Status::Active)
    };
    for (asks, whose, may) in [
        (None, None, true),
        // By its token, which was given to it.
        (None, Some("7"), true),
        (Some("7"), Some("7"), true),
        (Some("7"), Some("8"), false),
        (Some("7"), None, false),
        (Some("7"), Some("7 "), false),
    ] {
        let start = Start {
            name: Some("Zoe".into()),
            email: Some("z@x.test".into()),
            identity: asks.map(str::to_owned),
            ..Start::default()
        };
        assert_eq!(may_go_on(&start, &of(whose)), may, "{asks:?} {whose:?}");
    }
}

#[test]
fn p5_an_id_is_of_somebody_else_in_another_workspace() {
    let shop = Resume {
        workspace: named("shop"),
        session: id("token"),
        since: 0,
    };
    for (identity, wanted, found) in [
        (None, "default", true),
        (Some("7"), "default", false),
        (Some("7"), "shop", true),
    ] {
        let start = Start {
            resume: Some(shop.clone()),
            identity: identity.map(str::to_owned),
            ..Start::default()
        };
        let candidates = candidates(&someone(None), &start, &named(wanted));
        assert_eq!(candidates.contains(&shop), found, "{identity:?} {wanted}");
    }
}

#[test]
fn only_what_is_verified_becomes_the_identity_of_a_guest() {
    let start = Start {
        name: Some("Zoe".into()),
        proof: Some(crate::model::Proof::Token("7".into())),
        token: Some("7".into()),
        metadata: Some(serde_json::json!({"verified": true, "externalId": "7"})),
        ..Start::default()
    };
    assert_eq!(super::guest(start).identity, None);
}
