//! Commits whose answer is lost on its way.

use switchboard::hub::{Commits as _, Outcome};

use crate::support::{lossy::Lossy, servers::Redis};

use super::{
    place::{HOLD, Place, ask, hub},
    within,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_a_commit_is_done_once_though_its_answer_is_lost() {
    let redis = Redis::start(&[]).await;
    let way = Lossy::to(redis.url().rsplit('/').next().unwrap()).await;
    let hub = hub(&format!("redis://{}", way.address), HOLD).await;
    let place = Place::started(&hub).await;
    let mut texts = Vec::new();
    for n in 1..=10 {
        let text = n.to_string();
        let calls = calls(redis.url()).await;
        way.lose(1);
        let outcome = within(hub.commit(place.says(&text))).await;
        assert_eq!(way.lost(), n);
        // It was carried out twice: the second time told the result of the first.
        assert!(matches!(outcome, Outcome::Duplicate(_)), "{outcome:?}");
        assert_eq!(self::calls(redis.url()).await, calls + 2);
        texts.push(text);
    }
    assert_eq!(place.texts(&hub).await, texts);
}

/// How many scripts have run.
async fn calls(url: &str) -> u64 {
    let stats = ask(url, "INFO commandstats").await;
    let of = stats
        .lines()
        .find(|line| line.starts_with("cmdstat_evalsha:"));
    let (_, calls) = of.map_or(("", "0"), |line| line.split_once("calls=").unwrap());
    calls.split(',').next().unwrap().parse().unwrap()
}
