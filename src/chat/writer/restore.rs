//! Open sessions come back from the history when the hot state was lost.
//!
//! A partition is in another life than the one for which the history says that this was done: Redis
//! was wiped, or the embedded server has been started again. Whoever has the writer's lease puts its
//! waiting and active sessions back, by commits that lose to whoever needed one sooner and loaded it.
//! The cursor is bound to the new life first, so that nothing of the old one is stored any more behind
//! the back of what is read here. Batches go on being stored meanwhile: a held ack does not wait for it.
//! Where nobody has waited for long (`WAITING_LIFE`), the session is ended instead, by one such commit.
//!
//! The history is told only when all of a partition is there. Until then a pod that fails goes on after
//! a pause where it was, and after one that dies the next holder of the lease begins again.
//!
//! Meanwhile a list of sessions is whole, since it is merged with the history; a place in the queue is
//! too far in front, since some of those before are not there yet. So places are told at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, sleep_until};
use tracing::info;

use super::lane::{Ends, Lane, Need, Trouble};
use crate::{
    chat::{queue::tell_places, rules},
    hub::{Commit, DEDUP_KEPT, Outcome},
    model::{DedupId, Epoch, OperatorId, Partition, Session, SessionId, Status, WorkspaceId},
};

/// Sessions put back between two looks at the batches that wait.
const PAGE: usize = 100;
/// Of these at a time; others read the history as well.
const WIDTH: usize = 4;
/// What another pod is putting back is asked for this often: it may have died.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// One pass over all open sessions, for all partitions that need it when it begins: which workspace is
/// in which partition the database cannot say.
pub(super) struct Restore {
    pub need: Need,
    lost: BTreeMap<Partition, Lost>,
    /// Where the pass goes on.
    after: Option<(WorkspaceId, SessionId)>,
    look_at: Option<Instant>,
}

/// A partition that is given its sessions.
struct Lost {
    epoch: Epoch,
    /// What the history has said of it when the pass began.
    before: Option<Epoch>,
    waiting: u64,
    active: u64,
    given_up: u64,
    /// With guests to be told their places.
    queues: BTreeSet<WorkspaceId>,
    /// Who has sessions, and may never come back.
    agents: BTreeMap<WorkspaceId, BTreeSet<OperatorId>>,
}

impl Default for Restore {
    fn default() -> Self {
        Self {
            need: Need::Nothing,
            lost: BTreeMap::new(),
            after: None,
            look_at: None,
        }
    }
}

/// For which lives it is done.
pub(super) fn note(lanes: &mut [Lane], restored: impl IntoIterator<Item = (Partition, Epoch)>) {
    for (partition, epoch) in restored {
        if let Some(lane) = lanes.get_mut(partition.index()) {
            lane.restored = Some(epoch);
        }
    }
}

impl Restore {
    /// Begins a pass if one is needed; keeps the leases of one that is under way.
    pub async fn begin(&mut self, lanes: &mut [Lane], ends: &Ends) {
        if !self.lost.is_empty() {
            self.keep(lanes, ends).await;
            return;
        }
        if self.need != Need::Nothing || !lanes.iter().any(|lane| lane.owes().is_some()) {
            return;
        }
        // Another pod may have done it since this one has started.
        let Ok(restored) = ends.history.restored().await else {
            self.need = Need::Later;
            return;
        };
        note(lanes, restored.iter().cloned());
        let mut said: BTreeMap<_, _> = restored.into_iter().collect();
        let lost = lanes.iter().filter_map(|lane| {
            let epoch = lane.owes()?.clone();
            let before = said.remove(&lane.partition);
            Some((lane.partition, Lost::new(epoch, before)))
        });
        self.lost = lost.collect();
        if !self.lost.is_empty() {
            (self.need, self.after) = (Need::Now, None);
        }
    }

    /// One page of the pass. Returns the partitions that have all of theirs.
    pub async fn step(&mut self, ends: &Ends) -> Vec<(Partition, Epoch)> {
        let mut done = Vec::new();
        if self.need == Need::Now {
            self.need = self.advance(ends, &mut done).await.unwrap_or(Need::Later);
        }
        done
    }

    pub fn retry(&mut self) {
        if self.need == Need::Later {
            // Without a pass, the attempt to begin one has failed.
            self.need = match self.lost.is_empty() {
                true => Need::Nothing,
                false => Need::Now,
            };
        }
    }

    pub fn note_unsure(&mut self, lanes: &[Lane]) {
        match (lanes.iter().any(Lane::is_unsure), self.look_at) {
            (false, _) => self.look_at = None,
            (true, None) => self.look_at = Some(Instant::now() + LOOK_AGAIN),
            (true, Some(_)) => {}
        }
    }

