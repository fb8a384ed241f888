use async_trait::async_trait;

use super::MemoryHub;
use crate::{
    hub::{Join, Joined, Log, Recoveries, Recovery, Resume, Resumed, Signal, Unavailable},
    model::{EntryId, Millis, Offset, Partition, RecoveryId, Sid, WorkspaceId},
};

#[async_trait]
impl Recoveries for MemoryHub {
    async fn join(&self, join: Join) -> Result<Joined, Unavailable> {
        self.answering()?;
        let resumed = join
            .resume
            .and_then(|resume| self.resume(resume, &join.workspace, join.now));
        let slot = self.slot(Partition::of(&join.workspace));
        Ok(Joined {
            top: Offset {
                epoch: slot.epoch.clone(),
                at: slot.last,
            },
            resumed,
        })
    }

    async fn save_recovery(
        &self,
        recovery: Recovery,
        now: Millis,
        ttl_ms: Millis,
    ) -> Result<bool, Unavailable> {
        self.answering()?;
        let Some(mut slot) = self.recovery_slot(&recovery.id) else {
            return Ok(false);
        };
        let known = slot.recoveries.get(&recovery.id);
        if known.is_some_and(|(known, _)| known.holder.sid != recovery.holder.sid) {
            return Ok(false);
        }
        let until = now.saturating_add(ttl_ms);
        slot.recoveries
            .insert(recovery.id.clone(), (recovery, until));
        Ok(true)
    }

    async fn leave_recovery(
        &self,
        id: &RecoveryId,
        sid: &Sid,
        now: Millis,
        window_ms: Millis,
    ) -> Result<(), Unavailable> {
        self.answering()?;
        if let Some(mut slot) = self.recovery_slot(id)
            && let Some((recovery, expires_at)) = slot.recoveries.get_mut(id)
            && recovery.holder.sid == *sid
        {
            *expires_at = now.saturating_add(window_ms);
        }
        Ok(())
    }
}

impl MemoryHub {
    fn resume(&self, resume: Resume, workspace: &WorkspaceId, now: Millis) -> Option<Resumed> {
        let known = self.recoverable(&resume, workspace, now)?;
        let from = start(&known, resume.offset.as_ref());
        let (missed, more) = match &known.log {
            None => (Vec::new(), false),
            Some(log) => {
                let page = self.page(log, from, resume.limit);
                // An offset above the top is of a life that nobody knows of any more.
                let lost = page.epoch != known.start.epoch || from > self.last(log);
                if lost || !page.complete {
                    return None;
                }
                (page.entries, page.more)
            }
        };
        let mut slot = self.recovery_slot(&resume.id)?;
        let (recovery, expires_at) = slot.recoveries.get_mut(&resume.id)?;
        let before = std::mem::replace(&mut recovery.holder, resume.holder);
        *expires_at = now.saturating_add(resume.ttl_ms);
        let fenced = (before.sid != recovery.holder.sid).then_some(before);
        if let Some(holder) = &fenced {
            self.bus.signal(&holder.pod, &holder.sid, Signal::Fenced);
        }
        let recovery = recovery.clone();
        Some(Resumed {
            recovery,
            fenced,
            from,
            missed,
            more,
        })
    }

    fn last(&self, log: &Log) -> EntryId {
        self.slot(log.partition()).last
    }

    fn recoverable(
        &self,
        resume: &Resume,
        workspace: &WorkspaceId,
        now: Millis,
    ) -> Option<Recovery> {
        let slot = self.recovery_slot(&resume.id)?;
        let (known, expires_at) = slot.recoveries.get(&resume.id)?;
        let same = resume.subject.is_none()
            || (resume.subject == known.subject && *workspace == known.workspace);
        (*expires_at > now && known.nsp == resume.nsp && same).then(|| known.clone())
    }
}

/// An offset of another life of the partition says nothing of this one, nor does one below the
/// start of the socket.
fn start(recovery: &Recovery, offset: Option<&Offset>) -> EntryId {
    match offset {
        Some(offset) if offset.epoch == recovery.start.epoch => offset.at.max(recovery.start.at),
        _ => recovery.start.at,
    }
}
