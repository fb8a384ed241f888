//! Keys come and go while tokens of both are about.

use std::time::Duration;

use serde_json::json;
use switchboard::server::auth::{Failure, Pace};
use tokio::{net::TcpListener, time::Instant};

use super::{
    Judge,
    source::{Answer, PACE, Published},
};
use crate::{
    process::server::LOOK,
    support::signer::{self, Signer, claims},
};

struct Keys {
    old: Signer,
    new: Signer,
}

impl Keys {
    fn new() -> Self {
        let [old, new] = [signer::RSA, signer::ED25519].map(Signer::new);
        Self { old, new }
    }

    fn old(&self) -> String {
        self.old.sign(Some("old"), &claims())
    }

    fn new_one(&self) -> String {
        self.new.sign(Some("new"), &claims())
    }
}

#[tokio::test]
async fn a_new_key_is_known_by_the_first_token_that_names_it() {
    let keys = Keys::new();
    let source = Published::start(json!({ "keys": [keys.old.jwk(Some("old"))] })).await;
    let judge = Judge::of(source.foreign());
    assert!(judge.says(&keys.old()).await.is_ok());
    assert_eq!(judge.says(&keys.new_one()).await, Err(Failure::UnknownKey));
    source.publish(json!({ "keys": [keys.old.jwk(Some("old")), keys.new.jwk(Some("new"))] }));
    for token in [keys.new_one(), keys.old()] {
        assert!(judge.says(&token).await.is_ok());
    }
    // Once more, and the old one is gone by the same fetch.
    source.publish(json!({ "keys": [keys.new.jwk(Some("newer"))] }));
    let newer = keys.new.sign(Some("newer"), &claims());
    assert!(judge.says(&newer).await.is_ok());
    for gone in [keys.old(), keys.new_one()] {
        assert_eq!(judge.says(&gone).await, Err(Failure::UnknownKey));
    }
}

#[tokio::test]
async fn p5_a_key_that_has_left_the_set_is_refused_after_the_next_fetch() {
    let keys = Keys::new();
    let source = Published::start(json!({ "keys": [keys.old.jwk(Some("old"))] })).await;
    let pace = Pace {
        every: Duration::from_millis(50),
        gap: Duration::from_millis(10),
        ..PACE
    };
    let judge = Judge::of(source.foreign_at(pace));
    let unnamed = keys.old.sign(None, &claims());
    for token in [keys.old(), unnamed.clone()] {
        assert!(judge.says(&token).await.is_ok());
    }
    // An empty set is one: all of them are taken back.
    source.publish(json!({ "keys": [] }));
    let fetched = judge.fetches("fetched");
    while judge.fetches("fetched") < fetched + 2 {
        tokio::time::sleep(LOOK).await;
    }
    for token in [keys.old(), unnamed] {
        assert_eq!(judge.says(&token).await, Err(Failure::UnknownKey));
    }
}

#[tokio::test]
async fn a_source_that_is_away_takes_no_key_with_it() {
    let keys = Keys::new();
    let set = json!({ "keys": [keys.old.jwk(Some("old"))] });
    let source = Published::start(set.clone()).await;
    let judge = Judge::of(source.foreign());
    assert!(judge.says(&keys.old()).await.is_ok());
    source.answer(Answer::Text("under maintenance".into()));
    assert_eq!(judge.says(&keys.new_one()).await, Err(Failure::UnknownKey));
    assert!(judge.fetches("invalid") >= 1);
    assert!(judge.says(&keys.old()).await.is_ok());
}

/// A pod that starts before it is no other than one that starts after it.
#[tokio::test]
async fn a_source_that_comes_later_is_found() {
    let keys = Keys::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let there = format!("http://{address}/jwks");
    let judge = Judge::of(switchboard::server::auth::Foreign {
        published: Some(switchboard::server::auth::Source::new(&there).unwrap()),
        pace: PACE,
        ..Default::default()
    });
    assert_eq!(judge.says(&keys.old()).await, Err(Failure::UnknownKey));
    assert!(judge.fetches("unreachable") >= 1);
    let listener = TcpListener::bind(address).await.unwrap();
    let _source = Published::on(
        listener,
        Answer::Keys(json!({ "keys": [keys.old.jwk(Some("old"))] })),
    );
    let unnamed = keys.old.sign(None, &claims());
    for token in [keys.old(), unnamed] {
        assert!(judge.says(&token).await.is_ok());
    }
}

/// Names of keys that nobody has: whoever makes them up costs the source no more than the pace allows.
#[tokio::test]
async fn p8_made_up_names_do_not_make_fetches() {
    let keys = Keys::new();
    let source = Published::start(json!({ "keys": [keys.old.jwk(Some("old"))] })).await;
    let pace = Pace {
        gap: Duration::from_secs(3600),
        ..PACE
    };
    let judge = Judge::of(source.foreign_at(pace));
    assert!(judge.says(&keys.old()).await.is_ok());
    let began = Instant::now();
    for n in 0..50 {
        let token = keys.new.sign(Some(&format!("made up {n}")), &claims());
        assert_eq!(judge.says(&token).await, Err(Failure::UnknownKey));
    }
    assert!(
        began.elapsed() < PACE.wait,
        "nobody waits for what is not to come"
    );
    assert_eq!(source.asked(), 1);
    assert_eq!(judge.failures(Failure::UnknownKey), 50);
}

#[tokio::test]
async fn p8_all_wait_for_the_one_fetch_and_not_for_ever() {
    let keys = Keys::new();
    let source = Published::answering(Answer::Never).await;
    let pace = Pace {
        gap: Duration::from_secs(3600),
        wait: Duration::from_millis(200),
        ..PACE
    };
    let judge = Judge::of(source.foreign_at(pace));
    let (by_secret, old) = (super::own(&claims()), keys.old());
    let crowd = futures_util::future::join_all((0..20).map(|_| judge.says(&old)));
    let began = Instant::now();
    let (refused, own) = tokio::join!(crowd, async {
        let own = judge.says(&by_secret).await;
        (own, began.elapsed())
    });
    assert!(refused.iter().all(|it| *it == Err(Failure::UnknownKey)));
    assert!(own.0.is_ok() && own.1 < pace.wait, "ours waits for nobody");
    assert_eq!(source.asked(), 1);
}
