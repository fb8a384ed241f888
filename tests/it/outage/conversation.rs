use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
};

use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, sleep, timeout},
};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    PAUSE,
    line::Lost,
    person::{Pass, Person, passes},
};
use crate::process::{server::LOOK, talk::message};

/// Between two messages of one guest: a steady talk, and no load.
const PACE: Duration = Duration::from_millis(15);
/// What takes longer will not come.
const LONG: Duration = Duration::from_secs(40);

/// What a trouble may cost.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// The silent guest's connection outlives it: its polls are held, and none fails.
    pub polls_are_held: bool,
    /// What was acknowledged may come again under the same id, after what was said later: by a primary that
    /// had missed it.
    pub comes_again: bool,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            polls_are_held: true,
            comes_again: false,
        }
    }
}

/// Guests on both transports who say one numbered message after the other, each until it is acknowledged; one who
/// only polls; and an operator who reads all of it. Each comes back by itself.
pub struct Conversation {
    addresses: Vec<SocketAddr>,
    token: String,
    talkers: Vec<Talker>,
    silent: Silent,
    reader: JoinHandle<Vec<Life>>,
    seen: watch::Receiver<HashSet<String>>,
    stop: CancellationToken,
    /// Of the reader, which ends last.
    enough: CancellationToken,
}

struct Talker {
    session: String,
    count: watch::Receiver<usize>,
    task: JoinHandle<Told>,
}

/// What a guest was told.
#[derive(Default)]
struct Told {
    /// Ids of its messages, in the order in which it has said them.
    acknowledged: Vec<String>,
    refused: usize,
    came_back: usize,
}

struct Silent {
    person: Person,
    session: String,
}

/// What an operator sees from one load of the page to the next.
#[derive(Default)]
struct Life {
    loaded: Vec<Seen>,
    live: Vec<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    session: String,
    id: String,
    seq: u64,
}

impl Conversation {
    pub async fn begin(addresses: &[SocketAddr], token: &str) -> Self {
        let stop = CancellationToken::new();
        let mut talkers = Vec::new();
        let mut operator = joined(addresses, &mut 0, &Pass::operator(token)).await;
        let mut sessions = Vec::new();
        for polls in [false, true] {
            let talker = Talker::start(addresses, polls, &stop).await;
            sessions.push(talker.session.clone());
            talkers.push(talker);
        }
        let silent = Silent::start(addresses).await;
        for session in sessions.iter().chain([&silent.session]) {
            let claim = json!({ "sessionId": session });
            let claimed = operator.granted("staff:connect_to_session", &claim).await;
            claimed.unwrap();
        }
        let (sees, seen) = watch::channel(HashSet::new());
        let enough = CancellationToken::new();
        let reader = Reader {
            addresses: addresses.to_vec(),
            pass: Pass::operator(token),
            sessions,
            sees,
            enough: enough.clone(),
        };
        Self {
            addresses: addresses.to_vec(),
            token: token.to_owned(),
            talkers,
            silent,
            reader: tokio::spawn(reader.run()),
            seen,
            stop,
            enough,
        }
    }

    /// Until so many more of each guest are acknowledged.
    pub async fn more(&mut self, count: usize) {
        for talker in &mut self.talkers {
            let until = *talker.count.borrow() + count;
            let reached = timeout(LONG, talker.count.wait_for(|count| *count >= until));
            reached.await.expect("nobody answers").unwrap();
        }
    }

    /// Ends the talk. Every acknowledged message was seen once and in order, is so in the history, and is one
    /// row; and there is nothing else.
    pub async fn end(mut self, database: &Client, expect: Expect) {
        self.stop.cancel();
        let mut told = HashMap::new();
        for talker in self.talkers {
            let of = timeout(LONG, talker.task).await.expect("unanswered");
            told.insert(talker.session, of.unwrap());
        }
        let all: HashSet<String> = told
            .values()
            .flat_map(|it| it.acknowledged.clone())
            .collect();
        let seen = self.seen.wait_for(|seen| all.is_subset(seen));
        let is_seen = timeout(LONG, seen).await.map(drop).is_ok();
        self.enough.cancel();
        let lives = self.reader.await.unwrap();
        let unseen = all.difference(&self.seen.borrow()).count();
        assert!(is_seen, "{unseen} of {} were not seen", all.len());
        for life in &lives {
            life.check(&told, expect);
        }
        let mut operator = joined(&self.addresses, &mut 0, &Pass::operator(&self.token)).await;
        for (session, told) in &told {
            let shown = operator.history(session).await.unwrap();
            told.check(&shown, expect);
            stored(database, session, &told.acknowledged).await;
        }
        self.silent.check(&mut operator, expect).await;
        report(&told, &lives);
    }
}

