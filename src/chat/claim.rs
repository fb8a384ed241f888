use super::{
    Chat,
    actor::OperatorActor,
    attempt::{DECISIONS, Repeat, Wrote, unsettled},
    done::{Done, mark},
    rules,
};
use crate::model::{DedupId, EntryId, Epoch, Reject, Reply, Session, SessionId};

impl Chat {
    /// Takes a waiting session. Of several operators who try, one gets it: the guard is the version
    /// that was read, and the losers read again who was faster.
    pub(super) async fn claim(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        for _ in 0..DECISIONS {
            let (session, _) = self.session(&actor.workspace, session).await?;
            let Some(commit) = rules::claim(actor, &session, dedup)? else {
                // Mine already; but whether that is stored is not known from here.
                let top = self.hub.top(&actor.workspace).await;
                let epoch = top.map_err(|_| Reject::unavailable())?.epoch;
                let newest = session.last_entry;
                return Ok(taken(session, &epoch, newest));
            };
            match self.write(&commit, Repeat::Request).await? {
                Wrote::Now(written) | Wrote::Before(written) => {
                    let session = written.session.ok_or_else(Reject::unavailable)?;
                    let newest = written.stamped.first().map_or(session.last_entry, |e| e.id);
                    return Ok(taken(session, &written.epoch, newest));
                }
                Wrote::Conflict | Wrote::Absent => {}
            }
        }
        Err(unsettled())
    }
}

fn taken(session: Session, epoch: &Epoch, newest: EntryId) -> Done {
    let stored = mark(&session.workspace, epoch, newest);
    Done::reply(Reply::Session {
        session: Box::new(session),
        queue_position: None,
    })
    .after(Some(stored))
}
