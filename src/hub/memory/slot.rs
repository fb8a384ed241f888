use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use super::{connections::Connection, limits::Windows, workspace::Workspace};
use crate::{
    hub::{Deadline, Mark, Recovery, Retention},
    model::{
        Entry, EntryId, Epoch, Millis, Offset, Partition, PodId, RecoveryId, SessionId, Sid,
        WorkspaceId,
    },
};

/// Between two looks at all sessions of a partition.
const IDLE_LOOK_MS: Millis = 60_000;

/// All keys of one partition.
#[derive(Debug)]
pub(super) struct Slot {
    pub epoch: Epoch,
    pub born: Millis,
    /// The newest id given out; outlives every log.
    pub last: EntryId,
    pub persisted: EntryId,
    pub writer: Option<(PodId, Millis)>,
    pub ingest: VecDeque<Arc<Entry>>,
    pub workspaces: HashMap<WorkspaceId, Workspace>,
    pub connections: HashMap<Sid, Connection>,
    /// With their ends, and when they were last asked for.
    pub recoveries: HashMap<RecoveryId, (Recovery, Millis, Millis)>,
    pub deadlines: BTreeSet<(Millis, WorkspaceId, String)>,
    pub windows: Windows,
    /// Ended sessions in the order of their end, until they may be forgotten.
    pub ended: VecDeque<(Millis, WorkspaceId, SessionId)>,
    looked_for_idle_at: Millis,
}

impl Slot {
    pub fn new(now: Millis) -> Self {
        Self {
            epoch: Epoch(uuid::Uuid::new_v4().simple().to_string()),
            born: now,
            last: EntryId::ZERO,
            persisted: EntryId::ZERO,
            writer: None,
            ingest: VecDeque::new(),
            workspaces: HashMap::new(),
            connections: HashMap::new(),
            recoveries: HashMap::new(),
            deadlines: BTreeSet::new(),
            windows: Windows::default(),
            ended: VecDeque::new(),
            looked_for_idle_at: 0,
        }
    }

    /// Sessions in the hands of an operator whose guest has not been heard of for long. The history
    /// has them, and whoever asks for one brings it back.
    fn forget_idle(&mut self, now: Millis, retention: Retention) {
        if now.saturating_sub(self.looked_for_idle_at) < IDLE_LOOK_MS {
            return;
        }
        self.looked_for_idle_at = now;
        let idle_since = now.saturating_sub(retention.ended_ms);
        for workspace in self.workspaces.values_mut() {
            workspace.forget_idle(self.persisted, idle_since);
        }
    }

    pub fn top(&self) -> Offset {
        Offset {
            epoch: self.epoch.clone(),
            at: self.last,
        }
    }

    pub fn persisted_mark(&self, partition: Partition) -> Mark {
        Mark {
            partition,
            epoch: self.epoch.clone(),
            id: self.persisted,
        }
    }

    pub fn due(&self, now: Millis, limit: usize) -> Vec<Deadline> {
        let due = self.deadlines.iter().take_while(|(at, ..)| *at <= now);
        due.take(limit)
            .map(|(at, workspace, name)| Deadline {
                workspace: workspace.clone(),
                name: name.clone(),
                at: *at,
            })
            .collect()
    }

    pub fn deadline(&self, workspace: &WorkspaceId, name: &str) -> Option<Millis> {
        self.deadlines
            .iter()
            .find(|(_, owner, known)| owner == workspace && known == name)
            .map(|(at, ..)| *at)
    }

    pub fn clear_deadline(&mut self, workspace: &WorkspaceId, name: &str) {
        self.deadlines
            .retain(|(_, owner, known)| owner != workspace || known != name);
    }

    /// Forgets what is both stored and old. Never what is not stored.
    pub fn trim(&mut self, now: Millis, retention: Retention) {
        while self
            .ingest
            .front()
            .is_some_and(|entry| entry.id <= self.persisted)
        {
            self.ingest.pop_front();
        }
        let keep_from = now.saturating_sub(retention.feed_ms);
        for workspace in self.workspaces.values_mut() {
            workspace.trim_feed(self.persisted, keep_from);
        }
        self.forget_idle(now, retention);
        let ended_before = now.saturating_sub(retention.ended_ms);
        while let Some((at, workspace, session)) = self.ended.front() {
            if *at > ended_before {
                break;
            }
            if let Some(workspace) = self.workspaces.get_mut(workspace)
                && !workspace.forget(session, self.persisted)
            {
                break;
            }
            self.ended.pop_front();
        }
    }
}
