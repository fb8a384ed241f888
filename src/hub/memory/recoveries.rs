use async_trait::async_trait;

use super::{MemoryHub, slot::Slot};
use crate::{
    hub::{
        Join, Joined, Log, NewRecord, Recoveries, Recovery, Resume, Resumed, Signal, Unavailable,
    },
    model::{EntryId, Millis, Offset, Partition, RecoveryId, Sid, WorkspaceId},
};

#[async_trait]
impl Recoveries for MemoryHub {
    async fn join(&self, join: Join) -> Result<Joined, Unavailable> {
        self.answering()?;
        let resumed = join
            .resume
            .and_then(|resume| self.resume(resume, &join.workspace, join.now));
        let home = Partition::of(&join.workspace);
        let mut slot = self.slot(home);
        let top = slot.top();
        if let (None, Some(record)) = (&resumed, join.fresh) {
            self.begin_record(&mut slot, home, record, top.clone());
        }
        Ok(Joined { top, resumed })
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
        if known.is_some_and(|(known, ..)| known.holder.sid != recovery.holder.sid) {
            return Ok(false);
        }
        let taken = known.map_or(0, |(.., taken)| *taken);
        let until = now.saturating_add(ttl_ms);
        slot.recoveries
            .insert(recovery.id.clone(), (recovery, until, taken));
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
        if let Some(mut slot) = self.recovery_slot(id) {
            slot.leave_record(id, sid, now.saturating_add(window_ms));
        }
        Ok(())
    }
}

impl Slot {
    fn leave_record(&mut self, id: &RecoveryId, sid: &Sid, at: Millis) {
        if let Some((recovery, expires_at, _)) = self.recoveries.get_mut(id)
            && recovery.holder.sid == *sid
        {
            *expires_at = at;
        }
    }
}

impl MemoryHub {
    /// In the slot that is locked, or in its own.
    pub(super) fn begin_record(
        &self,
        slot: &mut Slot,
        locked: Partition,
        record: NewRecord,
        start: Offset,
    ) {
        let NewRecord {
            recovery,
            expires_at,
        } = record;
        let id = recovery.id.clone();
        let kept = (Recovery { start, ..*recovery }, expires_at, 0);
        if id.partition() == Some(locked) {
            slot.recoveries.insert(id, kept);
        } else if let Some(mut own) = self.recovery_slot(&id) {
            own.recoveries.insert(id, kept);
        }
    }

    pub(super) fn leave_record(
        &self,
        slot: &mut Slot,
        locked: Partition,
        (id, sid): (&RecoveryId, &Sid),
        at: Millis,
    ) {
        if id.partition() == Some(locked) {
            slot.leave_record(id, sid, at);
        } else if let Some(mut own) = self.recovery_slot(id) {
            own.leave_record(id, sid, at);
        }
    }

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
        let (recovery, expires_at, taken) = slot.recoveries.get_mut(&resume.id)?;
        *taken = now;
        let before = std::mem::replace(&mut recovery.holder, resume.holder);
        *expires_at = now.saturating_add(resume.ttl_ms);
        let fenced = (before.sid != recovery.holder.sid).then_some(before);
        if let Some(holder) = &fenced
            && !self.faults.loses_fences()
        {
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
        let (known, expires_at, taken) = slot.recoveries.get(&resume.id)?;
        let same = resume.subject.is_none()
            || (resume.subject == known.subject && *workspace == known.workspace);
        (*expires_at > now && *taken <= now && known.nsp == resume.nsp && same)
            .then(|| known.clone())
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
