use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    Request,
    body::Incoming,
    header::{self, HeaderMap},
};
use indexmap::IndexMap;

use super::{buried, end, misplaced};
use crate::{
    hub::{Beat, BeginPost, ClosedBy, Listener, PostRequest, PostResult, Posted},
    model::Sid,
    server::{
        App, Mount, Pod,
        answer::{self, Answer},
        depart,
        effects::Effects,
        receive::{Fault, Inbound},
        settings::{BODY_TIMEOUT, MAX_PACKETS, POST_LEASE_MS, POST_POLL},
        state::ConnectionState,
    },
    wire::engine::{Heartbeat, Packet, RequestError, Revision, payload, v3},
};

/// What answers a client's ping.
const PONG: &str = "3";

/// Applies a payload. Everything that its packets do is committed before the `ok`; a repeat of the
/// same request (same `t`) finds the first done, or does again what it did not finish, under the
/// same names, hence once.
pub async fn post<A: App>(
    pod: &Arc<Pod<A>>,
    mount: &Mount,
    sid: Sid,
    t: Option<String>,
    request: Request<Incoming>,
) -> Answer {
    let is_binary = is_binary(request.headers());
    let body = match read_body(pod, mount, request.into_body()).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    loop {
        let now = pod.now();
        let request = PostRequest {
            t: t.clone(),
            now,
            until: now + POST_LEASE_MS,
        };
        let begun = match pod.hub.begin_post(&sid, request).await {
            Ok(begun) => begun,
            Err(_) => return answer::unavailable(),
        };
        return match begun {
            BeginPost::Unknown => answer::error(&RequestError::UnknownSid),
            BeginPost::Done => answer::ok(),
            BeginPost::Running => {
                tokio::time::sleep(POST_POLL).await;
                continue;
            }
            BeginPost::Tombstone(tombstone) => buried(pod, &sid, tombstone).await,
            BeginPost::Overlap(departed) => {
                depart::polling(pod, &sid, *departed, "overlap").await;
                answer::error(&RequestError::BadRequest)
            }
            BeginPost::Overflow(departed) => {
                pod.hit_limit("outbox");
                depart::polling(pod, &sid, *departed, "overflow").await;
                answer::error(&RequestError::BadRequest)
            }
            BeginPost::Claimed {
                claim,
                state,
                beat,
                listeners,
            } => {
                // To its end even if the client hangs up half-way.
                let worker = Worker {
                    pod: Arc::clone(pod),
                    mount: mount.clone(),
                    sid,
                    t,
                    claim,
                    beat,
                    listeners,
                };
                let work = pod
                    .tasks
                    .spawn(async move { worker.run(&state, &body, is_binary).await });
                work.await.unwrap_or_else(|_| answer::unavailable())
            }
        };
    }
}

/// Whether a body is one of bytes, in the revision that has such bodies.
fn is_binary(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/octet-stream"))
}

/// Bounded in size and time: whoever sends a byte a second holds a task, and not for long.
async fn read_body<A: App>(pod: &Pod<A>, mount: &Mount, body: Incoming) -> Result<Bytes, Answer> {
    let limited = Limited::new(body, mount.max_payload);
    match tokio::time::timeout(BODY_TIMEOUT, limited.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            pod.hit_limit("payload");
            Err(answer::too_large())
        }
        Ok(Err(_)) => Err(answer::error(&RequestError::BadRequest)),
        Err(_) => {
            pod.hit_limit("body_time");
            Err(answer::too_slow())
        }
    }
}

pub(super) struct Worker<A: App> {
    pub pod: Arc<Pod<A>>,
    pub mount: Mount,
    pub sid: Sid,
    pub t: Option<String>,
    pub claim: u64,
    pub beat: Beat,
    pub listeners: IndexMap<String, Listener>,
}

/// What a payload came to.
pub(super) struct Applied {
    pub effects: Effects,
    heartbeat: Heartbeat,
    /// A pong has come, or from a client that pings itself a ping.
    heard: bool,
    closed: bool,
}

impl<A: App> Worker<A> {
    async fn run(self, state: &[u8], body: &[u8], is_binary: bool) -> Answer {
        let Some(mut state) = ConnectionState::of_mount(state, &self.mount) else {
            return misplaced(&self.pod, &self.sid).await;
        };
        let packets = match state.handshake.revision {
            Revision::V4 => payload::decode(body, MAX_PACKETS),
            Revision::V3 => v3::payload::decode(body, is_binary, MAX_PACKETS),
        };
        let Ok(packets) = packets else {
            return self.refuse(Fault::Protocol).await;
        };
        let joined_by = state.join_by;
        let applied = self.apply(&mut state, packets).await;
        self.finish(state, applied, joined_by.is_some()).await
    }

