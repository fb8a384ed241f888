use super::{
    Chat,
    actor::{GuestActor, OperatorActor},
    attempt::{Repeat, Wrote, unsettled},
    done::{Done, mark},
    rules,
};
use crate::{
    hub::{Commit, Edge},
    model::{DedupId, Receipt, Reject, Reply, SessionId},
};

impl Chat {
    pub(super) async fn guest_has(
        &self,
        actor: &GuestActor,
        receipt: Receipt,
        seq: u64,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let session = actor.bound()?;
        let mut commit = rules::marks::by_guest(actor, session, receipt, seq, dedup);
        commit.rate = self.settings.rates.guest_signal(session);
        self.mark(commit).await
    }

    pub(super) async fn staff_has(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        (receipt, seq): (Receipt, u64),
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let session = self.known(&actor.workspace, session).await?;
        match rules::marks::by_staff(actor, &session, receipt, seq, dedup) {
            Some(mut commit) => {
                commit.rate = self.settings.rates.operator_signal(&actor.id);
                self.mark(commit).await
            }
            None => Ok(Done::of(Reply::Done)),
        }
    }

    /// That somebody has read is confirmed once it is stored, as all that is an entry. That something is
    /// delivered is kept with the next entry of the session: if it is lost before, it is told anew.
    async fn mark(&self, commit: Commit) -> Result<Done, Reject> {
        let mut wrote = self.write(&commit, Repeat::Request).await?;
        if let (Wrote::Absent, Some(session)) = (&wrote, &commit.session) {
            match self.load(&commit.workspace, session).await {
                Ok(()) => wrote = self.write(&commit, Repeat::Request).await?,
                Err(reject) => return Err(reject),
            }
        }
        let (Wrote::Now(written) | Wrote::Before(written)) = wrote else {
            return Err(unsettled());
        };
        let (Some(op), Some(session)) = (&commit.mark, &written.session) else {
            return Err(Reject::unavailable());
        };
        let stored = match op.receipt {
            // What does not rise any more has been raised by an entry that may not be stored yet.
            Receipt::Read => Some(mark(&commit.workspace, &written.epoch, session.last_entry)),
            Receipt::Delivered => {
                // Also of one whose answer was lost: told twice it does no harm.
                if written.edge == Edge::Raised {
                    self.delivered.note(session, op.by.reads());
                }
                None
            }
        };
        Ok(Done::of(Reply::Done).after(stored))
    }
}
