use super::{
    Chat,
    actor::{Actor, GuestActor, OperatorActor},
    attempt::{Repeat, Wrote, unsettled},
    rules,
};
use crate::{
    hub::{Commit, RecordOp, Written},
    model::{DedupId, Offset, Reject, SessionId},
};

impl Chat {
    /// An operator's socket has connected, anew or recovered. Returns where a new one starts to
    /// read: nothing that is committed later is missed. Its record of recovery begins there.
    pub async fn operator_arrived(
        &self,
        actor: &OperatorActor,
        dedup: &DedupId,
        record: Option<RecordOp>,
    ) -> Result<Offset, Reject> {
        let mut commit = rules::presence::operator_arrived(actor, dedup);
        commit.record = record;
        let written = self.put(&commit).await?;
        Ok(Offset {
            epoch: written.epoch,
            at: written.top,
        })
    }

    /// A guest's socket was recovered. One that starts is present by its start.
    pub async fn guest_arrived(&self, actor: &GuestActor, dedup: &DedupId) -> Result<(), Reject> {
        if let Some(commit) = rules::presence::guest_arrived(actor, dedup) {
            self.put(&commit).await?;
        }
        Ok(())
    }

    /// The actor's connection is gone; it may have others. Says whether there was anything to write,
    /// with which the record went as well.
    pub async fn gone(
        &self,
        actor: &Actor,
        dedup: &DedupId,
        record: Option<RecordOp>,
    ) -> Result<bool, Reject> {
        let mut commit = match actor {
            Actor::Guest(guest) => match &guest.session {
                Some(session) => rules::presence::guest_left(guest, session, dedup),
                None => return Ok(false),
            },
            Actor::Operator(operator) => rules::presence::operator_left(operator, dedup),
        };
        commit.record = record;
        self.put(&commit).await?;
        Ok(true)
    }

    /// The guest's socket turns to a session: it is no longer present in the one it had.
    pub(super) async fn leave_other(
        &self,
        actor: &GuestActor,
        session: &SessionId,
    ) -> Result<(), Reject> {
        match &actor.session {
            Some(before) if before != session => {
                // No client repeats this one, and doing it twice does no harm.
                let commit = rules::presence::guest_left(actor, before, &DedupId::draw());
                self.put(&commit).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn put(&self, commit: &Commit) -> Result<Box<Written>, Reject> {
        match self.write(commit, Repeat::Request).await? {
            Wrote::Now(written) | Wrote::Before(written) => Ok(written),
            Wrote::Conflict | Wrote::Absent => Err(unsettled()),
        }
    }
}
