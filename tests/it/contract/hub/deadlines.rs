//! What a deadline does for a commit, beside being due.

use std::sync::Arc;

use switchboard::{
    hub::{
        Commit, DeadlineOp, Draft, Edge, Guard, NewChange, Outcome, Presence, PresenceOp, Subject,
    },
    model::{Millis, OperatorId, Sid},
};

use super::support::{ALL, Bench, agent, draft, enter};

fn with(bench: &Bench, op: DeadlineOp) -> Commit {
    Commit {
        deadlines: vec![op],
        append: vec![draft(NewChange::OperatorOffline { agent: agent("1") })],
        ..bench.commit_of(None, Guard::Any)
    }
}

fn set(at: Millis, only_on: Option<Edge>) -> DeadlineOp {
    DeadlineOp::Set {
        name: "x".into(),
        at,
        only_on,
    }
}

fn due() -> DeadlineOp {
    DeadlineOp::Due { name: "x".into() }
}

fn take(at: Millis) -> DeadlineOp {
    let name = "x".into();
    DeadlineOp::Take { name, at }
}

fn part() -> DeadlineOp {
    DeadlineOp::While { name: "x".into() }
}

/// As pods hear of it: with whatever else of the partition has run out.
async fn told(bench: &Bench, now: Millis) -> Vec<(String, Millis)> {
    let expired = bench
        .hub
        .expired(bench.partition(), now, ALL)
        .await
        .unwrap();
    let mine = |deadline: &switchboard::hub::Deadline| deadline.workspace == bench.workspace;
    let deadlines = expired.deadlines.into_iter().filter(mine);
    deadlines.map(|it| (it.name, it.at)).collect()
}

pub async fn a_deadline_is_set_on_its_edge(bench: &Bench) {
    let [a, b] = [(); 2].map(|()| Presence {
        workspace: bench.workspace.clone(),
        subject: Subject::Operator(OperatorId::new("1")),
        sid: Sid::draw(bench.partition()),
    });
    let does = async |op: PresenceOp, at: Millis| {
        let online = Draft {
            only_on: Some(Edge::Online),
            ..draft(NewChange::OperatorOnline { agent: agent("1") })
        };
        let commit = Commit {
            presence: Some(op),
            deadlines: vec![set(at, Some(Edge::Offline))],
            append: vec![online],
            ..bench.commit_of(None, Guard::Any)
        };
        bench.commit(commit).await;
        told(bench, Millis::MAX).await
    };
    let at = |at| vec![("x".to_owned(), at)];
    assert_eq!(does(enter(a.clone()), 1).await, []);
    assert_eq!(does(enter(b.clone()), 2).await, []);
    assert_eq!(does(PresenceOp::Leave(a.clone()), 3).await, []);
    assert_eq!(does(PresenceOp::Leave(b), 4).await, at(4));
    assert_eq!(does(enter(a.clone()), 5).await, at(4), "of another edge");
    assert_eq!(
        does(PresenceOp::Leave(a.clone()), 6).await,
        at(6),
        "moved by the next"
    );
    assert_eq!(
        does(PresenceOp::Leave(a), 7).await,
        at(6),
        "no edge, no deadline"
    );
}

pub async fn they_are_told_when_they_are_due(bench: &Bench) {
    let at = bench.now() + 1_000;
    bench.commit(with(bench, set(at, None))).await;
    assert_eq!(told(bench, at - 1).await, []);
    for _ in 0..2 {
        assert_eq!(
            told(bench, at).await,
            [("x".to_owned(), at)],
            "until it is done"
        );
    }
    bench.trouble.pass(1_000).await;
    bench.commit(with(bench, due())).await;
    assert_eq!(told(bench, at).await, []);
    let other = with(bench, set(at, None));
    let name = "a:b{c}".to_owned();
    let odd = Commit {
        deadlines: vec![DeadlineOp::Set {
            name: name.clone(),
            at,
            only_on: None,
        }],
        ..other
    };
    bench.commit(odd).await;
    assert_eq!(told(bench, at).await, [(name, at)]);
}

pub async fn a_deadline_is_taken_due_or_not(bench: &Bench) {
    for passes in [0, 1_000] {
        let at = bench.now() + 1_000;
        assert_eq!(
            bench.refused(with(bench, take(at))).await,
            Outcome::Conflict
        );
        bench.commit(with(bench, set(at, None))).await;
        bench.trouble.pass(passes).await;
        for other in [at - 1, at + 1, 0] {
            let moved = with(bench, take(other));
            assert_eq!(bench.refused(moved).await, Outcome::Conflict);
        }
        let taken = with(bench, take(at));
        let first = bench.commit(taken.clone()).await;
        assert_eq!(bench.duplicate(&taken).await.stamped, first.stamped);
        assert_eq!(told(bench, Millis::MAX).await, []);
        for late in [take(at), due(), part()] {
            assert_eq!(bench.refused(with(bench, late)).await, Outcome::Conflict);
        }
    }
}

pub async fn parts_of_an_effect_leave_the_deadline(bench: &Bench) {
    assert_eq!(bench.refused(with(bench, part())).await, Outcome::Conflict);
    let at = bench.now() + 1_000;
    bench.commit(with(bench, set(at, None))).await;
    assert_eq!(
        bench.refused(with(bench, part())).await,
        Outcome::Conflict,
        "not yet"
    );
    bench.trouble.pass(1_000).await;
    for _ in 0..3 {
        bench.commit(with(bench, part())).await;
        assert_eq!(told(bench, at).await, [("x".to_owned(), at)]);
    }
    bench.commit(with(bench, due())).await;
    assert_eq!(
        bench.refused(with(bench, part())).await,
        Outcome::Conflict,
        "it is over"
    );
}

/// An answer and the end of the time for it, at the same moment.
pub async fn p9_of_an_end_and_the_other_one_happens(bench: &Bench) {
    let mut ends = [0, 0];
    for _ in 0..100 {
        let before = bench.top().await.at;
        bench.commit(with(bench, set(bench.now(), None))).await;
        let racers: Vec<_> = [due(), take(bench.now())]
            .into_iter()
            .map(|op| {
                let (hub, commit) = (Arc::clone(&bench.hub), with(bench, op));
                tokio::spawn(async move { hub.commit(commit).await })
            })
            .collect();
        let mut happened = 0;
        for (end, racer) in ends.iter_mut().zip(racers) {
            match racer.await.unwrap() {
                Outcome::Committed(_) => (happened, *end) = (happened + 1, *end + 1),
                outcome => assert_eq!(outcome, Outcome::Conflict),
            }
        }
        assert_eq!(happened, 1);
        let entries = bench.read_after(&bench.feed(), before).await.0;
        assert_eq!(entries.len(), 2, "it was set, and it ended");
        assert_eq!(told(bench, Millis::MAX).await, []);
    }
    assert_eq!(ends[0] + ends[1], 100, "{ends:?}");
}
