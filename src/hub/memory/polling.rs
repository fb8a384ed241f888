use async_trait::async_trait;

use super::{
    MemoryHub,
    connections::{Connection, GetStep, Post},
};
use crate::{
    hub::{
        Batch, BeginGet, BeginPost, ClaimId, ClosedBy, Connections, Departed, Drained, Expired,
        Generation, GetRequest, NewConnection, Persisted, PostRequest, PostResult, Posted,
        Unavailable, UpgradeClaim,
    },
    model::{Millis, Partition, PodId, Sid},
};

#[async_trait]
impl Connections for MemoryHub {
    async fn open(&self, connection: NewConnection) -> Result<(), Unavailable> {
        self.answering()?;
        if let Some(mut slot) = self.slot_of(&connection.sid) {
            slot.connections
                .insert(connection.sid.clone(), Connection::new(connection));
        }
        Ok(())
    }

    async fn begin_get(&self, sid: &Sid, request: GetRequest) -> Result<BeginGet, Unavailable> {
        self.with(sid, |found| {
            let Some(connection) = found else {
                return BeginGet::Unknown;
            };
            match connection.get(&request, &self.bus) {
                GetStep::Listen(generation) => BeginGet::Listening {
                    generation,
                    state: connection.state.clone(),
                    beat: connection.beat,
                    drained: connection.drain(request.now, &request.persisted),
                },
                GetStep::Repeat(batch) => BeginGet::Repeat {
                    state: connection.state.clone(),
                    drained: connection.drain_repeat(),
                    batch,
                },
                GetStep::Upgrading => BeginGet::Upgrading,
                GetStep::Overlap => {
                    match connection.end(ClosedBy::Server, request.now, &self.bus) {
                        Some(departed) => BeginGet::Overlap(Box::new(departed)),
                        None => BeginGet::Unknown,
                    }
                }
                GetStep::Tombstone(tombstone) => BeginGet::Tombstone(tombstone),
            }
        })
    }

    async fn drain(
        &self,
        sid: &Sid,
        generation: Generation,
        now: Millis,
        persisted: &Persisted,
    ) -> Result<Option<Drained>, Unavailable> {
        self.with(sid, |found| {
            let connection = found.filter(|connection| connection.is_listener(generation))?;
            Some(connection.drain(now, persisted))
        })
    }

    async fn finish_get(
        &self,
        sid: &Sid,
        generation: Generation,
        batch: Batch,
    ) -> Result<bool, Unavailable> {
        self.with(sid, |found| {
            found.is_some_and(|connection| connection.answer(generation, batch))
        })
    }

    async fn abandon_get(
        &self,
        sid: &Sid,
        generation: Generation,
        now: Millis,
    ) -> Result<(), Unavailable> {
        self.with(sid, |found| {
            if let Some(connection) = found {
                connection.abandon(generation, now);
            }
        })
    }

    async fn begin_post(&self, sid: &Sid, request: PostRequest) -> Result<BeginPost, Unavailable> {
        self.with(sid, |found| match found {
            Some(connection) => self.post(connection, request),
            None => BeginPost::Unknown,
        })
    }

    async fn finish_post(
        &self,
        sid: &Sid,
        claim: ClaimId,
        result: PostResult,
    ) -> Result<Posted, Unavailable> {
        self.with(sid, |found| {
            let Some(connection) = found.filter(|connection| !connection.is_ended()) else {
                return Posted::Ended;
            };
            if connection
                .post
                .as_ref()
                .is_none_or(|post| post.claim != claim)
            {
                return Posted::Superseded;
            }
            connection.take_post(result, &self.bus);
            Posted::Done
        })
    }

    async fn is_polling(&self, sid: &Sid, now: Millis) -> Result<bool, Unavailable> {
        self.with(sid, |found| {
            found.is_some_and(|connection| connection.tombstone(now, false).is_none())
        })
    }

    async fn claim_upgrade(
        &self,
        sid: &Sid,
        _pod: &PodId,
        now: Millis,
        until: Millis,
    ) -> Result<UpgradeClaim, Unavailable> {
        self.with(sid, |found| match found {
            Some(connection) => self.upgrade(connection, now, until),
            None => UpgradeClaim::Unknown,
        })
    }

    async fn abort_upgrade(
        &self,
        sid: &Sid,
        claim: ClaimId,
        probed: bool,
    ) -> Result<Option<Departed>, Unavailable> {
        let now = self.clock.now();
        self.with(sid, |found| self.stop_upgrade(found?, claim, probed, now))
    }

    async fn finish_upgrade(
        &self,
        sid: &Sid,
        claim: ClaimId,
        now: Millis,
    ) -> Result<Option<Departed>, Unavailable> {
        self.with(sid, |found| self.take_over(found?, claim, now))
    }

    async fn close(
        &self,
        sid: &Sid,
        by: ClosedBy,
        now: Millis,
    ) -> Result<Option<Departed>, Unavailable> {
        self.with(sid, |found| found?.end(by, now, &self.bus))
    }

    async fn expired(
        &self,
        partition: Partition,
        now: Millis,
        limit: usize,
    ) -> Result<Expired, Unavailable> {
        self.answering()?;
        let mut slot = self.slot(partition);
        slot.connections
            .retain(|_, connection| !connection.is_forgotten(now));
        slot.recoveries
            .retain(|_, (_, expires_at, _)| *expires_at > now);
        let dead = slot
            .connections
            .values()
            .filter(|connection| connection.is_expired(now));
        let dead = dead.map(|connection| connection.sid.clone());
        Ok(Expired {
            connections: dead.take(limit).collect(),
            deadlines: slot.due(now, limit),
        })
    }
}

impl MemoryHub {
    /// One atomic step on a connection's keys.
    fn with<T>(
        &self,
        sid: &Sid,
        step: impl FnOnce(Option<&mut Connection>) -> T,
    ) -> Result<T, Unavailable> {
        self.answering()?;
        let mut slot = self.slot_of(sid);
        Ok(step(
            slot.as_mut().and_then(|slot| slot.connections.get_mut(sid)),
        ))
    }

    fn post(&self, connection: &mut Connection, request: PostRequest) -> BeginPost {
        if let Some(tombstone) = connection.tombstone(request.now, false) {
            return BeginPost::Tombstone(tombstone);
        }
        let repeats = |t: &Option<String>| t.is_some() && *t == request.t;
        match &connection.post {
            Some(post) if post.until <= request.now => {}
            Some(post) if repeats(&post.t) => return BeginPost::Running,
            Some(_) => {
                return match connection.end(ClosedBy::Server, request.now, &self.bus) {
                    Some(departed) => BeginPost::Overlap(Box::new(departed)),
                    None => BeginPost::Unknown,
                };
            }
            None if repeats(&connection.posted) => return BeginPost::Done,
            None => {}
        }
        if connection.is_full() {
            return match connection.end(ClosedBy::Server, request.now, &self.bus) {
                Some(departed) => BeginPost::Overflow(Box::new(departed)),
                None => BeginPost::Unknown,
            };
        }
        let claim = connection.claim();
        connection.post = Some(Post {
            claim,
            t: request.t,
            until: request.until,
        });
        BeginPost::Claimed {
            claim,
            state: connection.state.clone(),
            beat: connection.beat,
            listeners: connection.listeners_after(),
        }
    }
}
