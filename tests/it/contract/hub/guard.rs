use std::sync::Arc;

use switchboard::{
    hub::{
        Commit, DeadlineOp, Guard, NewChange, Outcome, QueueOp, Rate, SessionPatch, Since, Unique,
    },
    model::{Guest, Session, Status},
};

use super::support::{Bench, agent, committed, draft, message, session};

/// What a guard leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Done,
    Absent,
    Gone,
    Conflict,
}

fn fate(outcome: &Outcome) -> Fate {
    match outcome {
        Outcome::Committed(_) => Fate::Done,
        Outcome::Absent => Fate::Absent,
        Outcome::Gone => Fate::Gone,
        Outcome::Conflict => Fate::Conflict,
        other => panic!("{other:?}"),
    }
}

pub async fn every_guard_in_every_state(bench: &Bench) {
    use Fate::{Absent, Conflict, Done, Gone};
    let table = [
        (Guard::Any, [Absent, Done, Done]),
        (Guard::Open, [Absent, Done, Gone]),
        (Guard::Absent, [Done, Conflict, Conflict]),
        (Guard::Version(1), [Absent, Done, Gone]),
        (Guard::Version(2), [Absent, Conflict, Gone]),
        (Guard::Version(0), [Absent, Conflict, Gone]),
    ];
    for (guard, fates) in table {
        for (state, expected) in fates.into_iter().enumerate() {
            let new = session(&bench.workspace);
            if state > 0 {
                bench.commit(bench.starts(&new)).await;
            }
            if state == 2 {
                bench.commit(bench.ends(&new.id)).await;
            }
            let create = (guard == Guard::Absent).then(|| Box::new(new.clone()));
            let deadlines = vec![DeadlineOp::Set {
                name: new.id.to_string(),
                at: 5,
                only_on: None,
            }];
            let commit = Commit {
                set: SessionPatch {
                    create,
                    guest: Some(named("changed")),
                    ..SessionPatch::default()
                },
                append: vec![message("guarded")],
                queue: Some(QueueOp::Enter),
                deadlines,
                ..bench.commit_of(Some(&new.id), guard)
            };
            let outcome = match expected {
                Done => bench.hub.commit(commit).await,
                _ => bench.refused(commit).await,
            };
            assert_eq!(fate(&outcome), expected, "{guard:?} in state {state}");
            if expected == Done {
                let now = bench.session(&new.id).await;
                assert_eq!((now.guest, now.last_seq), (named("changed"), 1));
                assert!(bench.place(&new.id).await.is_some());
            }
        }
    }
}

pub async fn what_a_guard_says_of_the_workspace(bench: &Bench) {
    for guard in [Guard::Any, Guard::Open] {
        let online = Commit {
            append: vec![draft(NewChange::OperatorOnline { agent: agent("1") })],
            ..bench.commit_of(None, guard)
        };
        bench.commit(online).await;
    }
    let outcome = bench.refused(bench.commit_of(None, Guard::Absent)).await;
    assert_eq!(outcome, Outcome::Conflict);
    let nothing = session(&bench.workspace).id;
    let nothing = bench.commit_of(Some(&nothing), Guard::Absent);
    assert_eq!(bench.refused(nothing).await, Outcome::Conflict);
}

pub async fn the_version_follows_status_and_agent_alone(bench: &Bench) {
    let id = bench.start().await;
    let version = async || bench.session(&id).await.version;
    assert_eq!(version().await, 1);

    bench.say(&id, "busy").await;
    let guest = SessionPatch {
        guest: Some(named("known by now")),
        ..SessionPatch::default()
    };
    bench.commit(bench.sets(&id, guest)).await;
    let queued = Commit {
        queue: Some(QueueOp::Enter),
        ..bench.commit_of(Some(&id), Guard::Version(1))
    };
    bench.commit(queued).await;
    assert_eq!(version().await, 1);

    let steps = [
        (Some(Status::Active), None),
        (None, Some(Some(agent("1")))),
        (Some(Status::Waiting), Some(None)),
        (Some(Status::Ended), None),
    ];
    for (n, (status, agent)) in (1..).zip(steps) {
        let set = SessionPatch {
            status,
            agent: agent.clone(),
            ..SessionPatch::default()
        };
        let commit = Commit {
            guard: Guard::Version(n),
            ..bench.sets(&id, set)
        };
        let written = bench.commit(commit).await;
        let now = bench.session(&id).await;
        assert_eq!((now.version, written.session.as_ref()), (n + 1, Some(&now)));
        assert_eq!(status.unwrap_or(now.status), now.status);
        assert_eq!(agent.unwrap_or(now.agent.clone()), now.agent);
    }
    assert_eq!(bench.session(&id).await.guest, named("known by now"));
}

