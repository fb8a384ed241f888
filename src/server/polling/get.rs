use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    batch::{Gathered, Gatherer},
    buried, end, misplaced,
    speech::Speech,
};
use crate::{
    hub::{
        self, Batch, Beat, BeginGet, ClosedBy, Drained, Generation, GetRequest, Log, Persisted,
        Signal,
    },
    model::{Frame, Millis, Sid},
    server::{
        App, Mount, Pod,
        answer::{self, Answer},
        deliver::{Alike, Parked, To, Watching},
        depart,
        receive::Fault,
        revoke::{ends_at, leaving},
        settings::{DRAIN_HOLD, NEW_LIFE, UPGRADE_HOLD},
        state::ConnectionState,
    },
    wire::{
        engine::{Heartbeat, RequestError, Revision},
        socket::encode as write,
    },
};

/// Between two looks while the hub is away.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Answers with what there is, or waits for something: data, the ping, the end of the wait.
///
/// The waiter is registered before the hub is asked, so whatever is written after it was asked
/// wakes it: nothing falls between the look and the wait.
pub async fn get<A: App>(
    pod: &Arc<Pod<A>>,
    mount: &Mount,
    sid: Sid,
    t: Option<String>,
    revision: Revision,
) -> Answer {
    let speech = Speech::of_request(revision);
    let (waiter, parked) = pod.deliver.waiters.park(&sid);
    let mut held = false;
    loop {
        let persisted = pod.deliver.persisted();
        let now = pod.now();
        let request = GetRequest {
            t: t.clone(),
            pod: pod.id.clone(),
            now,
            until: now + mount.ping_interval_ms + mount.ping_timeout_ms,
            persisted: persisted.borrow().clone(),
        };
        let begun = match pod.hub.begin_get(&sid, request).await {
            Ok(begun) => begun,
            Err(_) => return answer::unavailable(),
        };
        return match begun {
            BeginGet::Unknown => answer::error(&RequestError::UnknownSid),
            BeginGet::Tombstone(tombstone) if tombstone.farewell => speech.noop(),
            BeginGet::Tombstone(tombstone) => buried(pod, &sid, tombstone).await,
            BeginGet::Overlap(departed) => {
                depart::polling(pod, &sid, *departed, "overlap").await;
                answer::error(&RequestError::BadRequest)
            }
            BeginGet::Upgrading if held => speech.noop(),
            BeginGet::Upgrading => {
                held = true;
                // Long enough for the upgrade to be done, one way or the other.
                let _ = tokio::time::timeout(UPGRADE_HOLD, parked.woken()).await;
                continue;
            }
            BeginGet::Repeat {
                state,
                drained,
                batch,
            } => match ConnectionState::of_mount(&state, mount) {
                Some(state) => repeat(pod, &sid, &state, &drained, batch).await,
                None => misplaced(pod, &sid).await,
            },
            BeginGet::Listening {
                generation,
                state,
                beat,
                drained,
            } => {
                let Some(state) = ConnectionState::of_mount(&state, mount) else {
                    return misplaced(pod, &sid).await;
                };
                let listening = Listening {
                    pod: Arc::clone(pod),
                    timeout_ms: mount.ping_timeout_ms,
                    sid,
                    generation,
                    state,
                    beat,
                    drained,
                    parked,
                    persisted,
                    revocations: pod.revocations.heard(),
                    is_late: pod.draining.is_cancelled(),
                    topics: HashMap::new(),
                    finished: false,
                };
                let answer = listening.run().await;
                drop(waiter);
                answer
            }
        };
    }
}

async fn repeat<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    state: &ConnectionState<A::Socket>,
    drained: &Drained,
    batch: Batch,
) -> Answer {
    let gatherer = Gatherer {
        pod,
        sid,
        state,
        drained,
    };
    match gatherer.gather_again(batch).await {
        Ok(gathered) => gathered.answer(Speech::of(&state.handshake)),
        Err(_) => answer::unavailable(),
    }
}

/// A GET that is its connection's listener.
struct Listening<A: App> {
    pod: Arc<Pod<A>>,
    timeout_ms: u64,
    sid: Sid,
    generation: Generation,
    state: ConnectionState<A::Socket>,
    beat: Beat,
    drained: Drained,
    parked: Arc<Parked>,
    persisted: watch::Receiver<Persisted>,
    revocations: watch::Receiver<()>,
    /// It has come to a process that is ending already.
    is_late: bool,
    /// By namespace.
    topics: HashMap<String, (Log, Watching<A>)>,
    finished: bool,
}

