use std::sync::Arc;

use switchboard::{
    hub::{Commit, DeadlineOp, Guard, NewChange, Outcome, Rate, Since, Unique},
    model::SessionId,
};

use super::support::{ALL, Bench, agent, draft, session};

const WINDOW_MS: u64 = 10_000;

fn unique() -> Option<Unique> {
    Some(Unique {
        key: "visitor".into(),
        window_ms: WINDOW_MS,
        since: Since::Activity,
        shared: false,
    })
}

fn start(bench: &Bench) -> (SessionId, Commit) {
    let new = session(&bench.workspace);
    let commit = Commit {
        unique: unique(),
        ..bench.starts(&new)
    };
    (new.id, commit)
}

pub async fn a_guest_has_one_session_within_its_window(bench: &Bench) {
    let (first, commit) = start(bench);
    bench.commit(commit).await;
    let again = start(bench).1;
    let exists = Outcome::Exists(first.clone());
    assert_eq!(bench.refused(again.clone()).await, exists);
    let own = Commit {
        unique: unique(),
        ..bench.says(&first, "its own")
    };
    bench.commit(own).await;

    let other_guest = Commit {
        unique: Some(Unique {
            key: "other".into(),
            window_ms: WINDOW_MS,
            since: Since::Activity,
            shared: false,
        }),
        ..start(bench).1
    };
    bench.commit(other_guest).await;
    let elsewhere = session(&bench.neighbour(true));
    let elsewhere = Commit {
        unique: unique(),
        ..bench.starts(&elsewhere)
    };
    bench.commit(elsewhere).await;

    bench.trouble.pass(WINDOW_MS - 1).await;
    assert_eq!(bench.refused(again.clone()).await, exists);
    bench.say(&first, "still here").await;
    bench.trouble.pass(WINDOW_MS - 1).await;
    assert_eq!(bench.refused(again.clone()).await, exists);

    bench.trouble.pass(2).await;
    bench.commit(again.clone()).await;
    let next = start(bench).1;
    let holder = Outcome::Exists(again.session.unwrap());
    assert_eq!(bench.refused(next).await, holder);
}

pub async fn a_guest_has_another_session_after_the_end(bench: &Bench) {
    let (first, commit) = start(bench);
    bench.commit(commit).await;
    bench.commit(bench.ends(&first)).await;
    let (second, commit) = start(bench);
    bench.commit(commit).await;
    assert_eq!(
        bench.refused(start(bench).1).await,
        Outcome::Exists(second.clone())
    );
    bench.trouble.lose(bench.partition()).await;
    bench.commit(start(bench).1).await;
}

pub async fn of_eight_starts_of_one_guest_one_wins(bench: &Bench) {
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let (hub, (id, commit)) = (Arc::clone(&bench.hub), start(bench));
            tokio::spawn(async move { (id, hub.commit(commit).await) })
        })
        .collect();
    let (mut won, mut told) = (Vec::new(), Vec::new());
    for start in starts {
        match start.await.unwrap() {
            (id, Outcome::Committed(_)) => won.push(id),
            (_, Outcome::Exists(holder)) => told.push(holder),
            (_, other) => panic!("{other:?}"),
        }
    }
    assert_eq!((won.len(), told.len()), (1, 7));
    assert!(told.iter().all(|holder| *holder == won[0]));
}

fn rated(bench: &Bench, id: &SessionId, key: &str) -> Commit {
    Commit {
        rate: Some(Rate {
            key: key.into(),
            max: 3,
            window_ms: WINDOW_MS,
        }),
        ..bench.says(id, "rated")
    }
}

pub async fn a_rate_admits_so_many_in_its_window(bench: &Bench) {
    let id = bench.start().await;
    for round in 0..2 {
        bench.commit(rated(bench, &id, "guest")).await;
        bench.trouble.pass(4_000).await;
        for _ in 0..2 {
            bench.commit(rated(bench, &id, "guest")).await;
        }
        let late = rated(bench, &id, "guest");
        for left in [6_000, 5_000, 1] {
            let outcome = bench.refused(late.clone()).await;
            let Outcome::Limited { retry_after_ms } = outcome else {
                panic!("{outcome:?} in round {round}");
            };
            assert_eq!(retry_after_ms, left, "in round {round}");
            bench
                .trouble
                .pass(if left == 6_000 { 1_000 } else { left - 1 })
                .await;
        }
        bench.commit(rated(bench, &id, "another guest")).await;
        bench.trouble.pass(1).await;
        bench.commit(late).await;
        bench.trouble.pass(WINDOW_MS).await;
    }
}

pub async fn a_rate_is_charged_by_what_was_committed_alone(bench: &Bench) {
    let id = bench.start().await;
    let first = rated(bench, &id, "guest");
    bench.commit(first.clone()).await;
    for _ in 0..5 {
        bench.duplicate(&first).await;
        let conflicting = Commit {
            guard: Guard::Version(9),
            ..rated(bench, &id, "guest")
        };
        assert_eq!(bench.refused(conflicting).await, Outcome::Conflict);
        let undue = Commit {
            deadlines: vec![DeadlineOp::Due {
                name: "none".into(),
            }],
            ..rated(bench, &id, "guest")
        };
        assert_eq!(bench.refused(undue).await, Outcome::Conflict);
    }
    bench.commit(rated(bench, &id, "guest")).await;
    bench.commit(rated(bench, &id, "guest")).await;
    let one_more = rated(bench, &id, "guest");
    let outcome = bench.refused(one_more.clone()).await;
    let limited = Outcome::Limited {
        retry_after_ms: WINDOW_MS,
    };
    assert_eq!(outcome, limited);
    assert_eq!(bench.refused(one_more).await, limited);
}