/// Each of these would be refused by every check from the first on, in turn by one less.
pub async fn the_checks_come_in_their_order(bench: &Bench) {
    let unique = |key: &str| {
        Some(Unique {
            key: key.into(),
            window_ms: 60_000,
            since: Since::Activity,
            shared: false,
        })
    };
    let rate = Some(Rate {
        key: "used up".into(),
        max: 1,
        window_ms: 60_000,
    });
    let due = vec![DeadlineOp::Due {
        name: "never set".into(),
    }];
    let holder = bench.start().await;
    bench
        .commit(Commit {
            unique: unique("taken"),
            rate: rate.clone(),
            ..bench.says(&holder, "holds it")
        })
        .await;
    let id = bench.start().await;
    let first = bench.says(&id, "first");
    let written = bench.commit(first.clone()).await;

    let mut commit = Commit {
        unique: unique("taken"),
        guard: Guard::Version(99),
        deadlines: due,
        rate,
        ..first
    };
    assert_eq!(bench.duplicate(&commit).await.stamped, written.stamped);
    commit.dedup = switchboard::model::DedupId::draw();
    assert_eq!(
        bench.refused(commit.clone()).await,
        Outcome::Exists(holder.clone())
    );
    commit.unique = unique("free");
    commit.guard = Guard::Absent;
    assert_eq!(bench.refused(commit.clone()).await, Outcome::Conflict);

    bench.commit(bench.ends(&id)).await;
    commit.guard = Guard::Open;
    assert_eq!(bench.refused(commit.clone()).await, Outcome::Gone);
    commit.guard = Guard::Any;
    assert_eq!(bench.refused(commit.clone()).await, Outcome::Conflict);
    commit.deadlines = Vec::new();
    let limited = bench.refused(commit.clone()).await;
    assert!(
        matches!(limited, Outcome::Limited { .. }),
        "{limited:?} comes last"
    );
    commit.rate = None;
    bench.commit(commit).await;
}

pub async fn p9_of_sixteen_claims_one_wins(bench: &Bench) {
    let id = bench.start().await;
    let claims: Vec<_> = (0..16)
        .map(|n| {
            let agent = agent(&n.to_string());
            let set = SessionPatch {
                status: Some(Status::Active),
                agent: Some(Some(agent.clone())),
                ..SessionPatch::default()
            };
            let claim = Commit {
                guard: Guard::Version(1),
                append: vec![draft(NewChange::Assigned {
                    agent,
                    before: None,
                })],
                ..bench.sets(&id, set)
            };
            let chat = bench.says(&id, "meanwhile");
            let hub = Arc::clone(&bench.hub);
            tokio::spawn(async move {
                committed(hub.commit(chat).await);
                hub.commit(claim).await
            })
        })
        .collect();
    let mut winners = Vec::new();
    for claim in claims {
        match claim.await.unwrap() {
            Outcome::Committed(written) => winners.push(*written),
            outcome => assert_eq!(outcome, Outcome::Conflict),
        }
    }
    assert_eq!(winners.len(), 1);
    let now = bench.session(&id).await;
    let won = winners[0].session.as_ref().unwrap();
    assert_eq!(
        (&now.agent, now.version, now.status),
        (&won.agent, 2, Status::Active)
    );
    let entries = bench.read(&bench.log(&id)).await;
    let assigned = entries.iter().filter(|entry| entry.after.is_some());
    assert_eq!(assigned.count(), 2, "the start and one claim");
}

pub async fn of_eight_starts_one_wins(bench: &Bench) {
    let new = session(&bench.workspace);
    let starts: Vec<_> = (0..8)
        .map(|n| {
            let named = Session {
                guest: named(&n.to_string()),
                ..new.clone()
            };
            let start = bench.starts(&named);
            let hub = Arc::clone(&bench.hub);
            tokio::spawn(async move { hub.commit(start).await })
        })
        .collect();
    let mut winners = Vec::new();
    for start in starts {
        match start.await.unwrap() {
            Outcome::Committed(written) => winners.push(written.session),
            outcome => assert_eq!(outcome, Outcome::Conflict),
        }
    }
    assert_eq!(winners, [Some(bench.session(&new.id).await)]);
    assert_eq!(bench.read(&bench.feed()).await.len(), 1);
}

fn named(name: &str) -> Guest {
    Guest {
        name: Some(name.into()),
        ..Guest::default()
    }
}
