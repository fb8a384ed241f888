//! Who writes the history: two who believe that they do, and one who is gone.

use serde_json::json;
use tokio::time::{Duration, sleep, timeout};
use tokio_postgres::Client;

use super::{
    conversation::{Conversation, Expect},
    postgres::{Barrier, in_order, pause, resume, signal},
};
use crate::{
    process::{
        server::{LONG, LOOK, Server},
        talk::{Person, message},
    },
    support::{
        pods::{FREE, Pods},
        schema::Schema,
        servers::{self, Postgres},
        token::token,
    },
};

const SOME: usize = 20;
/// Longer than the database lets a transaction idle.
const TAKEN_OVER: Duration = Duration::from_secs(40);

/// The first stands still with a batch in its hands, and goes on when another has stored that and more: the
/// cursor is not where it was.
#[tokio::test(flavor = "multi_thread")]
async fn p1_of_two_writers_the_one_that_stood_still_stores_nothing() {
    let postgres = Postgres::start().await;
    let pods = pods(&postgres, 2, &[]).await;
    let mut guests = Guests::at(&pods).await;
    // Whoever writes asks for a connection and gets no answer. Unless it is still about where to begin.
    let writer = loop {
        guests.stored().await;
        pause(&postgres);
        guests.say(0).await;
        match timeout(Duration::from_secs(2), holding(&pods)).await {
            Ok(writer) => break writer,
            Err(_) => resume(&postgres),
        }
    };
    let first = &pods.servers()[writer];
    signal("STOP", &[first.pid()]);
    resume(&postgres);
    guests.say_until_stored(1 - writer).await;
    signal("CONT", &[first.pid()]);
    // Unless that took so long that the call is over, or its lease: then it lets go without a word.
    let noticed = |line: &String| {
        line.contains("another writer has moved the cursor") || line.contains("no answer in time")
    };
    let over = async {
        while !first.err().now().iter().any(noticed) && spooled(first).await {
            sleep(LOOK).await;
        }
    };
    timeout(LONG, over).await.unwrap();
    // Whoever is at the one that stood still may have had to go.
    guests.say(1 - writer).await;
    guests.stored().await;
    in_order(&guests.database).await;
    pods.stop().await;
}

/// It keeps the row of the cursor meanwhile: the database takes that from it.
#[tokio::test(flavor = "multi_thread")]
async fn p1_a_writer_that_stands_still_in_its_transaction_keeps_nobody_waiting_for_ever() {
    let postgres = Postgres::start().await;
    let pods = pods(&postgres, 2, &[]).await;
    let mut guests = Guests::at(&pods).await;
    let writer = guests.find_writer(&pods).await;
    let first = &pods.servers()[writer];
    let barrier = Barrier::raise(&pods).await;
    guests.say(1 - writer).await;
    barrier.reached().await;
    signal("STOP", &[first.pid()]);
    barrier.lift().await;
    guests.say_until_stored(1 - writer).await;
    signal("CONT", &[first.pid()]);
    guests.say(1 - writer).await;
    guests.stored().await;
    in_order(&guests.database).await;
    pods.stop().await;
}

/// What it had not stored is not acknowledged; another stores it, and then it is.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_the_pod_that_writes_is_killed_while_acks_wait_for_it() {
    let postgres = Postgres::start().await;
    let mut pods = pods(&postgres, 3, &[("ACK", "stored")]).await;
    let mut guests = Guests::at(&pods).await;
    let writer = guests.find_writer(&pods).await;
    // As behind a balancer that has noticed: nobody is at the one that goes.
    let mut addresses = pods.addresses();
    addresses.remove(writer);
    let operator = token(&pods.secrets(), "7", "Olga", "default", 3600);
    let mut talk = Conversation::begin(&addresses, &operator).await;
    talk.more(SOME).await;
    let barrier = Barrier::raise(&pods).await;
    barrier.reached().await;
    signal("KILL", &[pods.pids()[writer]]);
    pods.lose(writer).await;
    barrier.lift().await;
    talk.more(SOME).await;
    let database = pods.database().await;
    let ends = timeout(TAKEN_OVER, talk.end(&database, Expect::default()));
    ends.await.expect("it does not come to an end");
    in_order(&database).await;
    pods.stop().await;
}

async fn pods(postgres: &Postgres, count: usize, settings: &[(&str, &str)]) -> Pods {
    let schema = Schema::on(postgres.url()).await;
    let redis = servers::redis().await;
    Pods::launch(schema, redis, &vec![FREE; count], settings).await
}

/// One at each pod.
struct Guests {
    people: Vec<Person>,
    said: usize,
    database: Client,
}

impl Guests {
    async fn at(pods: &Pods) -> Self {
        let mut people = Vec::new();
        for address in pods.addresses() {
            let mut guest = Person::guest(address).await;
            let name = json!({ "name": "Marie" });
            guest.granted("guest:start", name).await;
            people.push(guest);
        }
        Self {
            people,
            said: 0,
            database: pods.database().await,
        }
    }

    async fn say(&mut self, at: usize) {
        let text = self.said.to_string();
        self.said += 1;
        let said = message(&text, &text);
        self.people[at].granted("guest:message", said).await;
    }

    async fn are_stored(&self) -> bool {
        let query = "SELECT count(*) FROM messages";
        let found: i64 = self.database.query_one(query, &[]).await.unwrap().get(0);
        found == i64::try_from(self.said).unwrap()
    }

    async fn stored(&self) {
        let all = async {
            while !self.are_stored().await {
                sleep(LOOK).await;
            }
        };
        timeout(LONG, all).await.expect("not all are stored");
    }

    /// Something new all the time, as somebody has to notice it.
    async fn say_until_stored(&mut self, at: usize) {
        let all = async {
            loop {
                self.say(at).await;
                sleep(Duration::from_millis(50)).await;
                if self.are_stored().await {
                    return;
                }
            }
        };
        timeout(TAKEN_OVER, all).await.expect("nobody takes over");
    }

    /// Whoever stores what is said now.
    async fn find_writer(&mut self, pods: &Pods) -> usize {
        self.stored().await;
        let before = written(pods).await;
        self.say(0).await;
        let look = async {
            loop {
                let now = written(pods).await;
                if let Some(writer) = (0..now.len()).find(|at| now[*at] > before[*at]) {
                    return writer;
                }
            }
        };
        timeout(LONG, look).await.expect("nobody writes")
    }
}

/// The pod that has entries in its hands which are not stored.
async fn holding(pods: &Pods) -> usize {
    loop {
        for (at, server) in pods.servers().iter().enumerate() {
            if spooled(server).await {
                return at;
            }
        }
    }
}

/// Whether it has entries that wait to be stored.
async fn spooled(server: &Server) -> bool {
    let page = server.measured().await;
    let line = "switchboard_spool_entries ";
    let entries = page.lines().find_map(|it| it.strip_prefix(line));
    entries.is_some_and(|entries| entries != "0")
}

async fn written(pods: &Pods) -> Vec<u64> {
    let of = async |server: &Server| {
        let page = server
            .measured_with("switchboard_message_persist_seconds_count")
            .await;
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("switchboard_message_persist_seconds_count "));
        line.unwrap().parse().unwrap()
    };
    futures_util::future::join_all(pods.servers().iter().map(of)).await
}
