//! What one guest can make Redis hold and send.

use switchboard::{
    hub::{Commit, Commits as _, Guard, Ingest as _, Logs as _, MarkOp, NewChange, Outcome},
    model::{MessageId, Participant, Reaction, Receipt},
};

use crate::support::servers::Redis;

use super::place::{HOLD, Place, ask, committed, draft, hub};

async fn figure(redis: &Redis, section: &str, name: &str) -> u64 {
    let info = ask(redis.url(), &format!("INFO {section}")).await;
    let line = info.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.unwrap().trim_start_matches(':');
    figure.split([',', '=']).next().unwrap().parse().unwrap()
}

/// A mark that says nothing new, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_what_changes_nothing_is_not_remembered_without_end() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    place.say(&hub, "one").await;
    let mark = || Commit {
        mark: Some(MarkOp {
            by: Participant::Operator(switchboard::model::OperatorId::new("a")),
            receipt: Receipt::Delivered,
            seq: 1,
        }),
        ..place.commit(Guard::Any)
    };
    let marked = committed(hub.commit(mark()).await);
    // What is not stored is remembered in any case.
    hub.set_persisted(place.partition(), marked.top)
        .await
        .unwrap();
    let before = figure(&redis, "memory", "used_memory").await;
    for _ in 0..20_000 {
        assert!(matches!(hub.commit(mark()).await, Outcome::Committed(_)));
    }
    let grown = figure(&redis, "memory", "used_memory").await - before;
    assert!(grown < 2_000_000, "{grown} bytes for nothing");
}

/// To see that a message is of a session, its reactions need not be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_looking_for_a_message_does_not_fetch_its_reactions() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::new();
    let mut starts = place.starts();
    let session = starts.set.create.as_mut().unwrap();
    session.guest.metadata = Some(serde_json::json!({ "x": "x".repeat(8_000) }));
    committed(hub.commit(starts).await);
    let said = committed(hub.commit(place.says("one")).await);
    let message = said.stamped[0].message.unwrap().0;
    for n in 0..500 {
        let reaction = Reaction {
            message,
            by: Participant::Guest,
            emoji: "👍".into(),
            on: n % 2 == 0,
        };
        let reacts = Commit {
            append: vec![draft(NewChange::Reacted { reaction })],
            ..place.commit(Guard::Open)
        };
        committed(hub.commit(reacts).await);
    }
    let before = figure(&redis, "stats", "total_net_output_bytes").await;
    // As `message:react` does each time, also for a message that is not there.
    let (workspace, session) = (&place.workspace, &place.session);
    let found = hub.find_message(workspace, session, message).await;
    assert_eq!(found, Ok(Some(1)));
    let unknown = MessageId::draw();
    let found = hub.find_message(workspace, session, unknown).await;
    assert_eq!(found, Ok(None));
    let sent = figure(&redis, "stats", "total_net_output_bytes").await - before;
    assert!(sent < 200_000, "{sent} bytes for one reaction");
}

/// A figure, not a promise: what one message costs inside Redis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p12_commands_within_the_commit_of_a_message() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    for _ in 0..300 {
        place.say(&hub, "warm").await;
    }
    ask(redis.url(), "CONFIG RESETSTAT").await;
    for _ in 0..1000 {
        place.say(&hub, "one").await;
    }
    let info = ask(redis.url(), "INFO commandstats").await;
    let lines = info.lines().filter(|line| line.starts_with("cmdstat_"));
    let lines: Vec<_> = lines
        .map(|line| line.split(",usec_per").next().unwrap())
        .collect();
    println!("{}", lines.join("\n"));
}
