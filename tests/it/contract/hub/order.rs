use std::sync::Arc;

use switchboard::{
    hub::{Commit, Guard, Log, NewChange},
    model::{Change, EntryId, RecoveryId, Session},
};

use super::support::{
    ALL, Bench, agent, assert_chained, committed, draft, ids, message, session, texts,
};

const WRITERS: usize = 8;
const COMMITS: usize = 200;

/// Hammers two sessions and returns them.
async fn hammered(bench: &Bench) -> [switchboard::model::SessionId; 2] {
    let sessions = [bench.start().await, bench.start().await];
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let commits: Vec<_> = (0..COMMITS)
                .map(|n| bench.says(&sessions[(writer + n) % 2], &format!("{writer}:{n}")))
                .collect();
            let hub = Arc::clone(&bench.hub);
            tokio::spawn(async move {
                let mut last = EntryId::ZERO;
                for commit in commits {
                    let written = committed(hub.commit(commit).await);
                    assert!(last < written.stamped[0].id);
                    last = written.stamped[0].id;
                    assert_eq!(written.top, last);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    sessions
}

pub async fn p7_ids_and_numbers_are_dense_under_eight_writers(bench: &Bench) {
    for id in hammered(bench).await {
        let log = bench.log(&id);
        let entries = bench.read(&log).await;
        assert_chained(&log, &entries, EntryId::ZERO);
        let numbers: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.message())
            .map(|message| message.seq)
            .collect();
        assert_eq!(
            numbers,
            (1..=(WRITERS * COMMITS / 2) as u64).collect::<Vec<_>>()
        );
        for writer in 0..WRITERS {
            let own = |text: &&&str| text.starts_with(&format!("{writer}:"));
            let texts = texts(&entries);
            let order: Vec<u32> = texts
                .iter()
                .filter(own)
                .map(|text| text[2..].parse().unwrap())
                .collect();
            assert!(order.is_sorted(), "{order:?}");
        }
        let now = bench.session(&id).await;
        assert_eq!(Some(&now.last_seq), numbers.last());
        assert_eq!(now.last_entry, entries.last().unwrap().id);
    }
}

pub async fn p7_all_logs_tell_the_same(bench: &Bench) {
    let [one, two] = hammered(bench).await;
    let feed = bench.read(&bench.feed()).await;
    assert_eq!(feed.len(), WRITERS * COMMITS + 2);
    assert_chained(&bench.feed(), &feed, EntryId::ZERO);
    assert_eq!(bench.ingest().await, feed);
    let mut both = bench.read(&bench.log(&one)).await;
    both.extend(bench.read(&bench.log(&two)).await);
    both.sort_by_key(|entry| entry.id);
    assert_eq!(both, feed);
    assert_eq!(bench.top().await.at, feed.last().unwrap().id);
}

pub async fn entries_of_one_commit_stay_together(bench: &Bench) {
    let id = bench.start().await;
    let commits: Vec<_> = (0..200).map(|n| bench.says(&id, &n.to_string())).collect();
    let hub = Arc::clone(&bench.hub);
    let rival = tokio::spawn(async move {
        for commit in commits {
            committed(hub.commit(commit).await);
        }
    });
    for _ in 0..50 {
        let assigned = draft(NewChange::Assigned {
            agent: agent("1"),
            before: None,
        });
        let append = vec![message("a"), assigned, message("b"), message("c")];
        let several = Commit {
            append,
            ..bench.says(&id, "")
        };
        let written = bench.commit(several).await;
        let stamped: Vec<_> = written.stamped.iter().map(|stamped| stamped.id).collect();
        assert_eq!(Some(&written.top), stamped.last());
        let before = EntryId {
            ms: stamped[0].ms,
            seq: stamped[0].seq.saturating_sub(1),
        };
        let read = bench.hub.read(&bench.feed(), before, ALL).await.unwrap();
        let from = read.entries.iter().position(|e| e.id == stamped[0]);
        let together = &read.entries[from.unwrap()..][..4];
        assert_eq!(ids(together), stamped);
        let seq = together[0].message().unwrap().seq;
        let numbers: Vec<_> = written.stamped.iter().map(|s| s.message).collect();
        let expected: Vec<_> = together
            .iter()
            .map(|entry| entry.message().map(|message| (message.id, message.seq)))
            .collect();
        assert_eq!(numbers, expected);
        assert_eq!(together[3].message().unwrap().seq, seq + 2);
    }
    rival.await.unwrap();
}

pub async fn what_a_commit_returns_is_what_is_read(bench: &Bench) {
    let new = session(&bench.workspace);
    let started = bench.commit(bench.starts(&new)).await;
    let entry = bench.read(&bench.log(&new.id)).await.remove(0);
    let read = bench.session(&new.id).await;
    let expected = Session {
        last_entry: entry.id,
        last_activity: entry.id.ms,
        ..new.clone()
    };
    assert_eq!(started.session, Some(expected));
    assert_eq!(started.session.as_ref(), Some(&read));
    assert_eq!(entry.after.as_deref(), Some(&read));
    assert_eq!((&entry.change, entry.id), (&Change::Started, started.top));

    bench.trouble.pass(5).await;
    let origin = Some(RecoveryId::draw(bench.partition()));
    let mut says = bench.says(&new.id, "hello");
    says.append[0].origin.clone_from(&origin);
    let said = bench.commit(says).await;
    let entry = bench.read(&bench.log(&new.id)).await.remove(1);
    let body = entry.message().unwrap();
    assert_eq!((entry.origin.clone(), &entry.after), (origin, &None));
    assert_eq!(
        (body.at, body.seq, &body.session),
        (entry.id.ms, 1, &new.id)
    );
    assert_eq!(said.stamped[0].message, Some((body.id, 1)));
    let read = bench.session(&new.id).await;
    assert_eq!(said.session.as_ref(), Some(&read));
    assert_eq!((read.last_activity, read.unread), (body.at, 1));
    assert_eq!(said.epoch, bench.top().await.epoch);
}

pub async fn what_concerns_the_workspace_is_in_no_session(bench: &Bench) {
    let id = bench.start().await;
    let online = Commit {
        append: vec![draft(NewChange::OperatorOnline { agent: agent("1") })],
        ..bench.commit_of(None, Guard::Any)
    };
    let written = bench.commit(online).await;
    assert_eq!((written.session, written.queue_position), (None, None));
    assert_eq!(bench.read(&bench.log(&id)).await.len(), 1);
    let feed = bench.read(&bench.feed()).await;
    assert_chained(&bench.feed(), &feed, EntryId::ZERO);
    assert_eq!((feed.len(), &feed[1].session), (2, &None));
    assert_eq!(bench.ingest().await, feed);
}

pub async fn p6_workspaces_of_one_partition_share_only_the_ids(bench: &Bench) {
    let id = bench.start().await;
    let other = bench.neighbour(true);
    let same_id = Session {
        id: id.clone(),
        ..session(&other)
    };
    let first = bench.top().await.at;
    let second = bench.commit(bench.starts(&same_id)).await.top;
    assert!(first < second);
    bench.say(&id, "private").await;

    assert_eq!(bench.top().await, bench.hub.top(&other).await.unwrap());
    let log = Log::Session(other.clone(), id.clone());
    for log in [Log::Feed(other.clone()), log] {
        let entries = bench.read(&log).await;
        assert_eq!(ids(&entries), [second]);
        assert_chained(&log, &entries, EntryId::ZERO);
    }
    let feed = bench.read(&bench.feed()).await;
    assert_chained(&bench.feed(), &feed, EntryId::ZERO);
    assert_eq!(feed.len(), 2);
    assert_eq!(bench.ingest().await.len(), 3);
    let read = bench.hub.messages_before(&other, &id, u64::MAX, ALL).await;
    assert_eq!(read.unwrap(), []);
    assert_eq!(bench.hub.sessions(&other).await.unwrap().len(), 1);
}

pub async fn a_log_is_read_in_pages(bench: &Bench) {
    let id = bench.start().await;
    for n in 0..6 {
        bench.say(&id, &n.to_string()).await;
    }
    for log in [bench.log(&id), bench.feed()] {
        let whole = bench.read(&log).await;
        for limit in 1..=8 {
            let (mut pages, mut after) = (Vec::new(), EntryId::ZERO);
            loop {
                let page = bench.hub.read(&log, after, limit).await.unwrap();
                assert!(page.complete && page.entries.len() <= limit);
                after = page.entries.last().unwrap().id;
                pages.extend(page.entries);
                assert_eq!(page.more, pages.len() < whole.len());
                if !page.more {
                    break;
                }
            }
            assert_eq!(pages, whole, "in pages of {limit}");
        }
        let beyond = bench.read_after(&log, bench.top().await.at).await;
        assert_eq!(beyond, (vec![], true));
    }
    let unknown = session(&bench.workspace).id;
    assert_eq!(bench.read(&bench.log(&unknown)).await, []);
    let found = bench.hub.session(&bench.workspace, &unknown).await;
    assert_eq!(found.unwrap(), None);
}

pub async fn messages_are_read_backwards(bench: &Bench) {
    let id = bench.start().await;
    for n in 1..=6 {
        bench.say(&id, &n.to_string()).await;
    }
    bench.commit(bench.ends(&id)).await;
    let page = async |before, limit| {
        let read = bench
            .hub
            .messages_before(&bench.workspace, &id, before, limit);
        let read = read.await.unwrap();
        texts(&read).join(" ")
    };
    assert_eq!(page(u64::MAX, 3).await, "6 5 4");
    assert_eq!(page(4, 10).await, "3 2 1");
    assert_eq!(page(2, 10).await, "1");
    assert_eq!(page(1, 10).await, "");
}
