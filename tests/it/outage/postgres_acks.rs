//! What is acknowledged, and what is said to be stored, while Postgres is in trouble.

use std::pin::pin;

use futures_util::future::join_all;
use serde_json::{Value, json};
use switchboard::hub::NOTICES_HELD;
use tokio::time::{Duration, Instant, timeout};
use tokio_postgres::Client;

use super::{
    conversation::Expect,
    person::{Pass, Person},
    postgres::{Barrier, house, in_order, pause, resume, stored},
};
use crate::{
    process::{server::LONG, talk::message},
    support::{
        pods::{FREE, Pods},
        schema::Schema,
        servers::{self, Postgres},
        token::token,
    },
};

/// A moment in which what must not come would have come.
const MOMENT: Duration = Duration::from_secs(1);
const SOME: usize = 20;
/// More than are told one by one later.
const MANY: usize = NOTICES_HELD + 10;

/// Accepted is said at once. That it is stored is said when it is, however long that takes.
#[tokio::test(flavor = "multi_thread")]
async fn p11_the_tick_stays_at_sent_until_postgres_is_back() {
    let postgres = Postgres::start().await;
    let scene = Scene::on(&postgres, &[("ACK_TIMEOUT", "1s")]).await;
    let mut people = scene.people().await;
    for one in &mut people {
        let seq = one.says("before").await["seq"].clone();
        assert_eq!(one.tick().await["seq"], seq);
    }
    pause(&postgres);
    // All at once: who is not heard for long has to answer pings as well.
    let says = people.iter_mut().map(async |one| {
        for number in 0..MANY {
            one.says(&number.to_string()).await;
        }
    });
    join_all(says).await;
    for one in &mut people {
        let early = timeout(2 * MOMENT, one.tick()).await;
        assert!(early.is_err(), "{early:?}, and nothing is stored");
    }
    resume(&postgres);
    for one in &mut people {
        // Of very many the newest: they stand for those before.
        for seq in 2 + MANY - NOTICES_HELD..2 + MANY {
            let tick = timeout(LONG, one.tick()).await;
            assert_eq!(tick.expect("it never comes")["seq"], seq);
        }
    }
    let database = scene.pods.database().await;
    stored(&database, 3 * (1 + MANY)).await;
    in_order(&database).await;
    scene.pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p11_an_ack_that_waits_for_postgres_is_never_false() {
    let postgres = Postgres::start().await;
    let settings = [("ACK", "stored"), ("ACK_TIMEOUT", "5s")];
    let scene = Scene::on(&postgres, &settings).await;
    let database = scene.pods.database().await;
    let mut count = 0;
    for mut one in scene.people().await {
        one.says_at_last("before").await;
        count += 1;
        assert_eq!(rows(&database).await, count, "before it is acknowledged");

        // A short trouble: it waits.
        pause(&postgres);
        {
            let mut said = pin!(one.says("during"));
            assert!(timeout(MOMENT, &mut said).await.is_err(), "it is nowhere");
            resume(&postgres);
            said.await;
        }
        count += 1;
        assert_eq!(rows(&database).await, count);

        // A longer one: nobody knows, and it is asked again.
        pause(&postgres);
        let begun = Instant::now();
        let answer = one.asks("for long").await;
        assert_eq!(answer["error"]["code"], "pending", "{answer}");
        assert!(begun.elapsed() >= Duration::from_secs(5));
        resume(&postgres);
        let answer = one.says_at_last("for long").await;
        assert_eq!(answer["duplicate"], true, "{answer}");
        count += 1;
        assert_eq!(rows(&database).await, count);
    }
    in_order(&database).await;
    scene.pods.stop().await;
}

/// A rule of the database's owner, which the relay does not know. Of a batch that is full of others.
#[tokio::test(flavor = "multi_thread")]
async fn p1_a_row_that_is_refused_holds_up_nothing_at_full_rate() {
    let postgres = Postgres::start().await;
    let mut house = house(&postgres, &[]).await;
    refuse_some(&house.pods.database().await).await;
    let addresses = house.pods.addresses();
    let mut guest = One::guest(&addresses, false).await;
    for round in 0..3 {
        let barrier = Barrier::raise(&house.pods).await;
        barrier.reached().await;
        house.talk.more(SOME).await;
        guest.says(&format!("refused {round}")).await;
        guest.says(&format!("taken {round}")).await;
        house.talk.more(SOME).await;
        barrier.lift().await;
    }
    let database = house.pods.database().await;
    let query = "SELECT text FROM messages WHERE session = $1 ORDER BY num";
    let texts = async || -> Vec<String> {
        let rows = database.query(query, &[&guest.session]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let all = async { while texts().await.len() < 3 {} };
    timeout(LONG, all).await.expect("held up");
    assert_eq!(texts().await, ["taken 0", "taken 1", "taken 2"]);
    let kept = database.query("SELECT entry FROM poison ORDER BY num", &[]);
    let mut kept: Vec<Value> = kept
        .await
        .unwrap()
        .iter()
        .map(|row| serde_json::from_slice(row.get(0)).unwrap())
        .collect();
    // Again by a writer that has read again from a little before its cursor.
    kept.sort_by_key(|entry| entry["id"].as_str().unwrap().to_owned());
    kept.dedup();
    assert_eq!(kept.len(), 3, "{kept:?}");
    for (round, entry) in kept.iter().enumerate() {
        assert!(entry.to_string().contains(&format!("\"refused {round}\"")));
    }
    let schema = house.check(Expect::default()).await;
    // So that what is left has no holes.
    let database = schema.client().await;
    let drop = "DELETE FROM messages WHERE session = $1";
    database.execute(drop, &[&guest.session]).await.unwrap();
    in_order(&database).await;
}

async fn refuse_some(database: &Client) {
    let rule = "ALTER TABLE messages ADD CONSTRAINT of_the_owner CHECK (text NOT LIKE 'refused%')";
    database.batch_execute(rule).await.unwrap();
}

async fn rows(database: &Client) -> i64 {
    let query = "SELECT count(*) FROM messages";
    database.query_one(query, &[]).await.unwrap().get(0)
}

/// Two pods on a Postgres of their own.
struct Scene {
    pods: Pods,
}

impl Scene {
    async fn on(postgres: &Postgres, settings: &[(&str, &str)]) -> Self {
        let schema = Schema::on(postgres.url()).await;
        let redis = servers::redis().await;
        let pods = Pods::launch(schema, redis, &[FREE, FREE], settings).await;
        Self { pods }
    }

    /// Guests on both transports, and an operator.
    async fn people(&self) -> [One; 3] {
        let addresses = self.pods.addresses();
        let first = One::guest(&addresses, false).await;
        let second = One::guest(&addresses, true).await;
        let token = token(&self.pods.secrets(), "7", "Olga", "default", 3600);
        let pass = Pass::operator(&token);
        let mut operator = Person::join(&addresses, 1, &pass).await.unwrap();
        let session = One::guest(&addresses, false).await.session;
        let claim = json!({ "sessionId": session });
        let claimed = operator.granted("staff:connect_to_session", &claim).await;
        claimed.unwrap();
        let third = One {
            person: operator,
            says: "staff:message",
            session,
        };
        [first, second, third]
    }
}

/// Somebody in a session.
struct One {
    person: Person,
    says: &'static str,
    session: String,
}

impl One {
    async fn guest(addresses: &[std::net::SocketAddr], polls: bool) -> Self {
        let joined = Person::join(addresses, 0, &Pass::guest(polls)).await;
        let mut person = joined.unwrap();
        let name = json!({ "name": "Marie" });
        let started = person.granted("guest:start", &name).await.unwrap();
        Self {
            person,
            says: "guest:message",
            session: started["sessionId"].as_str().unwrap().to_owned(),
        }
    }

    fn message(&self, text: &str) -> Value {
        let mut said = message(text, text);
        if self.says == "staff:message" {
            said["sessionId"] = self.session.clone().into();
        }
        said
    }

    async fn asks(&mut self, text: &str) -> Value {
        let said = self.message(text);
        self.person.ask(self.says, &said).await.unwrap()
    }

    /// Acknowledged at the first attempt.
    async fn says(&mut self, text: &str) -> Value {
        let answer = self.asks(text).await;
        assert_eq!(answer["ok"], true, "{text}: {answer}");
        answer
    }

    /// Asked again for as long as nobody knows: the writer rests for up to 5 s between two attempts.
    async fn says_at_last(&mut self, text: &str) -> Value {
        loop {
            let answer = self.asks(text).await;
            if answer["ok"] == true {
                return answer;
            }
            assert_eq!(answer["error"]["code"], "pending", "{answer}");
        }
    }

    /// The next word that something is stored.
    async fn tick(&mut self) -> Value {
        loop {
            let (name, payload) = self.person.hear().await.unwrap();
            if name == "message:status" && payload["status"] == "stored" {
                assert_eq!(payload["sessionId"], *self.session);
                return payload;
            }
        }
    }
}
