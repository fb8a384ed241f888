//! Who may go on with a session: one alone, and its guest within a window.

use std::sync::Arc;

use switchboard::{
    hub::{Commit, Edge, Guard, Outcome, Presence, PresenceOp, Since, Subject, Unique},
    model::{Session, SessionId, Sid},
};

use super::support::{Bench, enter, session};

const WINDOW_MS: u64 = 10_000;

fn someone(bench: &Bench, id: &SessionId) -> Presence {
    Presence {
        workspace: bench.workspace.clone(),
        subject: Subject::Guest(id.clone()),
        sid: Sid::draw(bench.partition()),
    }
}

fn comes(bench: &Bench, presence: &Presence, alone: bool) -> Commit {
    let Subject::Guest(id) = &presence.subject else {
        panic!("a guest")
    };
    Commit {
        presence: Some(enter(presence.clone())),
        alone,
        ..bench.says(id, "here I am")
    }
}

async fn goes(bench: &Bench, presence: &Presence) {
    let commit = Commit {
        presence: Some(PresenceOp::Leave(presence.clone())),
        ..bench.commit_of(None, Guard::Any)
    };
    bench.commit(commit).await;
}

pub async fn p6_who_wants_to_be_alone_finds_nobody_there(bench: &Bench) {
    let id = bench.start().await;
    let [a, b] = [someone(bench, &id), someone(bench, &id)];
    let first = comes(bench, &a, true);
    assert_eq!(bench.commit(first.clone()).await.edge, Edge::Online);
    assert_eq!(
        bench.refused(comes(bench, &b, true)).await,
        Outcome::Conflict
    );
    // Itself is nobody else, and who does not ask to be alone is not.
    let again = comes(bench, &a, true);
    assert_eq!(bench.commit(again).await.edge, Edge::Unchanged);
    assert_eq!(
        bench.commit(comes(bench, &b, false)).await.edge,
        Edge::Unchanged
    );
    assert_eq!(
        bench.refused(comes(bench, &a, true)).await,
        Outcome::Conflict
    );
    // Who was alone when it came is told so whoever has come since.
    assert_eq!(bench.duplicate(&first).await.edge, Edge::Online);
    goes(bench, &a).await;
    let again = comes(bench, &b, true);
    assert_eq!(bench.commit(again).await.edge, Edge::Unchanged);
    goes(bench, &b).await;
    assert_eq!(
        bench.commit(comes(bench, &a, true)).await.edge,
        Edge::Online
    );
    let other = someone(bench, &bench.start().await);
    bench.commit(comes(bench, &other, true)).await;
}

pub async fn p6_of_eight_that_want_to_be_alone_one_is(bench: &Bench) {
    for _ in 0..20 {
        let id = bench.start().await;
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let (hub, it) = (Arc::clone(&bench.hub), someone(bench, &id));
                let commit = comes(bench, &it, true);
                tokio::spawn(async move { hub.commit(commit).await })
            })
            .collect();
        let mut alone = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Outcome::Committed(_) => alone += 1,
                outcome => assert_eq!(outcome, Outcome::Conflict),
            }
        }
        assert_eq!(alone, 1);
    }
}

fn named(bench: &Bench, since: Since, presence: Option<&Presence>) -> Commit {
    let new = Session {
        created_at: bench.now(),
        last_activity: bench.now(),
        ..session(&bench.workspace)
    };
    Commit {
        unique: Some(Unique {
            key: "visitor".into(),
            window_ms: WINDOW_MS,
            since,
            shared: false,
        }),
        presence: presence.cloned().map(enter),
        ..bench.starts(&new)
    }
}

async fn started(bench: &Bench) -> SessionId {
    let commit = named(bench, Since::Activity, None);
    let id = commit.session.clone().unwrap();
    bench.commit(commit).await;
    id
}

/// Who proves to be its guest finds it also while the guest is there by another device.
pub async fn p6_a_shared_session_is_found_with_its_guest_in_it(bench: &Bench) {
    let id = started(bench).await;
    bench
        .commit(comes(bench, &someone(bench, &id), false))
        .await;
    let exists = Outcome::Exists(id.clone());
    for since in [Since::Activity, Since::Creation] {
        let mut again = named(bench, since, Some(&someone(bench, &id)));
        let unique = again.unique.as_mut().unwrap();
        (unique.shared, unique.window_ms) = (true, 1 << 50);
        assert_eq!(bench.refused(again.clone()).await, exists, "{since:?}");
        bench.trouble.pass(WINDOW_MS * 2).await;
        assert_eq!(bench.refused(again).await, exists, "{since:?}");
    }
    bench.commit(bench.ends(&id)).await;
    let mut last = named(bench, Since::Creation, None);
    last.unique.as_mut().unwrap().shared = true;
    bench.commit(last).await;
}

pub async fn p6_a_session_with_its_guest_in_it_is_not_given_away(bench: &Bench) {
    let id = started(bench).await;
    let guest = someone(bench, &id);
    bench.commit(comes(bench, &guest, false)).await;
    // Where a start enters is not known before: to its own new session, or to the one that there is.
    let own = named(bench, Since::Activity, Some(&guest));
    assert_eq!(bench.refused(own).await, Outcome::Exists(id.clone()));
    let stranger = someone(bench, &id);
    goes(bench, &guest).await;
    let free = named(bench, Since::Activity, Some(&stranger));
    assert_eq!(bench.refused(free).await, Outcome::Exists(id.clone()));
    bench.commit(comes(bench, &guest, false)).await;
    for it in [None, Some(&stranger)] {
        // The key goes to the newer one, which takes what comes after.
        let other = named(bench, Since::Activity, it);
        let newer = other.session.clone().unwrap();
        bench.commit(other).await;
        let next = named(bench, Since::Activity, None);
        assert_eq!(bench.refused(next).await, Outcome::Exists(newer.clone()));
        let guest = someone(bench, &newer);
        bench.commit(comes(bench, &guest, false)).await;
    }
    assert_eq!(
        bench.session(&id).await.id,
        id,
        "it goes on without the key"
    );
}

pub async fn a_window_is_counted_from_activity_or_creation(bench: &Bench) {
    for (since, lasts) in [(Since::Activity, true), (Since::Creation, false)] {
        let id = started(bench).await;
        bench.trouble.pass(WINDOW_MS - 1).await;
        let next = named(bench, since, None);
        assert_eq!(
            bench.refused(next).await,
            Outcome::Exists(id.clone()),
            "{since:?}"
        );
        bench.say(&id, "still here").await;
        bench.trouble.pass(1).await;
        let next = named(bench, since, None);
        if lasts {
            let exists = Outcome::Exists(id.clone());
            assert_eq!(bench.refused(next.clone()).await, exists, "{since:?}");
            bench.trouble.pass(WINDOW_MS - 2).await;
            assert_eq!(bench.refused(next.clone()).await, exists, "{since:?}");
            bench.trouble.pass(1).await;
        }
        bench.commit(next).await;
        bench.trouble.pass(WINDOW_MS).await;
    }
}
