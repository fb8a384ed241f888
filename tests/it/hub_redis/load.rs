use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use switchboard::{
    hub::{Commits as _, Outcome, redis::RedisHub},
    model::{Entry, EntryId, Epoch},
};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{place::Place, within};

const TALKERS: usize = 4;

/// A steady stream of messages to one session, from several at once. Each is repeated, as chat does,
/// until it is acknowledged.
pub struct Load {
    stop: CancellationToken,
    count: watch::Receiver<usize>,
    talkers: Vec<JoinHandle<Vec<Said>>>,
}

/// What was acknowledged.
#[derive(Debug)]
pub struct Said {
    pub text: String,
    pub epoch: Epoch,
    pub id: EntryId,
    /// How often it was asked for in vain.
    pub repeats: usize,
}

impl Load {
    pub fn start(hub: &Arc<RedisHub>, place: &Place) -> Self {
        let stop = CancellationToken::new();
        let (counter, count) = watch::channel(0);
        let counter = Arc::new(counter);
        let talkers = (0..TALKERS).map(|talker| {
            let talker = Talker {
                hub: Arc::clone(hub),
                place: place.clone(),
                name: talker,
                count: Arc::clone(&counter),
            };
            tokio::spawn(talker.run(stop.clone()))
        });
        Self {
            talkers: talkers.collect(),
            stop,
            count,
        }
    }

    /// Until so many more are acknowledged.
    pub async fn more(&mut self, count: usize) {
        let until = *self.count.borrow() + count;
        let reached = self.count.wait_for(|count| *count >= until);
        within(reached).await.unwrap();
    }

    /// All that was acknowledged; nothing is left unanswered.
    pub async fn stop(self) -> Vec<Said> {
        self.stop.cancel();
        let mut said = Vec::new();
        for talker in self.talkers {
            said.extend(within(talker).await.unwrap());
        }
        said
    }
}

struct Talker {
    hub: Arc<RedisHub>,
    place: Place,
    name: usize,
    count: Arc<watch::Sender<usize>>,
}

impl Talker {
    async fn run(self, stop: CancellationToken) -> Vec<Said> {
        let mut said = Vec::new();
        while !stop.is_cancelled() {
            let text = format!("{}: {}", self.name, said.len());
            said.push(self.say(text).await);
            self.count.send_modify(|count| *count += 1);
        }
        said
    }

    async fn say(&self, text: String) -> Said {
        let commit = self.place.says(&text);
        let mut repeats = 0;
        loop {
            match self.hub.commit(commit.clone()).await {
                Outcome::Committed(written) | Outcome::Duplicate(written) => {
                    return Said {
                        text,
                        epoch: written.epoch,
                        id: written.stamped[0].id,
                        repeats,
                    };
                }
                Outcome::Unknown => {}
                // As from the history, by whoever comes first.
                Outcome::Absent => match self.hub.commit(self.place.starts()).await {
                    Outcome::Committed(_) | Outcome::Conflict | Outcome::Unknown => {}
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            }
            repeats += 1;
        }
    }
}

/// What was acknowledged is there, once and where it was said to be, and nothing else is.
pub fn assert_once_each(said: &[Said], log: &[Arc<Entry>]) {
    let messages = log.iter().filter_map(|entry| entry.message());
    let texts: Vec<&str> = messages.map(|message| message.content.text()).collect();
    let distinct: HashSet<&str> = texts.iter().copied().collect();
    assert_eq!(distinct.len(), texts.len(), "something is there twice");
    let ids: HashMap<EntryId, &str> = log
        .iter()
        .filter_map(|entry| Some((entry.id, entry.message()?.content.text())))
        .collect();
    for said in said {
        assert_eq!(ids.get(&said.id), Some(&&*said.text), "{said:?}");
    }
    assert_eq!(texts.len(), said.len());
}
