use super::{
    Chat,
    attempt::{DECISIONS, Repeat, ended},
    rules,
};
use crate::hub::DEDUP_KEPT;
use crate::model::{Code, DedupId, Partition, Reject, Session, SessionId, WorkspaceId};

impl Chat {
    /// The session as the hub holds it, with its place in the queue; fetched from the history first
    /// if it is open and the hub has let go of it.
    pub(super) async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<(Session, Option<u64>), Reject> {
        for _ in 0..DECISIONS {
            let found = self.hub.session(workspace, session).await;
            if let Some(found) = found.map_err(|_| Reject::unavailable())? {
                return Ok(found);
            }
            self.load(workspace, session).await?;
        }
        Err(Reject::unavailable())
    }

    /// Puts an open session that only the history knows into the hub. Refuses if it is not there
    /// either, or has ended.
    pub(super) async fn load(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<(), Reject> {
        self.settle(workspace).await?;
        let stored = self
            .stored(workspace, session)
            .await?
            .ok_or_else(no_such_session)?;
        if !stored.status.is_open() {
            return Err(ended());
        }
        let newest = self
            .history
            .messages_before(workspace, session, u64::MAX, DEDUP_KEPT)
            .await
            .map_err(|_| Reject::unavailable())?;
        // No client repeats this one. That it conflicts says that somebody else has loaded it.
        let commit = rules::load(stored, &newest, &DedupId::draw());
        self.write(&commit, Repeat::Request).await?;
        Ok(())
    }

    /// What a life of the hot state that is over had on its way to the history is there by now, or never will
    /// be: else it could come behind what is read next, and its numbers would be given out again.
    async fn settle(&self, workspace: &WorkspaceId) -> Result<(), Reject> {
        let top = self.hub.top(workspace).await;
        let epoch = top.map_err(|_| Reject::unavailable())?.epoch;
        let partition = Partition::of(workspace);
        let bound = self.history.open_cursor(partition, &epoch).await;
        bound.map(drop).map_err(|_| Reject::unavailable())
    }

    /// Whether it exists, wherever it is kept; its state may be a little old.
    pub(super) async fn known(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Session, Reject> {
        self.found(workspace, session).await.map(|(found, _)| found)
    }

    /// As [`Chat::known`], with its place in the queue.
    pub(super) async fn found(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<(Session, Option<u64>), Reject> {
        let hot = self.hub.session(workspace, session).await;
        match hot.map_err(|_| Reject::unavailable())? {
            Some(found) => Ok(found),
            None => {
                let stored = self.stored(workspace, session).await?;
                let stored = stored.ok_or_else(no_such_session)?;
                Ok((stored, None))
            }
        }
    }

    async fn stored(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<Session>, Reject> {
        let stored = self.history.session(workspace, session).await;
        stored.map_err(|_| Reject::unavailable())
    }
}

/// The same answer for an id that was never given out and for one of another workspace.
fn no_such_session() -> Reject {
    Reject {
        field: Some("sessionId"),
        ..Reject::new(Code::NotFound, "No such session")
    }
}
