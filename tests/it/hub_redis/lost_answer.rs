//! Commits whose answer is lost on its way.

use switchboard::hub::{Commits as _, Outcome};

use crate::support::{lossy::Lossy, servers::Redis};

use super::{
    place::{HOLD, Place, hub},
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
        way.lose(1);
        let outcome = within(hub.commit(place.says(&text))).await;
        assert_eq!(way.lost(), n);
        // It was carried out twice: the second time told the result of the first.
        assert!(matches!(outcome, Outcome::Duplicate(_)), "{outcome:?}");
        texts.push(text);
    }
    assert_eq!(place.texts(&hub).await, texts);
}