fn set(bench: &Bench, name: &str, at: u64) -> Commit {
    let name = name.into();
    Commit {
        deadlines: vec![DeadlineOp::Set {
            name,
            at,
            only_on: None,
        }],
        ..bench.commit_of(None, Guard::Any)
    }
}

fn due(bench: &Bench, name: &str) -> Commit {
    let name = name.into();
    Commit {
        deadlines: vec![DeadlineOp::Due { name }],
        append: vec![draft(NewChange::OperatorOffline { agent: agent("1") })],
        ..bench.commit_of(None, Guard::Any)
    }
}

async fn listed(bench: &Bench, at: u64) -> Vec<(String, u64)> {
    let due = bench.hub.due(bench.partition(), at, ALL).await.unwrap();
    due.into_iter().map(|due| (due.name, due.at)).collect()
}

pub async fn p9_a_deadline_is_due_once(bench: &Bench) {
    for n in 0..20 {
        bench.commit(set(bench, "leave", bench.now())).await;
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let (hub, commit) = (Arc::clone(&bench.hub), due(bench, "leave"));
                tokio::spawn(async move { hub.commit(commit).await })
            })
            .collect();
        let mut done = 0;
        for racer in racers {
            match racer.await.unwrap() {
                Outcome::Committed(_) => done += 1,
                outcome => assert_eq!(outcome, Outcome::Conflict),
            }
        }
        assert_eq!(done, 1);
        assert_eq!(bench.read(&bench.feed()).await.len(), n + 1);
        assert_eq!(listed(bench, u64::MAX).await, []);
    }
}

pub async fn a_deadline_waits_for_its_time(bench: &Bench) {
    let now = bench.now();
    for (name, after) in [("later", 2_000), ("soon", 1_000), ("at once", 0)] {
        bench.commit(set(bench, name, now + after)).await;
    }
    let names = async |at: u64| {
        let listed = listed(bench, at).await;
        let names: Vec<_> = listed.into_iter().map(|(name, _)| name).collect();
        names.join(", ")
    };
    assert_eq!(names(now - 1).await, "");
    assert_eq!(names(now).await, "at once");
    assert_eq!(names(now + 1_999).await, "at once, soon");
    assert_eq!(names(u64::MAX).await, "at once, soon, later");
    let limited = bench.hub.due(bench.partition(), u64::MAX, 2).await.unwrap();
    assert_eq!(limited.len(), 2);
    assert_eq!(limited[1].name, "soon");

    let early = due(bench, "soon");
    assert_eq!(bench.refused(early.clone()).await, Outcome::Conflict);
    bench.trouble.pass(999).await;
    assert_eq!(bench.refused(early.clone()).await, Outcome::Conflict);
    bench.trouble.pass(1).await;
    bench.commit(early).await;
    assert_eq!(names(u64::MAX).await, "at once, later");
    let gone = due(bench, "soon");
    assert_eq!(bench.refused(gone).await, Outcome::Conflict);
}

pub async fn a_deadline_is_moved_and_cleared(bench: &Bench) {
    let now = bench.now();
    bench.commit(set(bench, "a", now)).await;
    bench.commit(set(bench, "a", now + 5_000)).await;
    bench.commit(set(bench, "b", now)).await;
    assert_eq!(listed(bench, u64::MAX).await.len(), 2);
    assert_eq!(bench.refused(due(bench, "a")).await, Outcome::Conflict);
    bench.commit(set(bench, "a", now)).await;
    bench.commit(due(bench, "a")).await;

    let name = "b".to_owned();
    let clear = Commit {
        deadlines: vec![DeadlineOp::Clear { name }],
        ..bench.commit_of(None, Guard::Any)
    };
    bench.commit(clear).await;
    assert_eq!(listed(bench, u64::MAX).await, []);
    assert_eq!(bench.refused(due(bench, "b")).await, Outcome::Conflict);
}

pub async fn a_deadline_is_of_its_workspace(bench: &Bench) {
    let other = bench.neighbour(true);
    bench.commit(set(bench, "leave", bench.now())).await;
    let elsewhere = |commit: Commit| Commit {
        workspace: other.clone(),
        ..commit
    };
    let foreign = elsewhere(due(bench, "leave"));
    assert_eq!(bench.refused(foreign).await, Outcome::Conflict);
    bench
        .commit(elsewhere(set(bench, "leave", bench.now() - 1)))
        .await;
    let both = bench.hub.due(bench.partition(), bench.now(), ALL).await;
    let owners: Vec<_> = both.unwrap().into_iter().map(|due| due.workspace).collect();
    assert_eq!(owners, [other, bench.workspace.clone()]);
    bench.commit(due(bench, "leave")).await;
    assert_eq!(listed(bench, u64::MAX).await.len(), 1);
    for partition in switchboard::model::Partition::all() {
        if partition != bench.partition() {
            assert_eq!(bench.hub.due(partition, u64::MAX, ALL).await.unwrap(), []);
        }
    }
}
