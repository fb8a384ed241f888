use std::sync::Arc;

use switchboard::{
    hub::{
        Commit, DEDUP_KEPT, DEDUP_KEPT_MS, Edge, Guard, Outcome, QueueOp, SessionPatch, Stamped,
        Unavailable, Written,
    },
    model::{DedupId, EntryId, MessageId, Session, Status},
};

use super::support::{Bench, message, session};

fn first_result(written: &Written) -> (&switchboard::model::Epoch, &[Stamped], EntryId, Edge) {
    (&written.epoch, &written.stamped, written.top, written.edge)
}

pub async fn p3_a_repeat_gets_the_first_result_however_late(bench: &Bench) {
    let id = bench.start().await;
    let several = Commit {
        append: vec![message("one"), message("two")],
        queue: Some(QueueOp::Enter),
        ..bench.says(&id, "")
    };
    let first = bench.commit(several.clone()).await;
    let check = async || {
        let before = bench.everything().await;
        let mut retry = several.clone();
        retry.append = vec![message("drawn anew")];
        retry.guard = Guard::Version(99);
        for _ in 0..3 {
            let again = bench.duplicate(&retry).await;
            assert_eq!(first_result(&again), first_result(&first));
            assert_eq!(again.session, Some(bench.session(&id).await));
        }
        assert_eq!(bench.everything().await, before);
    };
    check().await;
    for n in 0..20 {
        bench.say(&id, &n.to_string()).await;
    }
    check().await;
    let leave = Commit {
        queue: Some(QueueOp::Leave),
        ..bench.ends(&id)
    };
    bench.commit(leave).await;
    check().await;
    let top = bench.top().await.at;
    bench
        .hub
        .set_persisted(bench.partition(), top)
        .await
        .unwrap();
    check().await;
}

pub async fn p3_the_newest_are_remembered(bench: &Bench) {
    let id = bench.start().await;
    let mut done = Vec::new();
    for n in 0..DEDUP_KEPT + 20 {
        let commit = bench.says(&id, &n.to_string());
        let written = bench.commit(commit.clone()).await;
        done.push((commit, written));
    }
    for (commit, written) in &done[20..] {
        let again = bench.duplicate(commit).await;
        assert_eq!(first_result(&again), first_result(written));
    }
}

/// However many a client has to repeat after an outage: nothing that is not stored, or is young, is
/// forgotten.
pub async fn p3_the_young_and_the_unstored_are_remembered(bench: &Bench) {
    let id = bench.start().await;
    let mut done = Vec::new();
    for n in 0..DEDUP_KEPT + 50 {
        let commit = bench.says(&id, &n.to_string());
        let written = bench.commit(commit.clone()).await;
        done.push((commit, written));
    }
    let all_are_known = async || {
        for (commit, written) in &done {
            let again = bench.duplicate(commit).await;
            assert_eq!(first_result(&again), first_result(written));
        }
    };
    let top = bench.top().await.at;
    bench
        .hub
        .set_persisted(bench.partition(), top)
        .await
        .unwrap();
    bench.say(&id, "stored, and young").await;
    all_are_known().await;
    bench.trouble.pass(DEDUP_KEPT_MS - 1).await;
    bench.say(&id, "just young enough").await;
    all_are_known().await;
}

pub async fn p3_the_old_and_stored_are_forgotten_in_the_end(bench: &Bench) {
    let id = bench.start().await;
    let first = bench.says(&id, "the first");
    bench.commit(first.clone()).await;
    for n in 0..DEDUP_KEPT {
        bench.say(&id, &n.to_string()).await;
    }
    bench.trouble.pass(DEDUP_KEPT_MS).await;
    bench.say(&id, "old, and not stored").await;
    bench.duplicate(&first).await;
    let top = bench.top().await.at;
    bench
        .hub
        .set_persisted(bench.partition(), top)
        .await
        .unwrap();
    for n in 0..4 {
        bench.say(&id, &n.to_string()).await;
    }
    bench.commit(first).await;
}

