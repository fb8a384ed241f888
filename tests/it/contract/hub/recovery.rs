use std::{collections::HashSet, sync::Arc};

use switchboard::{
    hub::{Holder, Join, Joined, Log, Recovery, Resume, Resumed, Signal, Subject},
    model::{
        EntryId, Epoch, Offset, OperatorId, Partition, PodId, RecoveryId, SessionId, Sid, SocketId,
        WorkspaceId,
    },
};

use super::{
    FEED_MS,
    support::{ALL, Bench, Pod, ids, texts},
};

pub const TTL_MS: u64 = 100_000;
pub const WINDOW_MS: u64 = 5_000;

fn holder(bench: &Bench, pod: &PodId) -> Holder {
    Holder {
        pod: pod.clone(),
        sid: Sid::draw(bench.partition()),
    }
}

pub fn record(bench: &Bench, log: Log, start: Offset) -> Recovery {
    Recovery {
        id: RecoveryId::draw(bench.partition()),
        socket: SocketId::draw(),
        nsp: "/".into(),
        workspace: log.workspace().clone(),
        subject: Some(Subject::Operator(OperatorId::new("1"))),
        log: Some(log),
        start,
        state: "state".into(),
        asked: "asked".into(),
        holder: holder(bench, &PodId::draw()),
    }
}

pub async fn save(bench: &Bench, recovery: &Recovery) {
    let saved = bench
        .hub
        .save_recovery(recovery.clone(), bench.now(), TTL_MS);
    saved.await.unwrap();
}

/// A record of a socket that has seen nothing but the start of its session.
async fn saved(bench: &Bench) -> (SessionId, Recovery) {
    let id = bench.start().await;
    let recovery = record(bench, bench.log(&id), bench.top().await);
    save(bench, &recovery).await;
    (id, recovery)
}

pub fn resume(bench: &Bench, of: &Recovery) -> Resume {
    Resume {
        id: of.id.clone(),
        nsp: of.nsp.clone(),
        offset: None,
        subject: of.subject.clone(),
        holder: holder(bench, &PodId::draw()),
        ttl_ms: TTL_MS,
        limit: ALL,
    }
}

pub fn asking(bench: &Bench, resume: Option<Resume>) -> Join {
    Join {
        workspace: bench.workspace.clone(),
        resume,
        fresh: None,
        now: bench.now(),
    }
}

pub async fn join(bench: &Bench, resume: Resume) -> Option<Resumed> {
    let Joined { top, resumed } = bench.hub.join(asking(bench, Some(resume))).await.unwrap();
    assert_eq!(top, bench.top().await);
    resumed
}

/// That the record is still held by whoever it names: the next one fences exactly that.
pub async fn assert_held(bench: &Bench, by: &Recovery) {
    let next = join(bench, resume(bench, by)).await.unwrap();
    assert_eq!(next.fenced.as_ref(), Some(&by.holder));
    let back = Resume {
        holder: by.holder.clone(),
        ..resume(bench, by)
    };
    join(bench, back).await.unwrap();
}

pub async fn p2_what_was_missed_comes_in_order(bench: &Bench) {
    let mut pod = bench.pod(ALL).await;
    let id = bench.start().await;
    let recovery = Recovery {
        holder: holder(bench, &pod.id),
        ..record(bench, bench.log(&id), bench.top().await)
    };
    save(bench, &recovery).await;
    let nobody = bench.hub.join(asking(bench, None)).await.unwrap();
    assert!(nobody.resumed.is_none());
    assert_eq!(nobody.top, bench.top().await);
    let seen = bench.say(&id, "seen").await;
    let other = bench.start().await;
    let (b, _, c) = (
        bench.say(&id, "b").await,
        bench.say(&other, "not ours").await,
        bench.say(&id, "c").await,
    );

    let offset = Offset {
        at: seen,
        ..recovery.start.clone()
    };
    let mut asks = resume(bench, &recovery);
    asks.offset = Some(offset);
    let back = join(bench, asks.clone()).await.unwrap();
    assert_eq!(ids(&back.missed), [b, c]);
    assert_eq!((back.from, back.more), (seen, false));
    let expected = Recovery {
        holder: asks.holder.clone(),
        ..recovery.clone()
    };
    assert_eq!(back.recovery, expected);
    assert_eq!(back.fenced, Some(recovery.holder.clone()));
    assert_eq!(pod.signal().await, (recovery.holder.sid, Signal::Fenced));

    asks.offset = Some(bench.top().await);
    let again = join(bench, asks).await.unwrap();
    assert!(again.missed.is_empty() && !again.more);
    assert_eq!(again.fenced, None, "its own connection is not another one");
}

