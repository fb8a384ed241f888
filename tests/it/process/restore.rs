//! Everything is killed under load, and comes back: sessions, the queue in its order, and each message
//! that was acknowledged.

use std::{collections::BTreeMap, net::SocketAddr};

use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    poll::Poller,
    server::{LONG, LOOK, Server},
    talk::{Gone, Person, message, operator_token},
};
use crate::support::{
    folder::Folder,
    pods::{FREE, Pods},
    schema::Schema,
    servers::Redis,
    token::token,
};

const ROUNDS: usize = 3;
const WAITING: usize = 6;
/// Answers of a round, over all guests, before everything is killed.
const ANSWERS: usize = 120;
/// However long a busy machine takes, the operator keeps its sessions.
const GRACE: [&str; 2] = ["--operator-grace", "1h"];

#[tokio::test(flavor = "multi_thread")]
async fn p1_p7_queue_sessions_and_messages_survive_kill_9() {
    let folder = Folder::fresh();
    let token = operator_token(folder.path()).await;
    let mut house: Option<House> = None;
    for _ in 0..ROUNDS {
        let server = Server::start_with(folder.path(), &GRACE).await;
        let address = [server.address];
        let mut people = match house.take() {
            None => House::fill(&address, &token).await,
            Some(house) => house.come_back(&address, &token).await,
        };
        let mut answers = people.talk(&address).await;
        for _ in 0..ANSWERS {
            answers.recv().await.unwrap();
        }
        server.kill().await;
        drop(answers);
        people.rest().await;
        house = Some(people);
    }
    let server = Server::start_with(folder.path(), &GRACE).await;
    let people = house.unwrap();
    people.come_back(&[server.address], &token).await;
}

/// With `ACK=stored`, what was acknowledged is in Postgres, so even a Redis that has lost all loses none.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p7_all_pods_and_redis_are_killed_and_all_comes_back() {
    // It keeps nothing: killed, it is a new and empty one.
    let mut redis = Redis::start(&["--appendonly", "no", "--save", ""]).await;
    let schema = Schema::fresh().await;
    let settings = [("ACK", "stored"), ("OPERATOR_GRACE", "1h")];
    let mut pods = Pods::launch(schema, redis.url(), &[FREE, FREE], &settings).await;
    let addresses = pods.addresses();
    let token = token(&pods.secrets(), "7", "Olga", "default", 3600);
    let mut people = House::fill(&addresses, &token).await;
    for _ in 0..2 {
        let mut answers = people.talk(&addresses).await;
        for _ in 0..ANSWERS {
            answers.recv().await.unwrap();
        }
        let schema = pods.kill().await;
        redis.kill().await;
        drop(answers);
        people.rest().await;
        redis.restart().await;
        let places: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        let places: Vec<_> = places.iter().map(String::as_str).collect();
        pods = Pods::launch(schema, redis.url(), &places, &settings).await;
        people = people.come_back(&addresses, &token).await;
    }
    drop(pods);
}

/// The guests of a site and their operator.
struct House {
    /// In the order of the queue; the last two are in talks with the operator.
    guests: Vec<Guest>,
    /// Has ended.
    over: String,
    talking: Vec<JoinHandle<Guest>>,
}

/// A guest over all rounds.
#[derive(Clone, Default)]
struct Guest {
    polls: bool,
    session: String,
    token: String,
    sent: usize,
    /// What was acknowledged, by the message's own number.
    stored: BTreeMap<usize, Value>,
}

enum Line {
    Socket(Box<Person>),
    Polling(Poller),
}

impl House {
    async fn fill(addresses: &[SocketAddr], token: &str) -> Self {
        let mut guests = Vec::new();
        for number in 0..WAITING + 3 {
            let mut guest = Guest {
                polls: number % 2 == 1,
                ..Guest::default()
            };
            let details = json!({ "name": format!("guest {number}") });
            guest
                .start(addresses[number % addresses.len()], details)
                .await;
            guests.push(guest);
        }
        let mut operator = Person::operator(addresses[0], token).await;
        for guest in &guests[WAITING..] {
            let claim = json!({ "sessionId": guest.session });
            operator.granted("staff:connect_to_session", claim).await;
        }
        let over = guests.pop().unwrap().session;
        operator
            .granted("staff:end_session", json!({ "sessionId": over }))
            .await;
        Self {
            guests,
            over,
            talking: Vec::new(),
        }
    }

    /// All say something for as long as somebody hears it.
    async fn talk(&mut self, addresses: &[SocketAddr]) -> mpsc::Receiver<()> {
        let (answered, answers) = mpsc::channel(ANSWERS);
        let mut ready = Vec::new();
        for (number, mut guest) in self.guests.drain(..).enumerate() {
            let token = json!({ "token": guest.token });
            let line = guest
                .start(addresses[number % addresses.len()], token)
                .await;
            ready.push((guest, line));
        }
        for (guest, line) in ready {
            self.talking
                .push(tokio::spawn(guest.talk(line, answered.clone())));
        }
        answers
    }

