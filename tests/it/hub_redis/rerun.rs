//! Another primary takes over that had missed the newest commits: whoever acknowledged them tells it.

use switchboard::hub::{Commits as _, Logs as _, Outcome};

use crate::support::servers::Redis;

use super::place::{HOLD, Place, ask, committed, hub};

/// Killed and started again, it knows what it has saved, as a replica knows what it was sent.
const KEEPS_WHAT_IT_SAVES: [&str; 4] = ["--appendonly", "no", "--save", ""];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_another_primary_is_told_what_was_acknowledged() {
    let mut redis = Redis::start(&KEEPS_WHAT_IT_SAVES).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    place.say(&hub, "one").await;
    ask(redis.url(), "SAVE").await;
    let epoch = hub.top(&place.workspace).await.unwrap().epoch;
    let later = Place {
        workspace: place.workspace.clone(),
        ..Place::new()
    };
    committed(hub.commit(later.starts()).await);
    later.say(&hub, "to a session that it does not know").await;
    let two = place.says("two");
    committed(hub.commit(two.clone()).await);
    place.say(&hub, "three").await;
    redis.restart().await;
    // Not before those that it has missed.
    place.say(&hub, "four").await;
    assert_eq!(hub.top(&place.workspace).await.unwrap().epoch, epoch);
    assert_eq!(place.texts(&hub).await, ["one", "two", "three", "four"]);
    assert_eq!(later.texts(&hub).await.len(), 1);
    let again = hub.commit(two).await;
    assert!(matches!(again, Outcome::Duplicate(_)), "{again:?}");
}

/// One that has lost nothing is told again, and changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_a_primary_that_knows_all_does_nothing_again() {
    let mut redis = Redis::start(&[]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    for text in ["one", "two", "three"] {
        place.say(&hub, text).await;
    }
    let top = hub.top(&place.workspace).await.unwrap();
    redis.restart().await;
    committed(hub.commit(place.says("four")).await);
    assert_eq!(place.texts(&hub).await, ["one", "two", "three", "four"]);
    let entries = place.read(&hub).await;
    assert_eq!(entries[entries.len() - 2].id, top.at);
}
