//! What the release before has left in Redis goes on under this one.

use switchboard::{
    hub::{Commit, Commits as _, Edge, Guard, Log, Logs as _, MarkOp, NewChange, QueueOp},
    model::{Agent, EntryId, Marks, Offer, OperatorId, Participant, Receipt, Status},
};

use crate::support::servers::Redis;

use super::place::{ALL, HOLD, Place, ask, committed, hub};

/// What it wrote of a session, and no more.
const FIELDS: &str = "status version guest agent created active seq last unread preview preview_in \
                      preview_at trimmed workspace id unique";

/// Makes the only session here one of the release before.
async fn age(redis: &Redis) {
    let script = format!(
        "local kept = {{}} for name in string.gmatch('{FIELDS}', '%S+') do kept[name] = true end \
         local session = string.sub(redis.call('KEYS', '*:s:*:log')[1], 1, -5) local gone = 0 \
         for _, name in ipairs(redis.call('HKEYS', session)) do \
         if not kept[name] then gone = gone + redis.call('HDEL', session, name) end end \
         return gone"
    );
    assert_eq!(
        ask(redis.url(), &format!("EVAL \"{script}\" 0")).await,
        ":9"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_the_release_before_is_read_and_goes_on() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    for text in ["one", "two"] {
        place.say(&hub, text).await;
    }
    let before = hub.session(&place.workspace, &place.session).await;
    let (before, _) = before.unwrap().unwrap();
    age(&redis).await;
    let read = async || {
        let found = hub.session(&place.workspace, &place.session).await;
        found.unwrap().unwrap().0
    };
    assert_eq!(
        read().await,
        before,
        "nothing of it was lost, and the rest is as it begins"
    );
    let all = hub.sessions(&place.workspace).await.unwrap();
    assert_eq!(all[0].0, before);

    // What it is after a change is in the entry, for all who read the log.
    let (id, name) = (OperatorId::new("1"), "Ann".to_owned());
    let agent = Agent { id, name };
    let changes = [
        changed(
            &place,
            NewChange::Released {
                agent: agent.clone(),
            },
            |commit| {
                commit.queue = Some(QueueOp::Enter);
            },
        ),
        changed(&place, NewChange::Returned, |commit| {
            commit.set.unverified = Some(true)
        }),
        changed(&place, NewChange::Returned, |commit| {
            commit.set.status = Some(Status::Active);
            commit.set.agent = Some(Some(agent.clone()));
            commit.set.offer = Some(Some(Offer {
                from: agent.clone(),
                to: OperatorId::new("2"),
                expires_at: 1,
            }));
        }),
        changed(
            &place,
            NewChange::Read {
                by: Participant::Guest,
            },
            |commit| {
                commit.mark = Some(MarkOp {
                    by: Participant::Operator(OperatorId::new("1")),
                    receipt: Receipt::Read,
                    seq: 1,
                });
            },
        ),
    ];
    let bare = changed(&place, NewChange::Returned, |_| {});
    for commit in [vec![bare], changes.into()].concat() {
        let written = committed(hub.commit(commit).await);
        let session = written.session.unwrap();
        assert_eq!(read().await, session);
        for log in [place.log(), Log::Feed(place.workspace.clone())] {
            let page = hub.read(&log, EntryId::ZERO, ALL).await.unwrap();
            let newest = page.entries.last().unwrap();
            assert_eq!(newest.id, written.stamped[0].id);
            assert_eq!(newest.after.as_deref(), Some(&session));
        }
    }
    let now = read().await;
    assert_eq!(
        (now.marks.read_in, now.unread, now.unverified),
        (1, 1, true)
    );
    assert_ne!(now.queued, EntryId::ZERO);
    assert!(now.offer.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_that_the_release_before_could_not_make_rises() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    for text in ["one", "two", "three"] {
        place.say(&hub, text).await;
    }
    age(&redis).await;
    let mark = Commit {
        mark: Some(MarkOp {
            by: Participant::Operator(OperatorId::new("1")),
            receipt: Receipt::Delivered,
            seq: 9,
        }),
        ..place.commit(Guard::Any)
    };
    let written = committed(hub.commit(mark).await);
    assert_eq!(written.edge, Edge::Raised);
    let marks = Marks {
        delivered_in: 3,
        ..Marks::default()
    };
    assert_eq!(written.session.unwrap().marks, marks);
}

fn changed(place: &Place, change: NewChange, set: impl FnOnce(&mut Commit)) -> Commit {
    let mut commit = place.commit(Guard::Any);
    commit.append = vec![super::place::draft(change)];
    set(&mut commit);
    commit
}