    /// Until it is time to look.
    pub async fn wait(&self) {
        match self.look_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Whether the others have done it; else it may be for this pod to do.
    pub async fn look(&mut self, lanes: &mut [Lane], ends: &Ends) {
        self.look_at = None;
        if let Ok(restored) = ends.history.restored().await {
            note(lanes, restored);
            let unsure = lanes.iter_mut().filter(|lane| lane.is_unsure());
            unsure.for_each(Lane::look_again);
        }
    }

    /// A partition whose lease was lost is another pod's, which begins again.
    async fn keep(&mut self, lanes: &mut [Lane], ends: &Ends) {
        for lane in lanes {
            let partition = lane.partition;
            if self.lost.contains_key(&partition) && matches!(lane.lease(ends).await, Ok(false)) {
                self.lost.remove(&partition);
            }
        }
        if self.lost.is_empty() {
            self.need = Need::Nothing;
        }
    }

    async fn advance(
        &mut self,
        ends: &Ends,
        done: &mut Vec<(Partition, Epoch)>,
    ) -> Result<Need, Trouble> {
        let page = ends
            .history
            .open_sessions(self.after.as_ref(), PAGE)
            .await?;
        let is_last = page.len() < PAGE;
        let last = page.last().map(place);
        let lost = |session: &Session| self.lost.contains_key(&Partition::of(&session.workspace));
        let wanted: Vec<Session> = page.into_iter().filter(lost).collect();
        let put: Vec<_> = stream::iter(wanted)
            .map(|session| put_back(ends, session))
            .buffer_unordered(WIDTH)
            .collect()
            .await;
        // Those that are back are noted though others have failed: the next time they are no news.
        let mut failed = false;
        for answer in put {
            match answer {
                Ok(Some(session)) => self.count(ends, session),
                Ok(None) => {}
                Err(Trouble) => failed = true,
            }
        }
        if failed {
            return Err(Trouble);
        }
        self.after = last.or(self.after.take());
        if !is_last {
            return Ok(Need::Now);
        }
        self.finish(ends, done).await?;
        Ok(Need::Nothing)
    }

    fn count(&mut self, ends: &Ends, session: Session) {
        let Some(lost) = self.lost.get_mut(&Partition::of(&session.workspace)) else {
            return;
        };
        if session.status.is_open() {
            ends.metrics.restored.inc();
        }
        match session.status {
            Status::Waiting => {
                lost.waiting += 1;
                lost.queues.insert(session.workspace);
            }
            Status::Active => {
                lost.active += 1;
                if let Some(agent) = session.agent {
                    let agents = lost.agents.entry(session.workspace).or_default();
                    agents.insert(agent.id);
                }
            }
            Status::Ended => lost.given_up += 1,
        }
    }

    async fn finish(
        &mut self,
        ends: &Ends,
        done: &mut Vec<(Partition, Epoch)>,
    ) -> Result<(), Trouble> {
        let mut again = false;
        while let Some((partition, lost)) = self.lost.first_key_value() {
            let (partition, epoch) = (*partition, lost.epoch.clone());
            for (workspace, agents) in &lost.agents {
                give_grace(ends, workspace, agents).await?;
            }
            let before = lost.before.as_ref();
            let is_all = ends.history.set_restored(partition, &epoch, before).await?;
            let Some(lost) = self.lost.remove(&partition) else {
                break;
            };
            if !is_all {
                // Some were imported meanwhile. It is owed as before, and begun anew after the pause.
                again = true;
                continue;
            }
            info!(
                partition = partition.index(),
                waiting = lost.waiting,
                active = lost.active,
                given_up = lost.given_up,
                "open sessions are back in the hot state"
            );
            for workspace in &lost.queues {
                tell_places(&*ends.hub, workspace).await;
            }
            done.push((partition, epoch));
        }
        if again { Err(Trouble) } else { Ok(()) }
    }
}

impl Lost {
    fn new(epoch: Epoch, before: Option<Epoch>) -> Self {
        Self {
            epoch,
            before,
            waiting: 0,
            active: 0,
            given_up: 0,
            queues: BTreeSet::new(),
            agents: BTreeMap::new(),
        }
    }
}

/// With what its newest messages were, so that a client which repeats one is answered with it. As it is then: ended
/// if it was given up. `None` if it is there already.
async fn put_back(ends: &Ends, mut session: Session) -> Result<Option<Session>, Trouble> {
    let newest = if session.last_seq == 0 {
        Vec::new()
    } else {
        let (workspace, id) = (&session.workspace, &session.id);
        ends.history
            .messages_before(workspace, id, u64::MAX, DEDUP_KEPT)
            .await?
    };
    let is_stale = session.status == Status::Waiting
        && ends.waiting_life_ms.is_some_and(|life| {
            let idle = ends.clock.now().saturating_sub(session.last_activity);
            idle > life
        });
    let (stored, dedup) = (session.clone(), DedupId::draw());
    let is_new = if is_stale {
        session.status = Status::Ended;
        commit(ends, rules::give_up(stored, &newest, &dedup)).await?
    } else {
        commit(ends, rules::load(stored, &newest, &dedup)).await?
    };
    Ok(is_new.then_some(session))
}

/// Presence was lost as well: an operator has to come back in time, or its sessions go to the queue.
async fn give_grace(
    ends: &Ends,
    workspace: &WorkspaceId,
    agents: &BTreeSet<OperatorId>,
) -> Result<(), Trouble> {
    let at = ends.clock.now() + ends.grace_ms;
    let present = present(ends, workspace).await?;
    let absent: Vec<_> = agents.difference(&present).collect();
    for operator in &absent {
        commit(ends, rules::grace::after_restore(workspace, operator, at)).await?;
    }
    // Who came in between has found no deadline to take away.
    let present = self::present(ends, workspace).await?;
    for operator in absent.into_iter().filter(|it| present.contains(*it)) {
        commit(ends, rules::grace::is_back(workspace, operator)).await?;
    }
    Ok(())
}

async fn present(ends: &Ends, workspace: &WorkspaceId) -> Result<BTreeSet<OperatorId>, Trouble> {
    let operators = ends.hub.operators(workspace).await?;
    Ok(operators
        .into_iter()
        .map(|operator| operator.agent.id)
        .collect())
}

/// Whether it was carried out.
async fn commit(ends: &Ends, commit: Commit) -> Result<bool, Trouble> {
    match ends.hub.commit(commit).await {
        Outcome::Committed(_) => Ok(true),
        Outcome::Busy | Outcome::Unknown => Err(Trouble),
        _ => Ok(false),
    }
}

fn place(session: &Session) -> (WorkspaceId, SessionId) {
    (session.workspace.clone(), session.id.clone())
}
