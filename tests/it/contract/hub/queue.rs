//! The waiting queue: who comes back into it has its old place.

use switchboard::{
    hub::{Commit, Guard, QueueOp, SessionPatch},
    model::{EntryId, Session, SessionId},
};

use super::support::{Bench, session};

async fn waits(bench: &Bench) -> SessionId {
    let commit = Commit {
        queue: Some(QueueOp::Enter),
        ..bench.starts(&session(&bench.workspace))
    };
    let id = commit.session.clone().unwrap();
    bench.commit(commit).await;
    id
}

fn moves(bench: &Bench, id: &SessionId, op: QueueOp) -> Commit {
    Commit {
        queue: Some(op),
        ..bench.commit_of(Some(id), Guard::Any)
    }
}

async fn queue(bench: &Bench) -> Vec<SessionId> {
    bench.hub.queue(&bench.workspace, 99).await.unwrap()
}

/// As chat puts back what the history knows.
fn loads(bench: &Bench, stored: &Session) -> Commit {
    Commit {
        set: SessionPatch {
            create: Some(Box::new(stored.clone())),
            ..SessionPatch::default()
        },
        queue: Some(QueueOp::Enter),
        ..bench.commit_of(Some(&stored.id), Guard::Absent)
    }
}

pub async fn p9_who_comes_back_has_its_old_place(bench: &Bench) {
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(waits(bench).await);
        bench.trouble.pass(10).await;
    }
    let started = bench.session(&ids[1]).await;
    assert_eq!(
        started.queued, started.last_entry,
        "of the entry that it came with"
    );
    for n in [1, 0, 2] {
        let leaves = moves(bench, &ids[n], QueueOp::Leave);
        bench.commit(leaves).await;
    }
    assert_eq!(queue(bench).await, ids[3..]);
    assert_eq!(
        bench.session(&ids[1]).await.queued,
        started.queued,
        "kept meanwhile"
    );
    bench.say(&ids[1], "something happens").await;
    let back = moves(bench, &ids[1], QueueOp::Enter);
    assert_eq!(bench.commit(back.clone()).await.queue_position, Some(1));
    let again = moves(bench, &ids[0], QueueOp::Enter);
    assert_eq!(bench.commit(again).await.queue_position, Some(1));
    assert_eq!(
        bench.duplicate(&back).await.queue_position,
        Some(2),
        "as it is now"
    );
    assert_eq!(queue(bench).await, [0, 1, 3].map(|n: usize| ids[n].clone()));
    let leaves = moves(bench, &ids[1], QueueOp::Leave);
    bench.commit(leaves).await;
    bench.duplicate(&back).await;
    assert_eq!(
        bench.place(&ids[1]).await,
        None,
        "a repeat does not enter again"
    );
}

/// The clock of the bench stands still: all of these came within one millisecond.
pub async fn many_of_one_moment_wait_in_their_order(bench: &Bench) {
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(waits(bench).await);
    }
    assert_eq!(queue(bench).await, ids);
    let first = bench.session(&ids[0]).await.queued;
    assert_eq!(bench.session(&ids[39]).await.queued.ms, first.ms);
    for id in ids.iter().step_by(3) {
        bench.commit(moves(bench, id, QueueOp::Leave)).await;
    }
    for id in ids.iter().rev().step_by(3) {
        bench.commit(moves(bench, id, QueueOp::Enter)).await;
    }
    assert_eq!(queue(bench).await, ids, "in whatever order they come back");
    for (place, id) in (1..).zip(&ids) {
        assert_eq!(bench.place(id).await, Some(place));
    }
}

pub async fn a_loaded_session_waits_where_it_had_waited(bench: &Bench) {
    let mut stored = Vec::new();
    for _ in 0..3 {
        let id = waits(bench).await;
        bench.trouble.pass(10).await;
        stored.push(bench.session(&id).await);
    }
    let never = session(&bench.workspace);
    assert_eq!(never.queued, EntryId::ZERO);
    let top = bench.top().await.at;
    bench.trouble.lose(bench.partition()).await;
    bench.hub.raise(bench.partition(), top).await.unwrap();
    let new = waits(bench).await;
    for (n, place) in [(2, 1), (0, 1), (1, 2)] {
        let load = loads(bench, &stored[n]);
        let written = bench.commit(load).await;
        assert_eq!(written.queue_position, Some(place), "{n}");
        assert_eq!(bench.session(&stored[n].id).await.queued, stored[n].queued);
    }
    // Of an earlier release, which did not say where it had waited.
    let last = bench.commit(loads(bench, &never)).await;
    assert_eq!(last.queue_position, Some(5));
    assert!(bench.session(&never.id).await.queued > bench.session(&new).await.queued);
    let mut order: Vec<_> = stored.iter().map(|it| it.id.clone()).collect();
    order.extend([new, never.id]);
    assert_eq!(queue(bench).await, order);
}