    pub async fn finish(
        &self,
        state: ConnectionState<A::Socket>,
        applied: Result<Applied, Fault>,
        was_joining: bool,
    ) -> Answer {
        match applied {
            Ok(applied) => self.conclude(state, applied, was_joining).await,
            Err(fault) => {
                let answer = self.refuse(fault).await;
                // What was joined before the fault is not in what the hub handed out.
                depart::sockets(&*self.pod, &self.sid, &state).await;
                answer
            }
        }
    }

    /// Nothing done yet.
    pub fn beginning(&self, state: &ConnectionState<A::Socket>) -> Applied {
        Applied {
            effects: Effects::new(state.handshake.revision),
            heartbeat: Heartbeat::restore(self.beat.ping_at, self.beat.sent),
            heard: false,
            closed: false,
        }
    }

    async fn apply(
        &self,
        state: &mut ConnectionState<A::Socket>,
        packets: Vec<Packet>,
    ) -> Result<Applied, Fault> {
        let mut applied = self.beginning(state);
        let (revision, interval) = (state.handshake.revision, self.mount.ping_interval_ms);
        for (index, packet) in packets.into_iter().enumerate() {
            match (packet, revision) {
                (Packet::Message(message), _) => {
                    let request = self.request(index);
                    let mut inbound = self.inbound(state, &mut applied.effects);
                    inbound.receive(message, &request).await?;
                }
                (Packet::Pong(_), Revision::V4) => {
                    applied.heartbeat.pong(self.pod.now(), interval);
                    applied.heard = true;
                    self.inbound(state, &mut applied.effects).renew().await?;
                }
                (Packet::Ping(_), Revision::V3) => {
                    applied.heartbeat = v3::awaiting_ping(self.pod.now(), interval);
                    // Once: nobody pings again before the first is answered. What is parked is released by it.
                    if !applied.heard {
                        applied.effects.text(PONG.to_owned());
                    }
                    applied.heard = true;
                }
                (Packet::Close, _) => {
                    applied.closed = true;
                    break;
                }
                _ => return Err(Fault::Protocol),
            }
        }
        Ok(applied)
    }

    pub fn inbound<'a>(
        &'a self,
        connection: &'a mut ConnectionState<A::Socket>,
        effects: &'a mut Effects,
    ) -> Inbound<'a, A> {
        Inbound {
            pod: &self.pod,
            sid: &self.sid,
            connection,
            effects,
            listeners: Some(&self.listeners),
            queries: None,
        }
    }

    /// Names a packet. Without a `t` no repeat can be told from a new request.
    fn request(&self, index: usize) -> String {
        match &self.t {
            Some(t) => format!("{}:{t}:{index}", self.sid),
            None => format!("{}:{}:{index}", self.sid, uuid::Uuid::new_v4()),
        }
    }

    async fn conclude(
        &self,
        state: ConnectionState<A::Socket>,
        applied: Applied,
        was_joining: bool,
    ) -> Answer {
        let Applied {
            effects,
            heartbeat,
            heard,
            closed,
        } = applied;
        let joined = was_joining && state.join_by.is_none();
        let beat = (heard || joined).then(|| state.beat(&heartbeat, self.mount.ping_timeout_ms));
        let listeners = effects
            .replays
            .into_iter()
            .map(|(nsp, replay)| {
                (
                    nsp,
                    replay.map(|replaying| Listener {
                        log: replaying.replay.log,
                        cursor: replaying.from,
                    }),
                )
            })
            .collect();
        let result = PostResult {
            state: state.write(),
            beat,
            outbox: effects.say,
            listeners,
        };
        let posted = self.pod.hub.finish_post(&self.sid, self.claim, result);
        match posted.await {
            Ok(Posted::Done) if closed => {
                end(&self.pod, &self.sid, ClosedBy::Client, "client").await;
                answer::ok()
            }
            // What a repeat did, it says itself.
            Ok(Posted::Done | Posted::Superseded) => answer::ok(),
            Ok(Posted::Ended) => {
                // Whoever ended it did not know of what was joined here. Twice does no harm.
                depart::sockets(&*self.pod, &self.sid, &state).await;
                answer::error(&RequestError::UnknownSid)
            }
            Err(_) => answer::unavailable(),
        }
    }

    async fn refuse(&self, fault: Fault) -> Answer {
        end(&self.pod, &self.sid, ClosedBy::Server, fault.label()).await;
        match fault {
            Fault::Protocol | Fault::Revoked | Fault::Ended | Fault::Unjoined => {
                answer::error(&RequestError::BadRequest)
            }
            Fault::Trouble | Fault::PutOff => answer::unavailable(),
        }
    }
}
