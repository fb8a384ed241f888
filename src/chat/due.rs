use super::{
    Chat,
    attempt::{Repeat, Wrote},
    rules::{self, list::Listing},
};
use crate::{
    hub::{Commit, Deadline, Presence},
    model::{OperatorId, Reject, Session, SessionId, SessionQuery, Status, WorkspaceId, limits},
};

impl Chat {
    /// A deadline has come. Any number of pods may do this at once, and each may die at any line: every
    /// effect is one commit that happens once, and the deadline goes with the last of them.
    pub async fn due(&self, deadline: Deadline) {
        let Deadline {
            workspace, name, ..
        } = deadline;
        let polling = rules::presence::polling(&workspace, &name);
        let done = if let Some(session) = name.strip_prefix(rules::OFFER) {
            self.expire_offer(&workspace, &SessionId::new(session))
                .await
        } else if let Some(operator) = name.strip_prefix(rules::grace::REQUEUE) {
            self.requeue_all(&workspace, &OperatorId::new(operator))
                .await
        } else if let Some(session) = name.strip_prefix(rules::away::AWAY) {
            self.guest_is_gone(&workspace, &SessionId::new(session))
                .await
        } else if let Some(presence) = polling {
            self.look_after(presence).await
        } else {
            // Of a later release: not ours to take away.
            Ok(())
        };
        if let Err(reject) = done {
            tracing::warn!(
                code = reject.code.as_str(),
                "what is due waits for the next look"
            );
        }
    }

    /// Whoever ends a polling connection says so, but may die before.
    async fn look_after(&self, presence: Presence) -> Result<(), Reject> {
        let now = self.clock.now();
        let alive = self.hub.is_polling(&presence.sid, now).await;
        let commit = if alive.map_err(|_| Reject::unavailable())? {
            rules::presence::still_there(&presence, now + self.settings.presence_look_ms)
        } else {
            self.departure(presence, true).await?
        };
        self.put_due(&commit).await.map(drop)
    }

    async fn expire_offer(&self, workspace: &WorkspaceId, id: &SessionId) -> Result<(), Reject> {
        let session = self.hub.session(workspace, id).await;
        let session = session.map_err(|_| Reject::unavailable())?;
        let session = session.as_ref().map(|(session, _)| session);
        let commit = rules::transfer::expire(workspace, id, session);
        self.put_due(&commit).await.map(drop)
    }

    async fn guest_is_gone(&self, workspace: &WorkspaceId, id: &SessionId) -> Result<(), Reject> {
        let session = self.hub.session(workspace, id).await;
        let session = session.map_err(|_| Reject::unavailable())?;
        let session = session.as_ref().map(|(session, _)| session);
        let commit = rules::away::over(workspace, id, session);
        self.put_due(&commit).await.map(drop)
    }

    /// Those in the hub first, for which the history need not answer; then page by page, until nothing is
    /// its any more.
    async fn requeue_all(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
    ) -> Result<(), Reject> {
        let hot = self.hub.sessions(workspace).await;
        for (session, _) in hot.map_err(|_| Reject::unavailable())? {
            if rules::grace::requeue(operator, &session).is_some() {
                self.requeue(operator, &session).await?;
            }
        }
        loop {
            let sessions = self.sessions_of(workspace, operator).await?;
            let mut moved = 0;
            for session in &sessions {
                moved += usize::from(self.requeue(operator, session).await?);
            }
            if sessions.is_empty() {
                let commit = rules::grace::over(workspace, operator);
                return self.put_due(&commit).await.map(drop);
            }
            // The operator is back, or another pod is at it.
            if moved == 0 {
                return Ok(());
            }
        }
    }

    /// Those that the hub has let go of too.
    async fn sessions_of(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
    ) -> Result<Vec<Session>, Reject> {
        let query = SessionQuery {
            status: Some(Status::Active),
            mine: true,
            limit: limits::SESSIONS_MAX,
            ..SessionQuery::default()
        };
        let hot = self.hub.sessions(workspace).await;
        let hot = hot.map_err(|_| Reject::unavailable())?;
        let listing = Listing::new(query, operator, hot)?;
        let page = self.fill(workspace, listing).await;
        // There may be others, so it is not over.
        if page.incomplete && page.sessions.is_empty() {
            return Err(Reject::unavailable());
        }
        let sessions = page.sessions.into_iter();
        Ok(sessions.map(|(session, _)| session).collect())
    }

    async fn requeue(&self, operator: &OperatorId, session: &Session) -> Result<bool, Reject> {
        let (session, _) = match self.session(&session.workspace, &session.id).await {
            Ok(found) => found,
            Err(reject) if reject.is_final() => return Ok(false),
            Err(reject) => return Err(reject),
        };
        let Some(commit) = rules::grace::requeue(operator, &session) else {
            return Ok(false);
        };
        self.put_due(&commit).await
    }

    /// `false`: somebody else did it, or it is not due any more.
    async fn put_due(&self, commit: &Commit) -> Result<bool, Reject> {
        match self.write(commit, Repeat::Request).await {
            Ok(wrote) => Ok(matches!(wrote, Wrote::Now(_))),
            Err(reject) if reject.is_final() => Ok(false),
            Err(reject) => Err(reject),
        }
    }
}
