//! What is done to one Postgres.

use std::process::Command;

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Client;

use super::{conversation::Expect, house::House};
use crate::{
    process::{
        server::{LONG, LOOK},
        talk::{Person, message},
    },
    support::{
        lengths,
        pods::{FREE, Pods},
        schema::Schema,
        servers::{self, Postgres},
        token::token,
    },
};

/// Of each guest, between two troubles.
const SOME: usize = 20;
const KILLS: usize = 4;
/// More than a session's log in the hub keeps once it is stored.
const MANY: usize = 700;

/// The Redis is shared: it has no trouble here.
pub async fn house(postgres: &Postgres, settings: &[(&str, &str)]) -> House {
    let schema = Schema::on(postgres.url()).await;
    House::on(servers::redis().await, schema, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_postgres_is_stopped_for_a_while() {
    let postgres = Postgres::start().await;
    let mut house = house(&postgres, &[]).await;
    house.talk.more(SOME).await;
    pause(&postgres);
    talk_through(&mut house).await;
    resume(&postgres);
    house.talk.more(SOME).await;
    whole(house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_postgres_is_away_for_a_while() {
    let mut postgres = Postgres::start().await;
    let mut house = house(&postgres, &[]).await;
    house.talk.more(SOME).await;
    postgres.kill().await;
    talk_through(&mut house).await;
    postgres.restart().await;
    house.talk.more(SOME).await;
    whole(house).await;
}

/// Each time while a writer is between its first statement and its commit; and at any time.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_postgres_is_killed_in_the_middle_of_transactions() {
    let mut postgres = Postgres::start().await;
    let mut house = house(&postgres, &[]).await;
    for _ in 0..KILLS {
        house.talk.more(SOME).await;
        let barrier = Barrier::raise(&house.pods).await;
        barrier.reached().await;
        postgres.kill().await;
        postgres.restart().await;
        house.talk.more(SOME).await;
        postgres.kill().await;
        postgres.restart().await;
    }
    whole(house).await;
}

/// What the hub holds is shown; what it has let go of is refused, and never left out.
#[tokio::test(flavor = "multi_thread")]
async fn p7_p11_pages_are_whole_or_refused_while_postgres_is_away() {
    let mut postgres = Postgres::start().await;
    let schema = Schema::on(postgres.url()).await;
    let pods = Pods::launch(schema, servers::redis().await, &[FREE], &[]).await;
    let [address] = pods.addresses()[..] else {
        panic!("one pod");
    };
    let mut guest = Person::guest(address).await;
    let started = guest
        .granted("guest:start", json!({ "name": "Marie" }))
        .await;
    let session = started["sessionId"].as_str().unwrap();
    let operator = token(&pods.secrets(), "7", "Olga", "default", 3600);
    let mut operator = Person::operator(address, &operator).await;
    say(&mut guest, 0..MANY).await;
    stored(&pods.database().await, MANY).await;
    // The hub lets go of it a few at a time, with what is said next.
    say(&mut guest, MANY..MANY + SOME).await;
    stored(&pods.database().await, MANY + SOME).await;

    postgres.kill().await;
    say(&mut guest, MANY + SOME..MANY + 2 * SOME).await;
    let (mut shown, mut before) = (Vec::new(), None);
    let refusal = loop {
        let mut page = json!({ "sessionId": session, "limit": 50 });
        if let Some(before) = before {
            page["beforeSeq"] = before;
        }
        let page = operator.ask("staff:history", page).await;
        if page["ok"] == false {
            break page["error"]["code"].clone();
        }
        let messages = page["messages"].as_array().unwrap();
        before = Some(messages[0]["seq"].clone());
        shown.splice(0..0, messages.iter().map(text));
        assert_eq!(page["more"], true, "there is more, and it is not here");
    };
    assert_eq!(refusal, "unavailable");
    let first = MANY + 2 * SOME - shown.len();
    assert!(first > 0 && shown.len() >= 50, "{} shown", shown.len());
    assert_eq!(shown, numbers(first..MANY + 2 * SOME));

    postgres.restart().await;
    stored(&pods.database().await, MANY + 2 * SOME).await;
    let all = operator.history("staff:history", Some(session)).await;
    let all: Vec<String> = all.iter().map(text).collect();
    assert_eq!(all, numbers(0..MANY + 2 * SOME));
    pods.stop().await;
}

/// Nobody who talks notices: it goes on all the time that Postgres is away.
async fn talk_through(house: &mut House) {
    let over = Instant::now() + lengths::database_outage();
    while Instant::now() < over {
        house.talk.more(SOME).await;
    }
}

/// Ends the talk. All of it is there once, and in the order in which it was said.
async fn whole(house: House) {
    let schema = house.check(Expect::default()).await;
    in_order(&schema.client().await).await;
}

pub async fn in_order(database: &Client) {
    let query = "SELECT count(*) AS all, count(*) FILTER (WHERE seq <> nth OR nth <> written) AS wrong
        FROM (SELECT seq, row_number() OVER (PARTITION BY session ORDER BY entry_ms, entry_seq) AS nth,
            row_number() OVER (PARTITION BY session ORDER BY num) AS written FROM messages) AS numbered";
    let row = database.query_one(query, &[]).await.unwrap();
    let (all, wrong): (i64, i64) = (row.get("all"), row.get("wrong"));
    assert!(all > 0);
    assert_eq!(wrong, 0, "out of order, of {all}");
}

/// Once there are so many messages.
pub async fn stored(database: &Client, count: usize) {
    let query = "SELECT count(*) FROM messages";
    let all = async {
        loop {
            let found: i64 = database.query_one(query, &[]).await.unwrap().get(0);
            if found == i64::try_from(count).unwrap() {
                return;
            }
            sleep(LOOK).await;
        }
    };
    timeout(LONG, all).await.expect("not all are stored");
}

/// So many at a time are on their way.
async fn say(guest: &mut Person, numbers: std::ops::Range<usize>) {
    let numbers: Vec<usize> = numbers.collect();
    for some in numbers.chunks(SOME) {
        let mut asked = Vec::new();
        for number in some {
            let said = message(&number.to_string(), &number.to_string());
            asked.push(guest.emit("guest:message", &said).await.unwrap());
        }
        for number in asked {
            assert_eq!(guest.answer(number).await.unwrap()["ok"], true);
        }
    }
}

fn text(message: &serde_json::Value) -> String {
    message["message"].as_str().unwrap().to_owned()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// SIGSTOP to it and to what serves its connections: they stay open, and nothing is answered.
pub fn pause(postgres: &Postgres) {
    // It begets no more once it has stopped.
    signal("STOP", &[postgres.pid()]);
    signal_children("STOP", postgres);
}

pub fn resume(postgres: &Postgres) {
    signal_children("CONT", postgres);
    signal("CONT", &[postgres.pid()]);
}

pub fn signal(name: &str, pids: &[u32]) {
    assert!(kill(name, pids), "{name}");
}

/// One of them may be gone by then.
fn signal_children(name: &str, postgres: &Postgres) {
    let pid = postgres.pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap();
    let children = children.split_whitespace();
    let children: Vec<u32> = children.map(|child| child.parse().unwrap()).collect();
    kill(name, &children);
}

fn kill(name: &str, pids: &[u32]) -> bool {
    let pids = pids.iter().map(u32::to_string);
    let sent = Command::new("kill").args(["-s", name]).args(pids).status();
    sent.unwrap().success()
}

/// Whoever writes messages waits at it, in the middle of its transaction.
pub struct Barrier(Client);

impl Barrier {
    pub async fn raise(pods: &Pods) -> Self {
        let client = pods.database().await;
        let lock = "BEGIN; LOCK TABLE messages IN SHARE MODE";
        client.batch_execute(lock).await.unwrap();
        Self(client)
    }

    /// Once somebody waits there.
    pub async fn reached(&self) {
        let waits = "FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass";
        let waits = format!("SELECT EXISTS (SELECT {waits})");
        let look = async {
            while !self
                .0
                .query_one(&waits, &[])
                .await
                .unwrap()
                .get::<_, bool>(0)
            {
                sleep(LOOK).await;
            }
        };
        timeout(LONG, look).await.expect("nobody writes");
    }

    pub async fn lift(self) {
        self.0.batch_execute("COMMIT").await.unwrap();
    }
}
