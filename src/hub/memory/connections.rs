use std::collections::VecDeque;

use bytes::Bytes;
use indexmap::IndexMap;

use crate::{
    hub::{
        ABANDON_GRACE_MS, Batch, Beat, ClaimId, ClosedBy, Departed, Drained, FAREWELL_MS,
        Generation, GetRequest, Hold, Listener, NewConnection, OUTBOX_MAX, OutboxItem, Persisted,
        PostResult, Signal, TOMBSTONE_MS, Tombstone, bus::Bus,
    },
    model::{Millis, PodId, Sid},
};

/// The hash and outbox of one polling connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub sid: Sid,
    pub state: Bytes,
    pub beat: Beat,
    outbox: VecDeque<OutboxItem>,
    /// Items whose condition did not hold when they were last looked at.
    held: Vec<OutboxItem>,
    pub listeners: IndexMap<String, Listener>,
    generation: Generation,
    get: Option<Get>,
    /// The request that the batch in flight answered.
    answered: Option<String>,
    in_flight: Option<Batch>,
    abandoned_at: Option<Millis>,
    pub post: Option<Post>,
    /// The newest POST that is done.
    pub posted: Option<String>,
    claims: ClaimId,
    pub upgrade: Option<Upgrade>,
    ended: Option<Ended>,
}

/// The GET that waits for data.
#[derive(Debug)]
struct Get {
    t: Option<String>,
    pod: PodId,
    until: Millis,
}

#[derive(Debug)]
pub(super) struct Post {
    pub claim: ClaimId,
    pub t: Option<String>,
    pub until: Millis,
}

#[derive(Debug)]
pub(super) struct Upgrade {
    pub claim: ClaimId,
    pub until: Millis,
}

#[derive(Debug)]
struct Ended {
    by: ClosedBy,
    at: Millis,
    farewell_due: bool,
}

/// What a GET may do.
pub(super) enum GetStep {
    Listen(Generation),
    Repeat(Batch),
    Upgrading,
    Overlap,
    Tombstone(Tombstone),
}

impl Connection {
    pub fn new(new: NewConnection) -> Self {
        Self {
            sid: new.sid,
            state: new.state,
            beat: new.beat,
            outbox: VecDeque::new(),
            held: Vec::new(),
            listeners: IndexMap::new(),
            generation: 0,
            get: None,
            answered: None,
            in_flight: None,
            abandoned_at: None,
            post: None,
            posted: None,
            claims: 0,
            upgrade: None,
            ended: None,
        }
    }

    pub fn get(&mut self, request: &GetRequest, bus: &Bus) -> GetStep {
        if let Some(tombstone) = self.tombstone(request.now, true) {
            return GetStep::Tombstone(tombstone);
        }
        if self
            .upgrade
            .as_ref()
            .is_some_and(|upgrade| upgrade.until > request.now)
        {
            return GetStep::Upgrading;
        }
        let repeats = |t: &Option<String>| t.is_some() && *t == request.t;
        match &self.get {
            Some(parked) if repeats(&parked.t) => {
                bus.signal(&parked.pod, &self.sid, Signal::Replaced)
            }
            Some(parked) if parked.until > request.now => return GetStep::Overlap,
            Some(_) => {}
            None if repeats(&self.answered) => {
                if let Some(batch) = &self.in_flight {
                    return GetStep::Repeat(batch.clone());
                }
            }
            None => {}
        }
        self.acknowledge();
        self.abandoned_at = None;
        self.generation += 1;
        self.get = Some(Get {
            t: request.t.clone(),
            pod: request.pod.clone(),
            until: request.until,
        });
        GetStep::Listen(self.generation)
    }

    pub fn is_listener(&self, generation: Generation) -> bool {
        self.ended.is_none() && self.get.is_some() && self.generation == generation
    }

    pub fn answer(&mut self, generation: Generation, batch: Batch) -> bool {
        if !self.is_listener(generation) {
            return false;
        }
        self.answered = self.get.take().and_then(|get| get.t);
        self.beat.sent |= batch.ping;
        self.in_flight = Some(batch);
        true
    }

    pub fn abandon(&mut self, generation: Generation, now: Millis) {
        if self.is_listener(generation) {
            self.get = None;
            self.abandoned_at = Some(now);
        }
    }

    /// What waits now: items whose condition has come true join the outbox, at its end.
    pub fn drain(&mut self, now: Millis, persisted: &Persisted) -> Drained {
        let waiting = self.held.iter().filter_map(|item| item.hold.as_ref());
        let mut surplus = Hold::surplus(waiting.filter(|hold| !persisted.holds(&hold.mark)));
        for mut item in std::mem::take(&mut self.held) {
            match item.hold.take() {
                Some(hold) if persisted.holds(&hold.mark) => self.outbox.push_back(item),
                Some(hold) if surplus > 0 && hold.is_patient() => surplus -= 1,
                Some(hold) if hold.until <= now => {
                    self.outbox.push_back(OutboxItem {
                        frames: hold.otherwise,
                        hold: None,
                    });
                }
                hold => self.held.push(OutboxItem { hold, ..item }),
            }
        }
        Drained {
            outbox: self.outbox.iter().cloned().collect(),
            listeners: self.listeners.clone(),
            look_again_at: self
                .held
                .iter()
                .filter_map(|item| item.hold.as_ref())
                .map(|hold| hold.until)
                .min(),
            holding: !self.held.is_empty(),
            connection: Some((self.state.clone(), self.beat)),
        }
    }

