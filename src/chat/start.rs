use super::{
    Chat,
    actor::GuestActor,
    attempt::{Repeat, Wrote, unsettled},
    done::{Bound, Done, Told, mark},
    rules,
};
use crate::{
    hub::{Mark, Written},
    model::{Code, DedupId, Notice, Offset, Reject, Reply, Session, SessionId, Start, WorkspaceId},
};

impl Chat {
    /// Goes on with the guest's open session, or starts one.
    pub(super) async fn start(
        &self,
        actor: &GuestActor,
        start: Start,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let workspace = rules::start::workspace(actor, &start, &self.settings.workspaces)?;
        for (workspace, session) in rules::start::candidates(actor, &start, &workspace) {
            if let Some(done) = self.rejoin(actor, workspace, session, dedup).await? {
                return Ok(done);
            }
        }
        self.begin(actor, workspace, start, dedup).await
    }

    /// `None` if the session has ended, or is gone: then the guest starts a new one.
    async fn rejoin(
        &self,
        actor: &GuestActor,
        workspace: WorkspaceId,
        session: SessionId,
        dedup: &DedupId,
    ) -> Result<Option<Done>, Reject> {
        let commit = rules::start::rejoin(actor, &workspace, &session, dedup);
        let written = match self.write_loaded(&commit, Repeat::Request).await {
            Ok((written, _)) => written,
            Err(reject) if matches!(reject.code, Code::Ended | Code::NotFound) => return Ok(None),
            Err(reject) => return Err(reject),
        };
        self.leave_other(actor, &session).await?;
        // Nothing new was written, but the session that is confirmed here may itself be so new that
        // only the hub has it.
        let newest = written.session.as_ref().map(|session| session.last_entry);
        let stored = newest.map(|id| mark(&workspace, &written.epoch, id));
        Ok(Some(self.started(*written, true, stored)?))
    }

    async fn begin(
        &self,
        actor: &GuestActor,
        workspace: WorkspaceId,
        start: Start,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let commit = rules::start::begin(actor, &workspace, start, dedup, self.clock.now());
        let session = SessionId::from_seed(dedup);
        // Before there is a new session: if this fails, the guest's next attempt leaves none behind.
        self.leave_other(actor, &session).await?;
        match self.write(&commit, Repeat::Request).await? {
            Wrote::Now(written) | Wrote::Before(written) => {
                let stored = written
                    .stamped
                    .first()
                    .map(|entry| mark(&workspace, &written.epoch, entry.id));
                self.started(*written, false, stored)
            }
            Wrote::Conflict => self.begun_before(workspace, session).await,
            Wrote::Absent => Err(unsettled()),
        }
    }

    /// The id is drawn from the request, so a session that is there already is of this request, so
    /// long ago that the hub has forgotten the result.
    async fn begun_before(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
    ) -> Result<Done, Reject> {
        // Read first: what is committed between the two is replayed and in the session too.
        let top = self
            .hub
            .top(&workspace)
            .await
            .map_err(|_| Reject::unavailable())?;
        let (session, queue_position) = self.session(&workspace, &session).await?;
        let stored = mark(&workspace, &top.epoch, session.last_entry);
        Ok(started(session, queue_position, false, top, Some(stored)))
    }

    fn started(
        &self,
        written: Written,
        reconnected: bool,
        stored: Option<Mark>,
    ) -> Result<Done, Reject> {
        let from = Offset {
            epoch: written.epoch,
            at: written.top,
        };
        let session = written.session.ok_or_else(Reject::unavailable)?;
        Ok(started(
            session,
            written.queue_position,
            reconnected,
            from,
            stored,
        ))
    }
}

fn started(
    session: Session,
    queue_position: Option<u64>,
    reconnected: bool,
    from: Offset,
    stored: Option<Mark>,
) -> Done {
    let bound = Bound {
        workspace: session.workspace.clone(),
        session: session.id.clone(),
        name: session.guest.display_name().to_owned(),
        from,
    };
    let reply = Reply::Started {
        session: Box::new(session),
        reconnected,
        queue_position,
    };
    Done {
        notices: vec![Told::with_reply(Notice::Started(reply.clone()))],
        reply,
        mark: stored,
        bound: Some(bound),
    }
}
