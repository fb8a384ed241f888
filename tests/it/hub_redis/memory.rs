//! A Redis that has no memory left and evicts nothing.

use switchboard::{
    hub::{Commit, Commits as _, DeadlineOp, Guard, Ingest as _, Logs as _, Outcome},
    model::PodId,
};

use crate::support::servers::Redis;

use super::place::{HOLD, Place, ask, committed, hub};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_without_memory_commits_are_refused_whole() {
    let redis = Redis::start(&["--enable-debug-command", "local"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let first = place.says("first");
    committed(hub.commit(first.clone()).await);
    let due = DeadlineOp::Set {
        name: "due".into(),
        at: 1,
        only_on: None,
    };
    committed(hub.commit(with_deadline(&place, due)).await);

    let refused = [
        Place::new().starts(),
        place.says("second"),
        place.writes_all("all"),
        with_deadline(&place, DeadlineOp::Due { name: "due".into() }),
    ];
    let digest = ask(redis.url(), "DEBUG DIGEST").await;
    ask(redis.url(), "CONFIG SET maxmemory 1").await;
    for commit in &refused {
        assert_eq!(hub.commit(commit.clone()).await, Outcome::Busy);
        assert_eq!(ask(redis.url(), "DEBUG DIGEST").await, digest);
    }
    // What asks for no memory is answered.
    assert_eq!(place.texts(&hub).await, ["first"]);
    assert!(hub.top(&place.workspace).await.is_ok());
    let again = hub.commit(first).await;
    assert!(matches!(again, Outcome::Duplicate(_)), "{again:?}");

    ask(redis.url(), "CONFIG SET maxmemory 0").await;
    for commit in refused {
        committed(hub.commit(commit).await);
    }
    assert_eq!(place.texts(&hub).await, ["first", "second", "all"]);
}

/// The writer has to go on, or what is stored could never be let go of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_what_makes_room_needs_none() {
    let redis = Redis::start(&[]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let top = place.say(&hub, "stored").await;
    let (partition, pod) = (place.partition(), PodId::draw());
    // Every partition has begun its life, as where a pod is at work.
    hub.persisted().await.unwrap();
    ask(redis.url(), "CONFIG SET maxmemory 1").await;
    assert_eq!(hub.commit(place.says("refused")).await, Outcome::Busy);
    assert_eq!(hub.lease_writer(partition, &pod, 60_000).await, Ok(true));
    hub.raise(partition, top).await.unwrap();
    hub.set_persisted(partition, top).await.unwrap();
    assert_eq!(hub.persisted().await.unwrap().get(partition), top);
    assert_eq!(hub.lease_writer(partition, &pod, 0).await, Ok(true));
}

fn with_deadline(place: &Place, op: DeadlineOp) -> Commit {
    Commit {
        deadlines: vec![op],
        ..place.commit(Guard::Any)
    }
}