pub async fn p2_what_was_missed_comes_in_steps(bench: &Bench) {
    let (id, mut recovery) = saved(bench).await;
    for n in 0..5 {
        bench.say(&id, &n.to_string()).await;
    }
    for limit in [1, 2, 4, 5, 6] {
        let mut asks = resume(bench, &recovery);
        asks.limit = limit;
        let back = join(bench, asks).await.unwrap();
        assert_eq!(back.missed.len(), limit.min(5));
        assert_eq!(back.more, limit < 5, "at most {limit}");
        let mut all = back.missed.clone();
        let last = all.last().unwrap().id;
        all.extend(bench.read_after(&bench.log(&id), last).await.0);
        assert_eq!(texts(&all).join(""), "01234");
        recovery = back.recovery;
    }
}

pub async fn p2_an_offset_counts_from_the_start(bench: &Bench) {
    let id = bench.start().await;
    let early = bench.say(&id, "before the socket").await;
    let recovery = record(bench, bench.log(&id), bench.top().await);
    save(bench, &recovery).await;
    let first = bench.say(&id, "first").await;
    let second = bench.say(&id, "second").await;
    let epoch = recovery.start.epoch.clone();
    let offset = |at| Offset {
        epoch: epoch.clone(),
        at,
    };
    let foreign = Offset {
        epoch: Epoch("of another life".into()),
        at: second,
    };
    let start = recovery.start.at;
    let whole = vec![first, second];
    let cases = [
        (None, start, whole.clone()),
        (Some(offset(EntryId::ZERO)), start, whole.clone()),
        (Some(offset(early)), start, whole.clone()),
        (Some(foreign), start, whole),
        (Some(offset(first)), first, vec![second]),
        (Some(offset(second)), second, vec![]),
    ];
    for (offset, from, missed) in cases {
        let mut asks = resume(bench, &recovery);
        asks.offset.clone_from(&offset);
        let back = join(bench, asks).await.unwrap();
        assert_eq!((back.from, ids(&back.missed)), (from, missed), "{offset:?}");
    }
}

pub async fn p6_what_is_not_the_same_is_not_resumed(bench: &Bench) {
    let (id, recovery) = saved(bench).await;
    bench.say(&id, "private").await;
    let right = || resume(bench, &recovery);
    let wrong = [
        Resume {
            id: RecoveryId::draw(bench.partition()),
            ..right()
        },
        Resume {
            id: RecoveryId::new("not one of ours"),
            ..right()
        },
        Resume {
            nsp: "/staff".into(),
            ..right()
        },
        Resume {
            subject: Some(Subject::Operator(OperatorId::new("2"))),
            ..right()
        },
        Resume {
            subject: Some(Subject::Guest(id.clone())),
            ..right()
        },
    ];
    for wrong in wrong {
        assert!(join(bench, wrong.clone()).await.is_none(), "{wrong:?}");
        assert_held(bench, &recovery).await;
    }
    // The same operator id in another workspace is another operator.
    let elsewhere = Join {
        workspace: WorkspaceId::new("another"),
        resume: Some(right()),
        fresh: None,
        now: bench.now(),
    };
    assert!(bench.hub.join(elsewhere).await.unwrap().resumed.is_none());
    assert_held(bench, &recovery).await;
    let guest = Resume {
        subject: None,
        ..right()
    };
    assert!(join(bench, guest).await.is_some());
}

pub async fn what_has_run_out_is_not_resumed(bench: &Bench) {
    let (_, recovery) = saved(bench).await;
    bench.trouble.pass(TTL_MS - 1).await;
    let back = join(bench, resume(bench, &recovery)).await.unwrap();
    bench.trouble.pass(TTL_MS - 1).await;
    let back = join(bench, resume(bench, &back.recovery)).await.unwrap();
    bench.trouble.pass(TTL_MS).await;
    assert!(join(bench, resume(bench, &back.recovery)).await.is_none());
}

