//! Pods of two releases on one Redis: what only the later one knows.

use serde_json::json;
use switchboard::{
    hub::{
        Commit, Commits as _, Draft, Guard, Ingest as _, Log, Logs as _, NewChange, Outcome,
        Retention,
        redis::{OpenError, RedisHub, RedisSettings},
    },
    metrics::Metrics,
    model::{
        Change, Clock, DedupId, EntryId, MessageId, Participant, Partition, PodId, Reaction,
        SessionId, WorkspaceId,
    },
};
use tokio::time::{Duration, sleep, timeout};

use super::{
    server::{LONG, LOOK},
    talk::{Person, message},
};
use crate::support::{pods::Pods, schema::Schema, servers, token::token, translator::Translator};

const KNOWN: &str = r#""kind":"reacted""#;
const LATER: &str = r#""kind":"revoted""#;

async fn hub(redis: &str, prefix: &str) -> Result<RedisHub, OpenError> {
    let settings = RedisSettings {
        url: redis.to_owned(),
        prefix: prefix.to_owned(),
        hold: LONG,
        poll_hold: LONG,
        retention: Retention {
            feed_ms: 600_000,
            ended_ms: 600_000,
        },
    };
    RedisHub::connect(settings, Clock::System, Metrics::new().unwrap().hub).await
}

/// As this release would read it if it were the one before.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_what_is_of_a_later_release_is_passed_over_and_left_to_its_writer() {
    let mut pods = Pods::start(1).await;
    let redis = servers::redis().await;
    let way = Translator::to(redis.strip_prefix("redis://").unwrap(), KNOWN, LATER).await;
    let newer = format!("redis://{}", way.address);
    let address = pods.addresses()[0];
    let mut operator = Person::operator(
        address,
        &token(&pods.secrets(), "7", "Ann", "default", 3600),
    )
    .await;
    let mut guest = Person::guest(address).await;
    let started = guest
        .granted("guest:start", json!({ "name": "Marie" }))
        .await;
    let session = started["sessionId"].as_str().unwrap().to_owned();
    let claim = json!({ "sessionId": session });
    operator.granted("staff:connect_to_session", claim).await;
    let one = guest.granted("guest:message", message("one", "1")).await;
    stored(&pods, "messages", 1).await;

    let place = (
        WorkspaceId::new("default"),
        SessionId::new(session.as_str()),
    );
    let of_newer = hub(&newer, pods.prefix()).await.unwrap();
    let reacted = react(&of_newer, &place, one["messageId"].as_str().unwrap()).await;

    // Live: what follows is heard, at once and once.
    guest.granted("guest:message", message("two", "2")).await;
    assert_eq!(operator.hear("guest:message").await["message"], "one");
    assert_eq!(operator.hear("guest:message").await["message"], "two");
    // On replay: it has its place in the log, and says nothing.
    let of_older = hub(redis, pods.prefix()).await.unwrap();
    let feed = Log::Feed(place.0.clone());
    let page = of_older.read(&feed, EntryId::ZERO, 1000).await.unwrap();
    let at = page
        .entries
        .iter()
        .position(|entry| entry.id == reacted)
        .unwrap();
    assert_eq!(page.entries[at].change, Change::Unknown);
    assert_eq!(page.entries[at + 1].prev.feed, reacted);
    let told = guest.history("guest:history", None).await;
    assert_eq!(told.len(), 2);

    // The writer has stopped before it, and holds nobody up who can go on.
    pods.servers()[0]
        .err()
        .wait(|line| line.contains("of a later release"))
        .await;
    let partition = Partition::of(&place.0);
    let free = async {
        let pod = PodId::draw();
        while !of_older.lease_writer(partition, &pod, 1).await.unwrap() {
            sleep(LOOK).await;
        }
    };
    timeout(LONG, free).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    assert_eq!(
        count(&pods, "messages").await,
        1,
        "it went past what it does not know"
    );

    pods.add(&newer).await;
    stored(&pods, "messages", 2).await;
    stored(&pods, "reactions", 1).await;
    // Behind it this release goes on.
    pods.end_last().await;
    guest.granted("guest:message", message("three", "3")).await;
    assert_eq!(operator.hear("guest:message").await["message"], "three");
    stored(&pods, "messages", 3).await;
    of_newer.close().await;
    of_older.close().await;
    let _schema = pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_too_old_for_its_deployment_does_not_start() {
    let (schema, redis) = (Schema::fresh().await, servers::redis().await);
    let prefix = &schema.name;
    let first = hub(redis, prefix).await.unwrap();
    first.close().await;
    let way = redis.strip_prefix("redis://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(way).await.unwrap();
    let raise = format!("SET {prefix}:{{53t}}:format 9\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, raise.as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 5];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer)
        .await
        .unwrap();
    assert_eq!(&answer, b"+OK\r\n");
    match hub(redis, prefix).await {
        Err(error @ OpenError::Format { raised: 9, .. }) => assert!(!error.is_passing()),
        other => panic!("{:?}", other.map(drop)),
    }
}

async fn react(
    hub: &RedisHub,
    (workspace, session): &(WorkspaceId, SessionId),
    on: &str,
) -> EntryId {
    let commit = Commit {
        append: vec![Draft {
            change: NewChange::Reacted {
                reaction: Reaction {
                    message: MessageId(on.parse().unwrap()),
                    by: Participant::Guest,
                    emoji: "👍".into(),
                    on: true,
                },
            },
            origin: None,
            to: None,
            only_on: None,
        }],
        ..Commit::new(
            workspace.clone(),
            Some(session.clone()),
            DedupId::draw(),
            Guard::Open,
        )
    };
    match hub.commit(commit).await {
        Outcome::Committed(written) => written.stamped[0].id,
        other => panic!("{other:?}"),
    }
}

async fn stored(pods: &Pods, table: &str, wanted: i64) {
    let look = async {
        while count(pods, table).await < wanted {
            sleep(LOOK * 10).await;
        }
    };
    let known = timeout(LONG, look).await;
    assert!(known.is_ok(), "{wanted} {table} are never stored");
    assert_eq!(count(pods, table).await, wanted);
}

async fn count(pods: &Pods, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    let row = pods.database().await.query_one(&count, &[]).await;
    row.unwrap().get(0)
}
