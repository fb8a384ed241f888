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
    let commit = begin(&someone(None), &named("shop"), start, &dedup(), 7);
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
            Start::default(),
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

#[test]
fn p6_an_identity_is_a_name_and_an_address() {
    let of = |name: Option<&str>, email: Option<&str>| {
        identity(&Start {
            name: name.map(str::to_owned),
            email: email.map(str::to_owned),
            ..Start::default()
        })
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
}
