use super::{
    Chat,
    actor::{GuestActor, OperatorActor},
    attempt::{Repeat, Wrote},
    done::Done,
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
            None => Ok(Done::reply(Reply::Done)),
        }
    }

    /// Nobody waits for a mark to be stored: one that is lost is said again with the next message.
    async fn mark(&self, commit: Commit) -> Result<Done, Reject> {
        let mut wrote = self.write(&commit, Repeat::Request).await?;
        if let (Wrote::Absent, Some(session)) = (&wrote, &commit.session) {
            match self.load(&commit.workspace, session).await {
                Ok(()) => wrote = self.write(&commit, Repeat::Request).await?,
                Err(reject) => return Err(reject),
            }
        }
        // Also of one whose answer was lost: told twice it does no harm.
        if let Wrote::Now(written) | Wrote::Before(written) = wrote
            && written.edge == Edge::Raised
            && let (Some(mark), Some(session)) = (&commit.mark, &written.session)
            && mark.receipt == Receipt::Delivered
        {
            self.delivered.note(session, mark.by.reads());
        }
        Ok(Done::reply(Reply::Done))
    }
}
