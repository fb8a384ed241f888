//! What a relay with a bug would do, between the relay and a client: so that a run shows that it would
//! have noticed. One bug, once.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use switchboard::wire::socket::Event;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Bug {
    Drop,
    Duplicate,
    Reorder,
    Leak,
    FalseAck,
}

/// In the stream of one client.
#[derive(Default)]
pub struct Plant {
    bug: Option<Bug>,
    messages: usize,
    held: Option<Event>,
    elsewhere: Stash,
    own: Option<Stash>,
}

/// A message that somebody else got.
pub type Stash = Arc<Mutex<Option<Event>>>;

/// Which message it happens to.
const NTH: usize = 4;

impl Plant {
    pub fn new(bug: Option<Bug>, elsewhere: &Stash) -> Self {
        Self {
            bug,
            elsewhere: elsewhere.clone(),
            ..Self::default()
        }
    }

    /// Hears honestly, and lets another one know of it.
    pub fn overheard(own: &Stash) -> Self {
        Self {
            own: Some(own.clone()),
            ..Self::default()
        }
    }

    /// What the client hears instead of this event.
    pub fn pass(&mut self, event: Event) -> Vec<Event> {
        let is_message = event
            .name
            .as_str()
            .is_some_and(|name| name.ends_with(":message"));
        if !is_message {
            return vec![event];
        }
        if let Some(own) = &self.own {
            *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(event.clone());
        }
        if let Some(held) = self.held.take() {
            return vec![event, held];
        }
        self.messages += 1;
        if self.messages < NTH {
            return vec![event];
        }
        match self.bug {
            Some(Bug::Drop) => self.done(vec![]),
            Some(Bug::Duplicate) => self.done(vec![event.clone(), event]),
            Some(Bug::Reorder) => {
                self.held = Some(event);
                self.done(vec![])
            }
            Some(Bug::Leak) => {
                let mut elsewhere = self
                    .elsewhere
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let Some(leak) = elsewhere.take() else {
                    return vec![event];
                };
                drop(elsewhere);
                self.done(vec![event, leak])
            }
            Some(Bug::FalseAck) | None => vec![event],
        }
    }

    /// The answer to a message that never leaves.
    pub fn false_ack(&mut self, number: u64) -> Option<Value> {
        if self.bug != Some(Bug::FalseAck) || number < NTH as u64 {
            return None;
        }
        self.bug = None;
        let id = "00000000-0000-7000-8000-000000000000";
        Some(json!({ "ok": true, "messageId": id, "seq": 1_000_000 }))
    }

    fn done(&mut self, instead: Vec<Event>) -> Vec<Event> {
        self.bug = None;
        instead
    }
}
