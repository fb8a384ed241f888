//! What clients write down: one line of JSON each, whatever language they are written in.

use std::{
    io::{BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use switchboard::model::{Clock, Millis};

/// Something that happened to one client. The records of a client are in the order in which it saw
/// them; clocks are only asked how long something took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub who: String,
    pub at: Millis,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum What {
    /// The first of each client.
    Hello {
        role: Role,
        workspace: String,
    },
    /// A guest has its session.
    Started {
        session: String,
    },
    /// Each time that it is sent, with the same `cid`.
    Sent {
        cid: String,
        session: String,
    },
    Acked {
        cid: String,
        id: String,
        seq: u64,
    },
    /// The relay has answered, but with an error; the client says it again.
    Refused {
        cid: String,
        code: String,
    },
    /// A message that came by itself.
    Heard {
        session: String,
        #[serde(flatten)]
        message: Message,
    },
    /// What a client has read in the history, because it was not recovered; at the `last`, all of it.
    Loaded {
        session: String,
        messages: Vec<Message>,
        #[serde(default)]
        last: bool,
    },
    Connect {
        recovered: bool,
    },
    Disconnect {
        reason: String,
    },
    /// Told to stop, and all that it has said is acknowledged.
    Idle,
    Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Guest,
    Operator,
}

/// The `cid` is the text as well, so that whoever gets a message knows which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub cid: String,
    pub id: String,
    pub seq: u64,
}

/// All records of a run, in memory and in a file for whoever looks into it afterwards.
#[derive(Clone)]
pub struct Journal(Arc<Mutex<Inner>>);

struct Inner {
    records: Vec<Record>,
    file: BufWriter<std::fs::File>,
}

impl Journal {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = BufWriter::new(std::fs::File::create(path)?);
        let records = Vec::new();
        Ok(Self(Arc::new(Mutex::new(Inner { records, file }))))
    }

    pub fn add(&self, record: Record) {
        let mut inner = self.lock();
        if let Ok(line) = serde_json::to_string(&record) {
            // Only for people: a full disk costs them the file, not the run.
            let _ = writeln!(inner.file, "{line}");
        }
        inner.records.push(record);
    }

    pub fn note(&self, who: &str, what: What) {
        let (who, at) = (who.to_owned(), Clock::System.now());
        self.add(Record { who, at, what });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().records.len()
    }

    /// Those from this one on.
    pub fn since(&self, first: usize) -> Vec<Record> {
        self.lock().records.get(first..).unwrap_or(&[]).to_vec()
    }

    pub fn all(&self) -> Vec<Record> {
        let mut inner = self.lock();
        let _ = inner.file.flush();
        inner.records.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