/// Why the wait ended.
enum Woken {
    Look,
    Noop,
    /// A WebSocket has claimed the connection.
    Release,
    Close,
    /// As far as this GET knows.
    Expired,
}

impl<A: App> Listening<A> {
    fn speech(&self) -> Speech {
        Speech::of(&self.state.handshake)
    }

    async fn run(mut self) -> Answer {
        loop {
            if let Some(answer) = self.leave_over().await {
                return answer;
            }
            if self.watch_topics().await.is_err() {
                match self.hold().await {
                    None => continue,
                    Some(answer) => return answer,
                }
            }
            match self.look().await {
                Ok(Some(answer)) => return answer,
                Ok(None) => {}
                Err(_) => match self.hold().await {
                    None => continue,
                    Some(answer) => return answer,
                },
            }
            match self.wait().await {
                Woken::Look => {}
                Woken::Noop => return self.finish(Gathered::default()).await,
                Woken::Release => return self.release().await,
                Woken::Close => {
                    self.finished = true;
                    return self.speech().close();
                }
                Woken::Expired => {
                    if self.is_over().await {
                        self.finished = true;
                        return self.speech().close();
                    }
                }
            }
            match self.drain_again().await {
                Ok(true) => {}
                // Another GET has taken over, or the connection has ended, in a way that this one
                // was not told of.
                Ok(false) => {
                    self.finished = true;
                    return self.speech().noop();
                }
                Err(()) => {
                    if let Some(answer) = self.hold().await {
                        return answer;
                    }
                }
            }
        }
    }

    /// Those whose token is no longer good hear nothing more.
    async fn leave_over(&mut self) -> Option<Answer> {
        let leaving = leaving(&*self.pod.app, &self.state, self.pod.now());
        let (_, why) = leaving.first()?;
        self.finished = true;
        end(&self.pod, &self.sid, ClosedBy::Server, why.label()).await;
        if *why == Fault::PutOff {
            return Some(self.speech().close());
        }
        let farewells = leaving.iter();
        let farewells = farewells.map(|(nsp, _)| Frame::text(write::disconnect(nsp)));
        let farewells: Vec<Frame> = farewells.collect();
        // Without `1`: a client acts on that before it has looked at the packets before it, and would come back.
        Some(self.speech().frames(false, farewells.iter()))
    }

