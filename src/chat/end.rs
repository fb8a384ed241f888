use super::{
    Chat,
    actor::{GuestActor, OperatorActor},
    attempt::Repeat,
    done::{Done, mark},
    rules,
};
use crate::{
    hub::Commit,
    model::{DedupId, Reject, Reply, SessionId},
};

impl Chat {
    pub(super) async fn end_by_guest(
        &self,
        actor: &GuestActor,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let session = actor.bound()?.clone();
        let commit = rules::end(&actor.workspace, session, &actor.recovery, dedup);
        let done = self.end(&commit).await?;
        Ok(Done {
            reply: Reply::Done,
            ..done
        })
    }

    /// Any operator of the workspace may end a session, as any may write to it.
    pub(super) async fn end_by_staff(
        &self,
        actor: &OperatorActor,
        session: SessionId,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        self.end(&rules::end(
            &actor.workspace,
            session,
            &actor.recovery,
            dedup,
        ))
        .await
    }

    async fn end(&self, commit: &Commit) -> Result<Done, Reject> {
        let (written, _) = self.write_loaded(commit, Repeat::Request).await?;
        let stored = written
            .stamped
            .first()
            .map(|entry| mark(&commit.workspace, &written.epoch, entry.id));
        let session = Box::new(written.session.ok_or_else(Reject::unavailable)?);
        Ok(Done::of(Reply::Session {
            session,
            queue_position: None,
        })
        .after(stored))
    }
}
