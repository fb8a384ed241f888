//! A hub that cannot be had says why, whether it may come, and nothing secret.

use std::time::Duration;

use switchboard::{
    hub::redis::{OpenError, RedisHub},
    metrics::Metrics,
    model::Clock,
};
use tokio::net::TcpListener;

use crate::support::servers::Redis;

use super::{
    place::{HOLD, Place, hub, settings},
    within,
};

#[tokio::test]
async fn a_wrong_url_does_not_pass() {
    for url in [
        "",
        "localhost",
        "http://user:secret@localhost",
        "redis://:secret@",
    ] {
        let error = refused(url).await;
        assert!(matches!(error, OpenError::Url), "{url}: {error:?}");
        assert!(!error.is_passing());
    }
}

#[tokio::test]
async fn a_wrong_password_does_not_pass() {
    let redis = Redis::start(&[]).await;
    let open = hub(redis.url(), HOLD).await;
    super::place::ask(redis.url(), "CONFIG SET requirepass right").await;
    let address = redis.url().rsplit('/').next().unwrap();
    for user in ["", ":secret@", "nobody:secret@", "default:secret@"] {
        let error = refused(&format!("redis://{user}{address}")).await;
        assert!(matches!(error, OpenError::Auth), "{user}: {error:?}");
        assert!(!error.is_passing());
    }
    // Whoever is in stays in.
    let place = Place::started(&open).await;
    let right = hub(&format!("redis://:right@{address}"), HOLD).await;
    place.say(&right, "in").await;
}

#[tokio::test]
async fn a_redis_that_is_away_may_come() {
    let mut redis = Redis::start(&[]).await;
    redis.kill().await;
    let error = refused(redis.url()).await;
    assert!(matches!(error, OpenError::Unreachable(_)) && error.is_passing());
    let host = "no-such-host.invalid";
    let error = refused(&format!("redis://:secret@{host}")).await;
    assert!(matches!(error, OpenError::Unreachable(_)) && error.is_passing());
    redis.restart().await;
    Place::started(&*hub(redis.url(), HOLD).await).await;
}

#[tokio::test]
async fn a_redis_that_does_not_answer_may_come() {
    // Connections are made, and nothing is ever said on them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://:secret@{}", silent.local_addr().unwrap());
    let error = tokio::time::timeout(Duration::from_secs(15), refused(&url));
    let error = error.await.unwrap();
    assert!(matches!(error, OpenError::Unreachable(_)) && error.is_passing());
}

async fn refused(url: &str) -> OpenError {
    let metrics = Metrics::new().unwrap();
    let opened = RedisHub::connect(settings(url, HOLD), Clock::System, metrics.hub);
    let error = within(opened).await.map(drop).unwrap_err();
    for said in [format!("{error}"), format!("{error:?}")] {
        assert!(!said.contains("secret"), "{said}");
    }
    error
}
