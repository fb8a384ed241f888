use std::sync::Arc;

use async_trait::async_trait;

use super::MemoryHub;
use crate::{
    hub::{Deadline, FIND_LOOK, Log, LogPage, Logs, Unavailable},
    model::{
        Agent, Change, Entry, EntryId, MessageId, Millis, Offset, Operator, OperatorId, Partition,
        Session, SessionId, WorkspaceId,
    },
};

#[async_trait]
impl Logs for MemoryHub {
    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<(Session, Option<u64>)>, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        Ok(slot.workspaces.get(workspace).and_then(|workspace| {
            let held = workspace.sessions.get(session)?;
            Some((held.session.clone(), workspace.queue_position(session)))
        }))
    }

    async fn sessions(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<(Session, Option<u64>)>, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        let Some(workspace) = slot.workspaces.get(workspace) else {
            return Ok(Vec::new());
        };
        let positions: std::collections::HashMap<_, _> =
            workspace.queue.iter().map(|(_, id)| id).zip(1..).collect();
        let held = workspace.sessions.values();
        Ok(held
            .map(|held| {
                (
                    held.session.clone(),
                    positions.get(&held.session.id).copied(),
                )
            })
            .collect())
    }

    async fn read(&self, log: &Log, after: EntryId, limit: usize) -> Result<LogPage, Unavailable> {
        self.answering()?;
        Ok(self.page(log, after, limit))
    }

    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Entry>>, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        let held = slot
            .workspaces
            .get(workspace)
            .and_then(|workspace| workspace.sessions.get(session));
        let Some(held) = held else {
            return Ok(Vec::new());
        };
        let mut left = limit;
        let mut found = Vec::new();
        for entry in held.log.newest_first() {
            match &entry.change {
                Change::Message { message } if message.seq < before_seq => {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                }
                Change::Reacted { .. } => {}
                _ => continue,
            }
            found.push(Arc::clone(entry));
        }
        Ok(found)
    }

    async fn find_message(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        message: MessageId,
    ) -> Result<Option<u64>, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        let held = slot
            .workspaces
            .get(workspace)
            .and_then(|workspace| workspace.sessions.get(session));
        let entries = held
            .into_iter()
            .flat_map(|held| held.log.newest_first().take(FIND_LOOK));
        let mut messages = entries.filter_map(|entry| entry.message());
        Ok(messages.find(|it| it.id == message).map(|it| it.seq))
    }

    async fn operators(&self, workspace: &WorkspaceId) -> Result<Vec<Operator>, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        let Some(workspace) = slot.workspaces.get(workspace) else {
            return Ok(Vec::new());
        };
        let present = workspace.operators.iter();
        let operator = |(id, name): (&OperatorId, &String)| Operator {
            agent: Agent {
                id: id.clone(),
                name: name.clone(),
            },
            away: workspace.away.contains(id),
        };
        Ok(present.map(operator).collect())
    }

    async fn top(&self, workspace: &WorkspaceId) -> Result<Offset, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        Ok(Offset {
            epoch: slot.epoch.clone(),
            at: slot.last,
        })
    }

    async fn queue(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
    ) -> Result<Vec<SessionId>, Unavailable> {
        self.answering()?;
        let slot = self.slot(Partition::of(workspace));
        let Some(workspace) = slot.workspaces.get(workspace) else {
            return Ok(Vec::new());
        };
        let waiting = workspace.queue.iter().take(limit);
        Ok(waiting.map(|(_, id)| id.clone()).collect())
    }

    async fn due(
        &self,
        partition: Partition,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<Deadline>, Unavailable> {
        self.answering()?;
        Ok(self.slot(partition).due(now, limit))
    }
}

impl MemoryHub {
    /// A log that is not here at all is not complete: only the history can tell.
    pub(super) fn page(&self, log: &Log, after: EntryId, limit: usize) -> LogPage {
        let slot = self.slot(log.partition());
        let workspace = slot.workspaces.get(log.workspace());
        let tail = match log {
            Log::Feed(_) => workspace.map(|workspace| &workspace.feed),
            Log::Session(_, session) => workspace
                .and_then(|workspace| workspace.sessions.get(session))
                .map(|held| &held.log),
        };
        match tail {
            Some(tail) => tail.page(&slot.epoch, after, limit),
            None => LogPage {
                epoch: slot.epoch.clone(),
                entries: Vec::new(),
                // What begins after a moment that is younger than the retention, or when this life is, is kept for as
                // long; and nothing has after the newest entry of all.
                complete: matches!(log, Log::Feed(_))
                    || slot.last <= after
                    || after.ms.max(slot.born)
                        > self.clock.now().saturating_sub(self.retention.ended_ms),
                more: false,
            },
        }
    }
}