impl Talker {
    async fn start(addresses: &[SocketAddr], polls: bool, stop: &CancellationToken) -> Self {
        let (counts, count) = watch::channel(0);
        let mut pass = Pass::guest(polls);
        let mut turn = usize::from(polls);
        let mut person = joined(addresses, &mut turn, &pass).await;
        let first = started(&mut person, &json!({ "name": "Marie" }))
            .await
            .unwrap();
        let session = first["sessionId"].as_str().unwrap().to_owned();
        let token = json!({ "token": first["token"] });
        let (addresses, stop) = (addresses.to_vec(), stop.clone());
        let own = session.clone();
        let task = tokio::spawn(async move {
            let mut told = Told::default();
            loop {
                // All that was begun is acknowledged when this ends well.
                if told.talk(&mut person, &counts, &stop).await.is_ok() {
                    return told;
                }
                told.came_back += 1;
                loop {
                    person.keep(&mut pass);
                    turn += 1;
                    person = joined(&addresses, &mut turn, &pass).await;
                    if let Ok(again) = started(&mut person, &token).await {
                        assert_eq!(again["sessionId"], *own, "another session");
                        break;
                    }
                }
            }
        });
        Self {
            session,
            count,
            task,
        }
    }
}

impl Told {
    async fn talk(
        &mut self,
        person: &mut Person,
        counts: &watch::Sender<usize>,
        stop: &CancellationToken,
    ) -> Result<(), Lost> {
        while !stop.is_cancelled() {
            let text = self.acknowledged.len().to_string();
            let answer = person.ask("guest:message", &message(&text, &text)).await?;
            if answer["ok"] == true {
                let id = answer["messageId"].as_str().unwrap();
                self.acknowledged.push(id.to_owned());
                counts.send_modify(|count| *count += 1);
                sleep(PACE).await;
            } else {
                passes(&answer);
                self.refused += 1;
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    fn check(&self, shown: &[Value], expect: Expect) {
        let ids: Vec<&str> = shown
            .iter()
            .filter_map(|it| it["messageId"].as_str())
            .collect();
        if !expect.comes_again {
            assert_eq!(ids, self.acknowledged, "as it is in the history");
            return;
        }
        let (mut ids, mut said) = (ids, self.acknowledged.clone());
        ids.sort_unstable();
        said.sort_unstable();
        assert_eq!(ids, said, "as it is in the history, in whatever order");
    }
}

impl Silent {
    async fn start(addresses: &[SocketAddr]) -> Self {
        let mut person = joined(addresses, &mut 1, &Pass::guest(true)).await;
        let started = started(&mut person, &json!({ "name": "Silent" })).await;
        Self {
            session: started.unwrap()["sessionId"].as_str().unwrap().to_owned(),
            person,
        }
    }

    /// It hears what it is told, on the connection that it had before the trouble.
    async fn check(self, operator: &mut Person, expect: Expect) {
        if !expect.polls_are_held {
            return;
        }
        let Self {
            mut person,
            session,
        } = self;
        let mut says = message("still there?", "still there?");
        says["sessionId"] = session.into();
        operator.granted("staff:message", &says).await.unwrap();
        let heard = async {
            loop {
                let (name, payload) = person.hear().await.expect("a poll has failed");
                if name == "staff:message" {
                    return payload;
                }
            }
        };
        let heard = timeout(LONG, heard).await.expect("it was not told");
        assert_eq!(heard["message"], "still there?");
    }
}

struct Reader {
    addresses: Vec<SocketAddr>,
    pass: Pass,
    sessions: Vec<String>,
    sees: watch::Sender<HashSet<String>>,
    enough: CancellationToken,
}

impl Reader {
    async fn run(mut self) -> Vec<Life> {
        let (mut lives, mut turn) = (Vec::new(), 0);
        let enough = self.enough.clone();
        let reading = async {
            loop {
                let mut person = joined(&self.addresses, &mut turn, &self.pass).await;
                if !person.recovered {
                    lives.push(Life::default());
                }
                let life = lives.last_mut().unwrap();
                let _ = self.read(&mut person, life).await;
                person.keep(&mut self.pass);
                turn += 1;
            }
        };
        tokio::select! {
            () = reading => {}
            () = enough.cancelled() => {}
        }
        lives
    }

    async fn read(&self, person: &mut Person, life: &mut Life) -> Result<(), Lost> {
        if !person.recovered {
            for session in &self.sessions {
                let loaded = person.history(session).await?;
                life.loaded
                    .extend(loaded.iter().map(|it| self.see(it, session)));
            }
        }
        loop {
            let (name, payload) = person.hear().await?;
            let session = payload["sessionId"].as_str().unwrap_or_default();
            if name == "guest:message" && self.sessions.iter().any(|it| it == session) {
                life.live.push(self.see(&payload, session));
            }
        }
    }

    fn see(&self, message: &Value, session: &str) -> Seen {
        let id = message["messageId"].as_str().unwrap().to_owned();
        self.sees.send_modify(|seen| {
            seen.insert(id.clone());
        });
        Seen {
            session: session.to_owned(),
            id,
            seq: message["seq"].as_u64().unwrap(),
        }
    }
}

impl Life {
    /// What comes live comes once and in order, from where the page was loaded.
    fn check(&self, told: &HashMap<String, Told>, expect: Expect) {
        if expect.comes_again {
            return;
        }
        let mut newest: HashMap<&str, u64> = HashMap::new();
        for seen in &self.live {
            let before = newest.insert(&seen.session, seen.seq);
            assert!(before < Some(seen.seq), "{seen:?} after {before:?}");
        }
        let ids: HashSet<&str> = self.live.iter().map(|it| &*it.id).collect();
        assert_eq!(ids.len(), self.live.len(), "one came twice");
        // From the page on, nothing is missing up to the last that was seen; but for what is said while a page goes
        // whose partition has another life.
        if !expect.polls_are_held {
            return;
        }
        for (session, told) in told {
            let of = |seen: &&Seen| seen.session == *session;
            let here = self
                .loaded
                .iter()
                .filter(of)
                .chain(self.live.iter().filter(of));
            let here: HashSet<&str> = here.map(|it| &*it.id).collect();
            let first: HashSet<&str> = told
                .acknowledged
                .iter()
                .take(here.len())
                .map(|id| &**id)
                .collect();
            let missing = first.difference(&here).count();
            assert_eq!(missing, 0, "missing of {} that were seen", here.len());
        }
    }
}

/// One row each, and no other.
async fn stored(database: &Client, session: &str, ids: &[String]) {
    let query = "SELECT id FROM messages WHERE session = $1 ORDER BY id";
    let mut said: Vec<Uuid> = ids.iter().map(|id| id.parse().unwrap()).collect();
    said.sort_unstable();
    let mut rows: Vec<Uuid> = Vec::new();
    let all = async {
        while rows != said {
            let found = database.query(query, &[&session]).await.unwrap();
            rows = found.iter().map(|row| row.get(0)).collect();
            sleep(LOOK).await;
        }
    };
    let all = timeout(LONG, all).await;
    assert!(all.is_ok(), "{} rows of {}", rows.len(), said.len());
}

/// Until somebody lets it in.
async fn joined(addresses: &[SocketAddr], turn: &mut usize, pass: &Pass) -> Person {
    let joining = async {
        loop {
            match Person::join(addresses, *turn, pass).await {
                Ok(person) => return person,
                Err(Lost) => sleep(PAUSE).await,
            }
            *turn += 1;
        }
    };
    timeout(LONG, joining).await.expect("nobody is let in")
}

async fn started(person: &mut Person, details: &Value) -> Result<Value, Lost> {
    person.granted("guest:start", details).await
}

fn report(told: &HashMap<String, Told>, lives: &[Life]) {
    let said: usize = told.values().map(|it| it.acknowledged.len()).sum();
    let refused: usize = told.values().map(|it| it.refused).sum();
    let back: usize = told.values().map(|it| it.came_back).sum();
    println!(
        "{said} acknowledged, {refused} refused and repeated, {back} times back, {} loads of the page",
        lives.len()
    );
}
