use switchboard::{
    hub::{Commit, Edge, GIVEN_UP_MS, Guard, LeaseState, Presence, PresenceOp, Subject},
    model::{OperatorId, PodId, Sid},
};

use super::support::{ALL, Bench};

const TTL_MS: u64 = 10_000;

async fn renew(bench: &Bench, pod: &PodId) -> LeaseState {
    let renewed = bench.hub.renew_pod(pod, TTL_MS).await;
    renewed.unwrap()
}

async fn orphans(bench: &Bench) -> Vec<Presence> {
    bench.hub.orphans(ALL).await.unwrap()
}

/// Enters by this pod.
async fn joins(bench: &Bench, pod: &PodId) -> Presence {
    let presence = Presence {
        workspace: bench.workspace.clone(),
        subject: Subject::Operator(OperatorId::new("1")),
        sid: Sid::draw(bench.partition()),
    };
    let enters = PresenceOp::Enter {
        presence: presence.clone(),
        pod: Some(pod.clone()),
        name: None,
    };
    changes(bench, enters).await;
    presence
}

async fn changes(bench: &Bench, op: PresenceOp) -> Edge {
    let commit = Commit {
        presence: Some(op),
        ..bench.commit_of(None, Guard::Any)
    };
    bench.commit(commit).await.edge
}

pub async fn a_lease_is_held_while_renewed(bench: &Bench) {
    let [pod, other] = [PodId::draw(), PodId::draw()];
    assert_eq!(renew(bench, &pod).await, LeaseState::Held);
    let presence = joins(bench, &pod).await;
    for _ in 0..3 {
        bench.trouble.pass(TTL_MS - 1).await;
        assert_eq!(renew(bench, &other).await, LeaseState::Held);
        assert_eq!(renew(bench, &pod).await, LeaseState::Held);
        assert_eq!(orphans(bench).await, []);
    }
    bench.trouble.pass(TTL_MS).await;
    assert_eq!(orphans(bench).await, [presence]);
    assert_eq!(renew(bench, &pod).await, LeaseState::Lost);
    assert_eq!(renew(bench, &pod).await, LeaseState::Held, "a new one");
}

pub async fn p9_orphans_stay_until_they_have_left(bench: &Bench) {
    let [dead, living] = [PodId::draw(), PodId::draw()];
    renew(bench, &dead).await;
    let mut left_behind = Vec::new();
    for _ in 0..5 {
        left_behind.push(joins(bench, &dead).await);
    }
    bench.trouble.pass(TTL_MS - 1).await;
    renew(bench, &living).await;
    joins(bench, &living).await;
    assert_eq!(orphans(bench).await, []);
    bench.trouble.pass(1).await;
    while !left_behind.is_empty() {
        for _ in 0..2 {
            let listed = orphans(bench).await;
            assert_eq!(listed.len(), left_behind.len());
            assert!(listed.iter().all(|orphan| left_behind.contains(orphan)));
        }
        let some = bench.hub.orphans(2).await.unwrap();
        assert_eq!(some.len(), left_behind.len().min(2));
        for orphan in some {
            let edge = changes(bench, PresenceOp::Leave(orphan.clone())).await;
            assert_eq!(edge, Edge::Unchanged, "the living pod still has it");
            left_behind.retain(|left| *left != orphan);
        }
        renew(bench, &living).await;
    }
    assert_eq!(orphans(bench).await, []);
}

pub async fn a_pod_that_was_given_up_has_lost(bench: &Bench) {
    for connections in [0, 2] {
        let [slow, other] = [PodId::draw(), PodId::draw()];
        renew(bench, &slow).await;
        for _ in 0..connections {
            joins(bench, &slow).await;
        }
        bench.trouble.pass(TTL_MS).await;
        for orphan in orphans(bench).await {
            changes(bench, PresenceOp::Leave(orphan)).await;
        }
        renew(bench, &other).await;
        assert_eq!(
            renew(bench, &slow).await,
            LeaseState::Lost,
            "with {connections} connections that others ended"
        );
    }
}

pub async fn p9_who_enters_by_a_pod_is_in_its_index(bench: &Bench) {
    let pod = PodId::draw();
    renew(bench, &pod).await;
    let presence = joins(bench, &pod).await;
    let own = async || bench.hub.presences(&pod, ALL).await.unwrap();
    assert_eq!(own().await, std::slice::from_ref(&presence));
    bench.trouble.pass(TTL_MS).await;
    assert_eq!(orphans(bench).await, std::slice::from_ref(&presence));
    let left = changes(bench, PresenceOp::Leave(presence)).await;
    assert_eq!((left, orphans(bench).await), (Edge::Offline, vec![]));
    assert_eq!(own().await, []);
}

/// It does not know yet that it has been given up, and dies before it learns it.
pub async fn p9_what_a_dead_pod_still_does_is_found(bench: &Bench) {
    let (pod, other) = (PodId::draw(), PodId::draw());
    renew(bench, &pod).await;
    bench.trouble.pass(TTL_MS).await;
    assert_eq!(orphans(bench).await, []);
    let presence = joins(bench, &pod).await;
    bench.trouble.pass(GIVEN_UP_MS).await;
    renew(bench, &other).await;
    assert_eq!(orphans(bench).await, std::slice::from_ref(&presence));
    changes(bench, PresenceOp::Leave(presence)).await;
    assert_eq!(orphans(bench).await, []);
}