pub async fn p3_of_eight_copies_one_is_committed(bench: &Bench) {
    let id = bench.start().await;
    for n in 0..50 {
        let commit = bench.says(&id, &n.to_string());
        let copies: Vec<_> = (0..8)
            .map(|_| {
                let (hub, mut copy) = (Arc::clone(&bench.hub), commit.clone());
                copy.append = vec![message("of this copy")];
                tokio::spawn(async move { hub.commit(copy).await })
            })
            .collect();
        let (mut firsts, mut repeats) = (Vec::new(), Vec::new());
        for copy in copies {
            match copy.await.unwrap() {
                Outcome::Committed(written) => firsts.push(written),
                Outcome::Duplicate(written) => repeats.push(written),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((firsts.len(), repeats.len()), (1, 7));
        for repeat in repeats {
            assert_eq!(first_result(&repeat), first_result(&firsts[0]));
        }
    }
    assert_eq!(bench.session(&id).await.last_seq, 50);
}

pub async fn p3_a_loaded_session_knows_its_newest(bench: &Bench) {
    let old = EntryId {
        ms: bench.now() - 5,
        seq: 3,
    };
    let loaded = Session {
        status: Status::Active,
        last_seq: 41,
        last_entry: old,
        version: 7,
        ..session(&bench.workspace)
    };
    let known = Stamped {
        id: old,
        message: Some((MessageId::draw(), 41)),
    };
    let dedup = DedupId::draw();
    let load = Commit {
        set: SessionPatch {
            create: Some(Box::new(loaded.clone())),
            known: vec![(dedup.clone(), known)],
            ..SessionPatch::default()
        },
        append: Vec::new(),
        ..bench.starts(&loaded)
    };
    let written = bench.commit(load).await;
    assert_eq!(written.session, Some(loaded.clone()));
    assert_eq!(written.stamped, []);

    let repeat = Commit {
        dedup,
        ..bench.says(&loaded.id, "again")
    };
    let again = bench.duplicate(&repeat).await;
    assert_eq!(again.stamped, [known]);
    assert_eq!(again.epoch, bench.top().await.epoch);

    let next = bench.commit(bench.says(&loaded.id, "next")).await;
    assert_eq!(next.stamped[0].message.map(|(_, seq)| seq), Some(42));
    let log = bench.log(&loaded.id);
    let (entries, complete) = bench.read_after(&log, old).await;
    assert_eq!((entries.len(), entries[0].prev.session), (1, old));
    assert!(complete);
    let (_, complete) = bench.read_after(&log, EntryId { seq: 2, ..old }).await;
    assert!(!complete, "what was before the load is in the history");
}

pub async fn p3_unknown_and_done_is_a_duplicate(bench: &Bench) {
    let id = bench.start().await;
    let commit = bench.says(&id, "once");
    bench.trouble.lose_answer(true).await;
    assert_eq!(bench.hub.commit(commit.clone()).await, Outcome::Unknown);
    let again = bench.duplicate(&commit).await;
    let entries = bench.read(&bench.log(&id)).await;
    assert_eq!((entries.len(), again.stamped[0].id), (2, entries[1].id));
    assert_eq!(bench.session(&id).await.last_seq, 1);

    let start = bench.starts(&session(&bench.workspace));
    bench.trouble.lose_answer(true).await;
    assert_eq!(bench.hub.commit(start.clone()).await, Outcome::Unknown);
    bench.duplicate(&start).await;
    assert_eq!(bench.read(&bench.feed()).await.len(), 3);
}

pub async fn p3_unknown_and_not_done_is_committed(bench: &Bench) {
    let id = bench.start().await;
    let commit = bench.says(&id, "once");
    let before = bench.everything().await;
    bench.trouble.lose_answer(false).await;
    assert_eq!(bench.hub.commit(commit.clone()).await, Outcome::Unknown);
    assert_eq!(bench.everything().await, before);
    let first = bench.commit(commit.clone()).await;
    let again = bench.duplicate(&commit).await;
    assert_eq!(first_result(&again), first_result(&first));
}

pub async fn p3_ids_are_of_one_session(bench: &Bench) {
    let dedup = DedupId::draw();
    let ids = [bench.start().await, bench.start().await];
    for id in &ids {
        let commit = Commit {
            dedup: dedup.clone(),
            ..bench.says(id, "same id")
        };
        bench.commit(commit).await;
    }
    let bare = Commit {
        dedup,
        ..bench.commit_of(None, Guard::Any)
    };
    let first = bench.commit(bare.clone()).await;
    bench.say(&ids[0], "later").await;
    let again = bench.duplicate(&bare).await;
    assert_eq!(first_result(&again), first_result(&first));
}

pub async fn p11_nothing_happens_while_it_is_down(bench: &Bench) {
    let id = bench.start().await;
    let before = bench.everything().await;
    bench.trouble.set_down(true).await;
    let commit = bench.says(&id, "patience");
    let outcome = bench.hub.commit(commit.clone()).await;
    assert!(matches!(outcome, Outcome::Unknown | Outcome::Busy));
    let (hub, workspace, partition) = (&bench.hub, &bench.workspace, bench.partition());
    assert_eq!(hub.session(workspace, &id).await, Err(Unavailable));
    assert_eq!(hub.sessions(workspace).await, Err(Unavailable));
    assert_eq!(hub.top(workspace).await, Err(Unavailable));
    assert_eq!(hub.persisted().await, Err(Unavailable));
    let read = hub.read(&bench.feed(), EntryId::ZERO, 1).await;
    assert_eq!(read.unwrap_err(), Unavailable);
    let raised = hub.set_persisted(partition, before.top.at).await;
    assert_eq!(raised, Err(Unavailable));
    bench.trouble.set_down(false).await;
    assert_eq!(bench.everything().await, before);
    bench.commit(commit).await;
}
