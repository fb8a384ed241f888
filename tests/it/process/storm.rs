//! All who were on one pod come back at once, to the others.

use std::collections::HashSet;

use serde_json::json;
use tokio::{
    sync::{mpsc, watch},
    time::{Duration, Instant, timeout},
};

use super::{server::LONG, talk::Person};
use crate::support::{
    lengths,
    pods::Pods,
    returning::{Returning, Story},
    token::token,
};

/// Messages to each guest: while all are there, while they are away, and when they are back.
const ROUNDS: [&str; 3] = ["before", "meanwhile", "after"];
/// Who come at once before there is a storm.
const TOGETHER: usize = 250;
/// For one more to be back.
const SETTLED: Duration = Duration::from_secs(60);
/// Between two signs of life of an operator who only waits.
const ALIVE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_all_clients_of_a_killed_pod_come_back_at_once_and_lose_nothing() {
    let guests = lengths::storm();
    let mut pods = Pods::start(3).await;
    let addresses = pods.addresses();
    let (place, places) = watch::channel(vec![addresses[0]]);
    let (end, ended) = watch::channel(false);
    let (joined, mut arrivals) = mpsc::channel(guests);
    let (mut living, mut sessions) = (Vec::new(), vec![String::new(); guests]);
    for number in 0..guests {
        let guest = Returning {
            addresses: places.clone(),
            number,
            joined: joined.clone(),
            end: ended.clone(),
        };
        living.push(tokio::spawn(guest.live()));
        // Their first coming is not the storm.
        if living.len() % TOGETHER > 0 && living.len() < guests {
            continue;
        }
        // On a busy machine one may have come in, and lost its connection, twice before another has once.
        while sessions[..living.len()].iter().any(String::is_empty) {
            let (number, session) = timeout(SETTLED, arrivals.recv()).await.unwrap().unwrap();
            sessions[number] = session;
        }
    }
    let alice = token(&pods.secrets(), "7", "Alice", "default", 3600);
    let mut alice = Person::operator(addresses[1], &alice).await;
    for session in &sessions {
        let claim = json!({ "sessionId": session });
        alice.granted("staff:connect_to_session", claim).await;
    }
    say(&mut alice, &sessions, ROUNDS[0]).await;

    place.send_replace(addresses[1..].to_vec());
    let killed = Instant::now();
    pods.kill_first().await;
    say(&mut alice, &sessions, ROUNDS[1]).await;
    let mut back = HashSet::new();
    let mut alive = tokio::time::interval(ALIVE);
    while back.len() < guests {
        let arrival = timeout(SETTLED, arrivals.recv());
        tokio::pin!(arrival);
        let number = loop {
            tokio::select! {
                arrived = &mut arrival => break arrived.unwrap().unwrap().0,
                // She reads meanwhile, and answers pings: it may take longer than a server waits for that.
                _ = alive.tick() => alice.granted("staff:sessions", json!({ "limit": 1 })).await,
            };
        };
        back.insert(number);
    }
    let settled = killed.elapsed();
    say(&mut alice, &sessions, ROUNDS[2]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    end.send_replace(true);
    let mut stories = Vec::new();
    for guest in living {
        stories.push(timeout(LONG, guest).await.unwrap().unwrap());
    }
    report(&stories, settled);
    for story in &stories {
        assert_eq!(story.heard, ROUNDS, "{story:?}");
        assert!(story.recovered > 0 && story.renewed == 0, "{story:?}");
        assert_eq!(story.ignored, 0, "{story:?}");
    }
    let _schema = pods.stop().await;
}

/// One message into each session, many on their way. What is refused for the moment is said again, as a
/// client does: with the same id.
async fn say(alice: &mut Person, sessions: &[String], text: &str) {
    const IN_FLIGHT: usize = 50;
    for some in sessions.chunks(IN_FLIGHT) {
        let mut left: Vec<&String> = some.iter().collect();
        while !left.is_empty() {
            let mut asked = Vec::new();
            for session in left.drain(..) {
                let message = json!({
                    "sessionId": session, "message": text, "type": "text",
                    "clientMessageId": format!("{session} {text}"),
                });
                let number = alice.emit("staff:message", &message).await.unwrap();
                asked.push((session, number));
            }
            for (session, number) in asked {
                let answer = alice.answer(number).await.unwrap();
                if answer["ok"] != true {
                    assert_eq!(answer["error"]["code"], "unavailable", "{answer}");
                    left.push(session);
                }
            }
        }
    }
}

fn report(stories: &[Story], settled: Duration) {
    let mut away: Vec<Duration> = stories
        .iter()
        .flat_map(|story| story.away.clone())
        .collect();
    away.sort_unstable();
    let refused: usize = stories.iter().map(|story| story.refused).sum();
    let (half, most) = (away[away.len() / 2], away[away.len() * 99 / 100]);
    println!(
        "{} guests: all back {settled:?} after the kill; away p50 {half:?}, p99 {most:?}; {refused} attempts refused",
        stories.len()
    );
}
