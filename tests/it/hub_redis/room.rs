//! A Redis that is filling up: what only adds is refused while there is room for the rest.

use switchboard::{
    hub::{Commit, Commits as _, Connections as _, Guard, MarkOp, Outcome, redis::RedisHub},
    model::{Clock, Participant, Receipt},
};

use crate::support::servers::Redis;

use super::place::{ALL, HOLD, Place, ask, committed, hub};

/// So that it is this full, and the pod has seen it.
async fn fill(redis: &Redis, hub: &RedisHub, place: &Place, per_cent: u64) {
    let info = ask(redis.url(), "INFO memory").await;
    let figure = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse::<u64>().unwrap()
    };
    let used = figure("used_memory:") - figure("mem_not_counted_for_evict:");
    let max = used * 100 / per_cent;
    ask(redis.url(), &format!("CONFIG SET maxmemory {max}")).await;
    let now = Clock::System.now();
    hub.expired(place.partition(), now, ALL).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_p11_what_only_adds_is_refused_before_redis_is_full() {
    let redis = Redis::start(&["--enable-debug-command", "local"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let known = place.says("known");
    committed(hub.commit(known.clone()).await);
    fill(&redis, &hub, &place, 75).await;
    place.say(&hub, "there is room").await;

    fill(&redis, &hub, &place, 90).await;
    let refused = [
        place.says("no room"),
        Place {
            workspace: place.workspace.clone(),
            ..Place::new()
        }
        .starts(),
    ];
    let digest = ask(redis.url(), "DEBUG DIGEST").await;
    for commit in &refused {
        assert_eq!(hub.commit(commit.clone()).await, Outcome::Busy);
    }
    assert_eq!(ask(redis.url(), "DEBUG DIGEST").await, digest);
    // What was taken is known, and what goes on about it goes on.
    let again = hub.commit(known).await;
    assert!(matches!(again, Outcome::Duplicate(_)), "{again:?}");
    let marks = Commit {
        mark: Some(MarkOp {
            by: Participant::Guest,
            receipt: Receipt::Read,
            seq: 1,
        }),
        ..place.commit(Guard::Any)
    };
    committed(hub.commit(marks).await);

    fill(&redis, &hub, &place, 50).await;
    for commit in refused {
        committed(hub.commit(commit).await);
    }
    assert_eq!(
        place.texts(&hub).await,
        ["known", "there is room", "no room"]
    );
}
