use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use super::{Retention, connections::Connection, workspace::Workspace};
use crate::{
    hub::{Mark, Recovery},
    model::{
        Entry, EntryId, Epoch, Millis, Partition, PodId, RecoveryId, SessionId, Sid, WorkspaceId,
    },
};

/// All keys of one partition.
#[derive(Debug)]
pub(super) struct Slot {
    pub epoch: Epoch,
    /// The newest id given out; outlives every log.
    pub last: EntryId,
    pub persisted: EntryId,
    pub writer: Option<(PodId, Millis)>,
    pub ingest: VecDeque<Arc<Entry>>,
    pub workspaces: HashMap<WorkspaceId, Workspace>,
    pub connections: HashMap<Sid, Connection>,
    pub recoveries: HashMap<RecoveryId, (Recovery, Millis)>,
    pub deadlines: BTreeSet<(Millis, WorkspaceId, String)>,
    /// Ended sessions in the order of their end, until they may be forgotten.
    pub ended: VecDeque<(Millis, WorkspaceId, SessionId)>,
}

impl Slot {
    pub fn new() -> Self {
        Self {
            epoch: Epoch(uuid::Uuid::new_v4().simple().to_string()),
            last: EntryId::ZERO,
            persisted: EntryId::ZERO,
            writer: None,
            ingest: VecDeque::new(),
            workspaces: HashMap::new(),
            connections: HashMap::new(),
            recoveries: HashMap::new(),
            deadlines: BTreeSet::new(),
            ended: VecDeque::new(),
        }
    }

    pub fn persisted_mark(&self, partition: Partition) -> Mark {
        Mark {
            partition,
            epoch: self.epoch.clone(),
            id: self.persisted,
        }
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
