//! Neither Redis nor Postgres is there: nothing is promised that could not be kept.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{
    PAUSE,
    line::Lost,
    person::{Pass, Person, passes},
    postgres::{in_order, pause, resume, stored},
};
use crate::{
    process::{server::LONG, talk::message},
    support::{
        pods::{FREE, Pods},
        schema::Schema,
        servers::{Postgres, Redis},
        token::token,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn p1_p11_x27_while_both_are_away_a_message_is_refused_and_sent_again_it_is_one() {
    let postgres = Postgres::start().await;
    let mut redis = Redis::start(&[]).await;
    let schema = Schema::on(postgres.url()).await;
    let pods = Pods::launch(schema, redis.url(), &[FREE, FREE], &[]).await;
    let token = token(&pods.secrets(), "7", "Olga", "default", 3600);
    let mut guest = Someone::comes(&pods, Pass::guest(false)).await;
    let mut olga = Someone::comes(&pods, Pass::operator(&token)).await;
    let started = guest.granted("guest:start", &json!({})).await;
    let session = started["sessionId"].as_str().unwrap();
    let ask = |text: &str| message(text, text);
    let answer = |text: &str| {
        let mut said = message(text, text);
        said["sessionId"] = session.into();
        said
    };
    guest.granted("guest:message", &ask("before")).await;
    olga.hears("guest:message", "before").await;

    pause(&postgres);
    redis.pause().await;
    for (someone, event, said) in [
        (&mut guest, "guest:message", ask("during")),
        (&mut olga, "staff:message", answer("answered during")),
    ] {
        let refused = timeout(LONG, someone.person.ask(event, &said)).await;
        let refused = refused.expect("in time").expect("the connection stays");
        assert_eq!(refused["error"]["code"], "unavailable", "{refused}");
    }
    resume(&postgres);
    redis.resume().await;

    // As their pages have kept it.
    guest.granted("guest:message", &ask("during")).await;
    olga.granted("staff:message", &answer("answered during"))
        .await;
    guest.granted("guest:message", &ask("after")).await;
    olga.hears("guest:message", "after").await;
    let database = pods.database().await;
    stored(&database, 4).await;
    in_order(&database).await;
    let shown = olga.person.history(session).await.unwrap();
    let texts: Vec<&Value> = shown.iter().map(|it| &it["message"]).collect();
    assert_eq!(texts, ["before", "during", "answered during", "after"]);
    pods.stop().await;
}

/// It comes back as the official client does, and keeps what has not been acknowledged.
struct Someone {
    addresses: Vec<SocketAddr>,
    pass: Pass,
    person: Person,
}

impl Someone {
    async fn comes(pods: &Pods, pass: Pass) -> Self {
        let addresses = pods.addresses();
        let person = Person::join(&addresses, 0, &pass).await.unwrap();
        Self {
            addresses,
            pass,
            person,
        }
    }

    async fn comes_back(&mut self) {
        self.person.keep(&mut self.pass);
        for turn in 1.. {
            match Person::join(&self.addresses, turn, &self.pass).await {
                Ok(person) => {
                    self.person = person;
                    return;
                }
                Err(Lost) => sleep(PAUSE).await,
            }
        }
    }

    async fn granted(&mut self, event: &str, said: &Value) -> Value {
        let asked = async {
            loop {
                match self.person.ask(event, said).await {
                    Ok(answer) if answer["ok"] == true => return answer,
                    Ok(answer) => passes(&answer),
                    Err(Lost) => self.comes_back().await,
                }
                sleep(PAUSE).await;
            }
        };
        timeout(2 * LONG, asked).await.expect("it is never granted")
    }

    async fn hears(&mut self, event: &str, text: &str) {
        let heard = async {
            loop {
                let (name, payload) = self.person.hear().await.unwrap();
                if name == event && payload["message"] == text {
                    return;
                }
            }
        };
        timeout(LONG, heard).await.expect("it never comes");
    }
}