pub async fn p2_a_lost_partition_is_not_resumed(bench: &Bench) {
    for of_log in [true, false] {
        let id = bench.start().await;
        let other = Partition::of(&bench.neighbour(false));
        let recovery = Recovery {
            id: RecoveryId::draw(other),
            ..record(bench, bench.log(&id), bench.top().await)
        };
        save(bench, &recovery).await;
        let lost = if of_log { bench.partition() } else { other };
        bench.trouble.lose(lost).await;
        assert!(join(bench, resume(bench, &recovery)).await.is_none());

        let feed = record(bench, bench.feed(), recovery.start.clone());
        save(bench, &feed).await;
        let back = join(bench, resume(bench, &feed)).await;
        assert_eq!(back.is_none(), of_log, "an empty log of another epoch");
    }
}

pub async fn p2_a_trimmed_log_is_not_resumed(bench: &Bench) {
    let id = bench.start().await;
    let recovery = record(bench, bench.feed(), bench.top().await);
    save(bench, &recovery).await;
    let seen = bench.say(&id, "trimmed").await;
    bench.trouble.pass(FEED_MS * 2).await;
    let last = bench.say(&id, "there").await;
    let partition = bench.partition();
    bench.hub.set_persisted(partition, last).await.unwrap();
    save(bench, &recovery).await;

    assert!(join(bench, resume(bench, &recovery)).await.is_none());
    assert_eq!(bench.read_after(&bench.feed(), seen).await.0.len(), 1);
    let mut asks = resume(bench, &recovery);
    asks.offset = Some(Offset {
        at: seen,
        ..recovery.start.clone()
    });
    let back = join(bench, asks).await.unwrap();
    assert_eq!(ids(&back.missed), [last], "it had seen what was trimmed");
    assert_eq!(
        back.fenced,
        Some(recovery.holder),
        "the refused fenced nobody"
    );
}

pub async fn the_last_one_wins(bench: &Bench) {
    let (_, mut recovery) = saved(bench).await;
    for _ in 0..3 {
        let mut pod = bench.pod(ALL).await;
        let mut asks = resume(bench, &recovery);
        asks.holder = holder(bench, &pod.id);
        let back = join(bench, asks.clone()).await.unwrap();
        assert_eq!(back.fenced.as_ref(), Some(&recovery.holder));
        let next = join(bench, resume(bench, &recovery)).await.unwrap();
        assert_eq!(next.fenced.as_ref(), Some(&asks.holder));
        assert_eq!(pod.signal().await, (asks.holder.sid, Signal::Fenced));
        recovery = next.recovery;
    }
}

pub async fn of_eight_that_race_one_holds(bench: &Bench) {
    const JOINS: usize = 400;
    let (_, recovery) = saved(bench).await;
    let (mut pods, mut racers): (Vec<Pod>, _) = (Vec::new(), Vec::new());
    let start = Arc::new(tokio::sync::Barrier::new(8));
    for _ in 0..8 {
        let pod = bench.pod(ALL).await;
        let joins: Vec<_> = (0..JOINS)
            .map(|_| Resume {
                holder: holder(bench, &pod.id),
                ..resume(bench, &recovery)
            })
            .map(|asks| asking(bench, Some(asks)))
            .collect();
        pods.push(pod);
        let (hub, start) = (Arc::clone(&bench.hub), Arc::clone(&start));
        racers.push(tokio::spawn(async move {
            start.wait().await;
            let mut fenced = Vec::new();
            for join in joins {
                let back = hub.join(join).await.unwrap().resumed.unwrap();
                fenced.push(back.fenced.unwrap());
            }
            fenced
        }));
    }
    let mut fenced = Vec::new();
    for racer in racers {
        fenced.extend(racer.await.unwrap());
    }
    let last = join(bench, resume(bench, &recovery)).await.unwrap();
    fenced.extend(last.fenced);
    assert!(fenced.contains(&recovery.holder));
    let total = fenced.len();
    let fenced: HashSet<_> = fenced
        .into_iter()
        .map(|holder| (holder.pod, holder.sid))
        .collect();
    assert_eq!((total, fenced.len()), (8 * JOINS + 1, total), "each once");
    for mut pod in pods {
        for _ in 0..JOINS {
            let (sid, signal) = pod.signal().await;
            assert_eq!(signal, Signal::Fenced);
            assert!(fenced.contains(&(pod.id.clone(), sid)));
        }
    }
}

