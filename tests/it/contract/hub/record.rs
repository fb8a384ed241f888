//! Records of recovery that come and go with a commit, or with the connection itself.

use switchboard::{
    hub::{Commit, Guard, Join, NewRecord, RecordOp, Recovery},
    model::{EntryId, Epoch, Offset, Partition, RecoveryId, Sid},
};

use super::{
    recovery::{TTL_MS, WINDOW_MS, asking, assert_held, join, record, resume, save},
    support::{Bench, ids},
};

fn fresh(bench: &Bench, recovery: &Recovery) -> NewRecord {
    NewRecord {
        recovery: Box::new(recovery.clone()),
        expires_at: bench.now() + TTL_MS,
    }
}

/// A record of a feed in this partition, or in another one than its log's.
fn of_feed(bench: &Bench, here: bool) -> Recovery {
    let partition = Partition::of(&bench.neighbour(here));
    Recovery {
        id: RecoveryId::draw(partition),
        ..record(bench, bench.feed(), nowhere())
    }
}

fn nowhere() -> Offset {
    Offset {
        epoch: Epoch("not known yet".into()),
        at: EntryId::ZERO,
    }
}

pub async fn p2_a_record_begins_with_its_commit(bench: &Bench) {
    for here in [true, false] {
        let id = bench.start().await;
        let recovery = of_feed(bench, here);
        let begins = Commit {
            record: Some(RecordOp::Begin(fresh(bench, &recovery))),
            ..bench.says(&id, "with it")
        };
        let top = bench.commit(begins).await.top;
        let missed = bench.say(&id, "after it").await;
        let back = join(bench, resume(bench, &recovery)).await.unwrap();
        assert_eq!((back.from, ids(&back.missed)), (top, vec![missed]));
        let start = Offset {
            at: top,
            ..bench.top().await
        };
        let expected = Recovery {
            start,
            asked: "asked".into(),
            holder: back.recovery.holder.clone(),
            ..recovery.clone()
        };
        assert_eq!(back.recovery, expected);
        assert_eq!(back.fenced, Some(recovery.holder));
    }
}

pub async fn a_refused_commit_leaves_the_record_alone(bench: &Bench) {
    let id = bench.start().await;
    let recovery = of_feed(bench, true);
    let refused = Commit {
        record: Some(RecordOp::Begin(fresh(bench, &recovery))),
        guard: Guard::Version(99),
        ..bench.says(&id, "refused")
    };
    bench.refused(refused).await;
    assert!(join(bench, resume(bench, &recovery)).await.is_none());
}

pub async fn a_record_ends_with_its_commit(bench: &Bench) {
    for here in [true, false] {
        let recovery = Recovery {
            start: bench.top().await,
            ..of_feed(bench, here)
        };
        save(bench, &recovery).await;
        let leaves = |sid: &Sid| Commit {
            record: Some(RecordOp::Leave {
                id: recovery.id.clone(),
                sid: sid.clone(),
                expires_at: bench.now() + WINDOW_MS,
            }),
            ..bench.commit_of(None, Guard::Any)
        };
        bench.commit(leaves(&Sid::draw(bench.partition()))).await;
        bench.trouble.pass(WINDOW_MS).await;
        assert_held(bench, &recovery).await;
        bench.commit(leaves(&recovery.holder.sid)).await;
        bench.trouble.pass(WINDOW_MS - 1).await;
        save(bench, &recovery).await;
        bench.commit(leaves(&recovery.holder.sid)).await;
        bench.trouble.pass(WINDOW_MS).await;
        assert!(join(bench, resume(bench, &recovery)).await.is_none());
    }
}

pub async fn p2_a_new_socket_is_recorded_as_it_joins(bench: &Bench) {
    let id = bench.start().await;
    let gone = of_feed(bench, true);
    for asks in [None, Some(resume(bench, &gone))] {
        let recovery = of_feed(bench, true);
        let comes = Join {
            fresh: Some(fresh(bench, &recovery)),
            ..asking(bench, asks)
        };
        let joined = bench.hub.join(comes).await.unwrap();
        assert!(joined.resumed.is_none());
        assert_eq!(joined.top, bench.top().await);
        let missed = bench.say(&id, "after it").await;
        let another = of_feed(bench, true);
        let again = Join {
            fresh: Some(fresh(bench, &another)),
            ..asking(bench, Some(resume(bench, &recovery)))
        };
        let back = bench.hub.join(again).await.unwrap().resumed.unwrap();
        assert_eq!(back.recovery.start, joined.top);
        assert_eq!(ids(&back.missed), [missed]);
        let unused = join(bench, resume(bench, &another)).await;
        assert!(unused.is_none(), "what is recovered needs no new record");
    }
}