    async fn rest(&mut self) {
        for guest in std::mem::take(&mut self.talking) {
            self.guests.push(guest.await.unwrap());
        }
    }

    /// To servers that have just started, on the same data.
    async fn come_back(mut self, addresses: &[SocketAddr], token: &str) -> Self {
        let mut operator = Person::operator(addresses[0], token).await;
        let open = self.guests.len();
        let ids = |guests: &[Guest]| -> Vec<String> {
            guests.iter().map(|guest| guest.session.clone()).collect()
        };
        // Nobody has asked for a session yet: it is there by itself.
        let sessions = timeout(LONG, whole_queue(&mut operator)).await.unwrap();
        assert_eq!(sessions.len(), open + 1);
        let of = |id: &str| sessions.iter().find(|it| it["sessionId"] == id).unwrap();
        let mut queue: Vec<_> = sessions
            .iter()
            .filter_map(|it| Some((it["queuePosition"].as_u64()?, it["sessionId"].as_str()?)))
            .collect();
        queue.sort_unstable();
        let queue: Vec<_> = queue.into_iter().map(|(_, id)| id.to_owned()).collect();
        assert_eq!(queue, ids(&self.guests[..WAITING]));
        for guest in &self.guests[WAITING..] {
            assert_eq!(of(&guest.session)["status"], "active");
        }
        assert_eq!(of(&self.over)["status"], "ended");
        for (number, guest) in self.guests.iter_mut().enumerate() {
            guest.check(addresses[number % addresses.len()]).await;
        }
        let claim = json!({ "sessionId": self.over });
        let late = operator.ask("staff:connect_to_session", claim).await;
        assert_eq!(late["error"]["code"], "ended", "{late}");
        self
    }
}

/// The list of sessions, once all that wait have a place.
async fn whole_queue(operator: &mut Person) -> Vec<Value> {
    loop {
        let page = operator.granted("staff:sessions", json!({})).await;
        let sessions = page["sessions"].as_array().unwrap().clone();
        let placed = sessions.iter().filter(|it| !it["queuePosition"].is_null());
        if placed.count() == WAITING {
            return sessions;
        }
        sleep(LOOK).await;
    }
}

impl Guest {
    async fn start(&mut self, address: SocketAddr, details: Value) -> Line {
        let mut line = self.line(address).await;
        let started = line.ask("guest:start", &details).await.unwrap();
        assert_eq!(started["ok"], true, "{started}");
        if self.session.is_empty() {
            self.session = started["sessionId"].as_str().unwrap().into();
            self.token = started["token"].as_str().unwrap().into();
        }
        assert_eq!(started["sessionId"], self.session.as_str());
        line
    }

    async fn line(&self, address: SocketAddr) -> Line {
        if self.polls {
            return Line::Polling(Poller::guest(address).await.unwrap());
        }
        Line::Socket(Box::new(Person::guest(address).await))
    }

    async fn talk(mut self, mut line: Line, answered: mpsc::Sender<()>) -> Self {
        loop {
            let number = self.sent;
            self.sent += 1;
            let said = message(&text(number), &text(number));
            let Ok(answer) = line.ask("guest:message", &said).await else {
                return self;
            };
            // Refused for now is not acknowledged.
            if answer["ok"] == true {
                self.stored.insert(number, answer);
                let _ = answered.send(()).await;
            }
        }
    }

    /// All that was acknowledged is there, once and in order, and it goes on.
    async fn check(&mut self, address: SocketAddr) {
        let token = json!({ "token": self.token });
        drop(self.start(address, token.clone()).await);
        let mut person = Person::guest(address).await;
        let started = person.granted("guest:start", token).await;
        assert_eq!(started["reconnected"], true);
        let found = person.history("guest:history", None).await;
        let numbers: Vec<usize> = found.iter().map(number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        for (number, answer) in &self.stored {
            let at = numbers.iter().position(|known| known == number);
            let kept = &found[at.unwrap_or_else(|| panic!("message {number} is lost"))];
            assert_eq!(kept["messageId"], answer["messageId"], "message {number}");
            assert_eq!(kept["timestamp"], answer["timestamp"], "message {number}");
        }
        // As a client does that was not answered.
        let again = numbers.last().copied().unwrap_or(0);
        let said = message(&text(again), &text(again));
        let answer = person.granted("guest:message", said).await;
        assert_eq!(answer["duplicate"], !numbers.is_empty());
        self.stored.insert(again, answer);
        self.sent = self.sent.max(again + 1);
        let said = message(&text(self.sent), &text(self.sent));
        let answer = person.granted("guest:message", said).await;
        self.stored.insert(self.sent, answer);
        self.sent += 1;
    }
}

impl Line {
    async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value, Gone> {
        match self {
            Self::Polling(poller) => poller.ask(event, payload).await,
            Self::Socket(person) => {
                let number = person.emit(event, payload).await?;
                person.answer(number).await
            }
        }
    }
}

fn text(number: usize) -> String {
    format!("message {number}")
}

fn number(message: &Value) -> usize {
    let text = message["message"].as_str().unwrap();
    text.strip_prefix("message ").unwrap().parse().unwrap()
}