/// The hub answers late, and the client has given up and is back by another connection meanwhile.
pub async fn p2_p11_a_request_that_was_overtaken_does_not_take_the_socket_back(bench: &Bench) {
    let (_, old) = saved(bench).await;
    let overtaken = asking(bench, Some(resume(bench, &old)));
    bench.trouble.pass(1_000).await;
    let present = join(bench, resume(bench, &old)).await.unwrap().recovery;
    let late = bench.hub.join(overtaken).await.unwrap();
    assert!(late.resumed.is_none(), "{late:?}");
    assert_held(bench, &present).await;
}

pub async fn only_the_holder_leaves(bench: &Bench) {
    let (_, old) = saved(bench).await;
    let present = join(bench, resume(bench, &old)).await.unwrap().recovery;
    let leave = async |holder: &Holder| {
        let (id, now) = (&old.id, bench.now());
        let left = bench.hub.leave_recovery(id, &holder.sid, now, WINDOW_MS);
        left.await.unwrap();
    };
    leave(&old.holder).await;
    bench.trouble.pass(WINDOW_MS * 2).await;
    assert_held(bench, &present).await;

    leave(&present.holder).await;
    bench.trouble.pass(WINDOW_MS - 1).await;
    let back = join(bench, resume(bench, &old)).await.unwrap().recovery;
    bench.trouble.pass(WINDOW_MS * 2).await;
    assert_held(bench, &back).await;
    leave(&back.holder).await;
    bench.trouble.pass(WINDOW_MS).await;
    assert!(join(bench, resume(bench, &old)).await.is_none());
    leave(&back.holder).await;
}

pub async fn a_record_is_replaced_whole(bench: &Bench) {
    let (id, first) = saved(bench).await;
    bench.say(&id, "of the session").await;
    let second = Recovery {
        id: first.id.clone(),
        nsp: "/staff".into(),
        subject: Some(Subject::Guest(id)),
        state: "learned later".into(),
        holder: first.holder.clone(),
        ..record(bench, bench.feed(), bench.top().await)
    };
    // Whoever does not hold it any more writes nothing.
    let fenced = Recovery {
        holder: holder(bench, &PodId::draw()),
        ..second.clone()
    };
    let late = bench.hub.save_recovery(fenced, bench.now(), TTL_MS).await;
    assert_eq!(late, Ok(false));
    assert!(join(bench, resume(bench, &first)).await.is_some());
    let back = Resume {
        holder: first.holder.clone(),
        ..resume(bench, &first)
    };
    join(bench, back).await.unwrap();
    save(bench, &second).await;
    assert!(join(bench, resume(bench, &first)).await.is_none());
    let back = join(bench, resume(bench, &second)).await.unwrap();
    assert_eq!(back.fenced, Some(second.holder.clone()));
    let expected = Recovery {
        holder: back.recovery.holder.clone(),
        ..second
    };
    assert_eq!((back.recovery, back.missed), (expected, vec![]));
}

pub async fn without_a_log_there_is_nothing_to_miss(bench: &Bench) {
    bench.start().await;
    let recovery = Recovery {
        subject: None,
        log: None,
        ..record(bench, bench.feed(), bench.top().await)
    };
    save(bench, &recovery).await;
    bench.start().await;
    let back = join(bench, resume(bench, &recovery)).await.unwrap();
    assert_eq!((back.missed, back.more), (vec![], false));
    assert_eq!(back.fenced, Some(recovery.holder.clone()));
    let known = Resume {
        subject: Some(Subject::Operator(OperatorId::new("1"))),
        ..resume(bench, &recovery)
    };
    assert!(join(bench, known).await.is_none(), "of another subject");
}