    /// Everything in the outbox and the cursors, as the batch in flight saw them.
    pub fn drain_repeat(&self) -> Drained {
        let outbox = self.outbox.iter().cloned().collect();
        Drained {
            outbox,
            listeners: self.listeners.clone(),
            ..Drained::default()
        }
    }

    pub fn claim(&mut self) -> ClaimId {
        self.claims += 1;
        self.claims
    }

    pub fn push(&mut self, items: Vec<OutboxItem>, bus: &Bus) {
        if items.is_empty() {
            return;
        }
        for item in items {
            if item.hold.is_some() {
                self.held.push(item);
            } else {
                self.outbox.push_back(item);
            }
        }
        self.signal_listener(bus, Signal::Wake);
    }

    /// The result of the POST that has the claim.
    pub fn take_post(&mut self, result: PostResult, bus: &Bus) {
        self.posted = self.post.take().and_then(|post| post.t);
        self.state = result.state;
        self.beat = result.beat.unwrap_or(self.beat);
        let moved = !result.listeners.is_empty() || result.beat.is_some();
        for (nsp, listener) in result.listeners {
            match listener {
                Some(listener) => self.listeners.insert(nsp, listener),
                None => self.listeners.shift_remove(&nsp),
            };
        }
        self.push(result.outbox, bus);
        if moved {
            self.signal_listener(bus, Signal::Wake);
        }
    }

    pub fn is_ended(&self) -> bool {
        self.ended.is_some()
    }

    pub fn is_full(&self) -> bool {
        // What was handed out may have arrived: it counts once it is not acknowledged.
        let handed_out = self.in_flight.as_ref().map_or(0, |batch| batch.outbox);
        self.outbox.len() + self.held.len() >= OUTBOX_MAX + handed_out
    }

    pub fn signal_listener(&self, bus: &Bus, signal: Signal) {
        if let Some(get) = &self.get {
            bus.signal(&get.pod, &self.sid, signal);
        }
    }

    /// The batch in flight was received.
    pub fn acknowledge(&mut self) {
        let Some(batch) = self.in_flight.take() else {
            return;
        };
        self.outbox.drain(..batch.outbox.min(self.outbox.len()));
        advance(&mut self.listeners, &batch);
    }

    /// Where its sockets are if the batch in flight arrives.
    pub fn listeners_after(&self) -> IndexMap<String, Listener> {
        let mut listeners = self.listeners.clone();
        if let Some(batch) = &self.in_flight {
            advance(&mut listeners, batch);
        }
        listeners
    }

    /// Ends it, once.
    pub fn end(&mut self, by: ClosedBy, now: Millis, bus: &Bus) -> Option<Departed> {
        if self.ended.is_some() || (by == ClosedBy::Expired && !self.is_expired(now)) {
            return None;
        }
        match by {
            ClosedBy::Upgrade => self.signal_listener(bus, Signal::Release),
            _ => self.signal_listener(
                bus,
                Signal::Closed {
                    by_client: by == ClosedBy::Client,
                },
            ),
        }
        let farewell_due = by == ClosedBy::Client && self.get.is_none();
        self.ended = Some(Ended {
            by,
            at: now,
            farewell_due,
        });
        self.get = None;
        let mut outbox: Vec<_> = std::mem::take(&mut self.outbox).into();
        outbox.append(&mut self.held);
        Some(Departed {
            state: self.state.clone(),
            beat: self.beat,
            outbox,
            listeners: std::mem::take(&mut self.listeners),
        })
    }

    /// What a request meets if the connection is over; a GET uses the farewell up.
    pub fn tombstone(&mut self, now: Millis, is_get: bool) -> Option<Tombstone> {
        let expired = self.is_expired(now);
        match &mut self.ended {
            Some(ended) => {
                let farewell =
                    is_get && ended.farewell_due && now.saturating_sub(ended.at) <= FAREWELL_MS;
                ended.farewell_due &= !is_get;
                Some(Tombstone {
                    by: ended.by,
                    farewell,
                })
            }
            None => expired.then_some(Tombstone {
                by: ClosedBy::Expired,
                farewell: false,
            }),
        }
    }

    /// Its time has run out, though nobody has ended it yet.
    pub fn is_expired(&self, now: Millis) -> bool {
        let abandoned = self
            .abandoned_at
            .is_some_and(|at| at + ABANDON_GRACE_MS <= now);
        self.ended.is_none() && (abandoned || self.beat.expires_at <= now)
    }

    pub fn is_forgotten(&self, now: Millis) -> bool {
        self.ended
            .as_ref()
            .is_some_and(|ended| ended.at + TOMBSTONE_MS <= now)
    }
}

fn advance(listeners: &mut IndexMap<String, Listener>, batch: &Batch) {
    for (nsp, cursor) in &batch.cursors {
        if let Some(listener) = listeners.get_mut(nsp) {
            listener.cursor = listener.cursor.max(*cursor);
        }
    }
}