    /// Before the logs are read: what is committed after the read then wakes this GET.
    async fn watch_topics(&mut self) -> Result<(), hub::Unavailable> {
        let listeners = &self.drained.listeners;
        self.topics.retain(|nsp, (log, _)| {
            listeners
                .get(nsp)
                .is_some_and(|listener| listener.log == *log)
        });
        for (nsp, listener) in listeners {
            let Some(socket) = self.state.socket(&self.sid, nsp) else {
                continue;
            };
            if self.topics.contains_key(nsp) {
                continue;
            }
            let alike = Alike::of(&*self.pod.app, &socket);
            let (readers, to) = (
                &self.pod.deliver.readers,
                To::Poll(Arc::clone(&self.parked)),
            );
            let watching = readers.listen(&listener.log, alike, to).await?;
            let topic = (listener.log.clone(), watching);
            self.topics.insert(nsp.clone(), topic);
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<Option<Answer>, Fault> {
        let now = self.pod.now();
        let gatherer = Gatherer {
            pod: &*self.pod,
            sid: &self.sid,
            state: &self.state,
            drained: &self.drained,
        };
        let mut gathered = gatherer.gather().await?;
        if gathered.gap {
            tokio::time::sleep(NEW_LIFE.mul_f64(rand::random())).await;
            self.finished = true;
            end(&self.pod, &self.sid, ClosedBy::Server, "gap").await;
            return Ok(Some(self.speech().close()));
        }
        gathered.frames.append(&mut self.parked.take_asides());
        gathered.batch.ping = Heartbeat::restore(self.beat.ping_at, self.beat.sent).due(now);
        if gathered.is_empty() {
            // Own messages, passed over: the next look starts behind them.
            super::batch::advance(&mut self.drained.listeners, &gathered.batch);
            return Ok(None);
        }
        Ok(Some(self.finish(gathered).await))
    }

    async fn finish(&mut self, gathered: Gathered) -> Answer {
        self.finished = true;
        let answer = gathered.answer(self.speech());
        let (count, oldest) = (gathered.told, gathered.oldest);
        match self
            .pod
            .hub
            .finish_get(&self.sid, self.generation, gathered.batch)
            .await
        {
            Ok(true) => {
                self.pod.count_delivered("polling", count, oldest);
                answer
            }
            Ok(false) => self.speech().noop(),
            Err(_) => answer::unavailable(),
        }
    }

    /// A pong may have come by another pod: the hub knows. Or another pod was faster in ending it,
    /// and this GET is about to be told.
    async fn is_over(&self) -> bool {
        if end(&self.pod, &self.sid, ClosedBy::Expired, "ping timeout").await {
            return true;
        }
        let told = tokio::time::timeout(UPGRADE_HOLD / 2, self.parked.woken()).await;
        matches!(told, Ok(Some(Signal::Closed { by_client: false })))
    }

    /// A client that has sent `5` already expects this GET to be refused; one that waits for it
    /// expects it to end. Only a moment tells them apart.
    async fn release(mut self) -> Answer {
        let last = tokio::time::timeout(UPGRADE_HOLD / 2, self.parked.woken()).await;
        self.finished = true;
        // The WebSocket was lost half-way, and its client waits for nothing but this GET.
        if let Ok(Some(Signal::Closed { by_client: false })) = last {
            return self.speech().close();
        }
        // It left in the middle of the upgrade: as for any GET of a client that says goodbye.
        if let Ok(Some(Signal::Closed { by_client: true })) = last {
            return self.speech().noop();
        }
        match self
            .pod
            .hub
            .finish_get(&self.sid, self.generation, Batch::default())
            .await
        {
            Ok(true) => self.speech().noop(),
            Ok(false) => answer::error(&RequestError::BadRequest),
            Err(_) => answer::unavailable(),
        }
    }

    async fn wait(&mut self) -> Woken {
        let now = self.pod.now();
        let heartbeat = Heartbeat::restore(self.beat.ping_at, self.beat.sent);
        let limit = self.beat.expires_at.min(heartbeat.wake_at(self.timeout_ms));
        let ends_at = ends_at(&*self.pod.app, &self.state);
        let sooner = [self.drained.look_again_at, ends_at].into_iter().flatten();
        let until = sooner.fold(limit, Millis::min);
        let pause = Duration::from_millis(until.saturating_sub(now));
        let holding = self.drained.holding;
        tokio::select! {
            signal = self.parked.woken() => match signal {
                // Who fences a socket of a polling connection leaves word for it in the outbox.
                None | Some(Signal::Wake | Signal::Fenced) => Woken::Look,
                Some(Signal::Replaced | Signal::Closed { by_client: true }) => Woken::Noop,
                Some(Signal::Release) => Woken::Release,
                Some(Signal::Closed { by_client: false }) => Woken::Close,
            },
            changed = self.persisted.changed(), if holding => {
                if changed.is_err() { Woken::Noop } else { Woken::Look }
            }
            _ = self.revocations.changed() => Woken::Look,
            () = elsewhere(&self.pod, self.is_late) => Woken::Noop,
            () = tokio::time::sleep(pause) => {
                if self.pod.now() >= self.beat.expires_at { Woken::Expired } else { Woken::Look }
            }
        }
    }

    async fn drain_again(&mut self) -> Result<bool, ()> {
        let persisted = self.persisted.borrow_and_update().clone();
        let now = self.pod.now();
        let again = self
            .pod
            .hub
            .drain(&self.sid, self.generation, now, &persisted)
            .await
            .map_err(|_| ())?;
        let Some(Drained {
            outbox,
            listeners,
            look_again_at,
            holding,
            connection,
        }) = again
        else {
            return Ok(false);
        };
        if let Some((state, beat)) = connection {
            self.beat = beat;
            if let Some(state) = ConnectionState::read(&state) {
                self.state = state;
            }
        }
        self.drained = Drained {
            outbox,
            listeners,
            look_again_at,
            holding,
            connection: None,
        };
        Ok(true)
    }

    /// The hub is away. For the client a failure is the end of its connection, so it waits for as long as that
    /// may live, also in a process that is ending: only the hub can let the next GET in elsewhere.
    async fn hold(&self) -> Option<Answer> {
        if self.pod.now() >= self.beat.expires_at {
            return Some(answer::unavailable());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        None
    }
}

/// Until its client is to poll elsewhere.
async fn elsewhere<A: App>(pod: &Pod<A>, is_late: bool) {
    if is_late {
        tokio::time::sleep(DRAIN_HOLD).await;
    } else {
        pod.draining.cancelled().await;
    }
}

impl<A: App> Drop for Listening<A> {
    /// The client has hung up (the future of its request is dropped): let a repeat take the place.
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let (pod, sid, generation) = (Arc::clone(&self.pod), self.sid.clone(), self.generation);
        self.pod.tasks.spawn(async move {
            // If this is lost, the listener's own lease ends it.
            let _ = pod.hub.abandon_get(&sid, generation, pod.now()).await;
        });
    }
}
