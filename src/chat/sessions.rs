use super::{
    Chat,
    actor::OperatorActor,
    done::Done,
    rules::list::{Listing, Row},
};
use crate::model::{Reject, Reply, SessionId, SessionQuery, WorkspaceId};

/// Of a list of sessions.
pub(super) struct Page {
    pub sessions: Vec<Row>,
    /// Where the next one begins.
    pub cursor: Option<String>,
    pub incomplete: bool,
}

impl Chat {
    /// One session, whether it goes on or is over.
    pub async fn look(&self, workspace: &WorkspaceId, session: &SessionId) -> Result<Done, Reject> {
        let (session, queue_position) = self.found(workspace, session).await?;
        Ok(Done::of(Reply::Session {
            session: Box::new(session),
            queue_position,
        }))
    }

    /// Sessions of the workspace, most lately active first. What the hub holds is newer than its row
    /// in the history; what it has let go of is in the history only.
    pub(super) async fn sessions(
        &self,
        actor: &OperatorActor,
        query: SessionQuery,
    ) -> Result<Done, Reject> {
        let hot = self.hub.sessions(&actor.workspace).await;
        let hot = hot.map_err(|_| Reject::unavailable())?;
        let listing = Listing::new(query, &actor.id, hot)?;
        let page = self.fill(&actor.workspace, listing).await;
        Ok(Done::of(Reply::Sessions {
            sessions: page.sessions,
            cursor: page.cursor,
            incomplete: page.incomplete,
        }))
    }

    /// With the history away a page is what the hub holds: every session that waits, and who is at work
    /// needs no more.
    pub(super) async fn fill(&self, workspace: &WorkspaceId, mut listing: Listing) -> Page {
        let mut incomplete = false;
        // Ends: every round passes over rows of sessions that the hub holds, or adds to the page.
        while let Some((query, after)) = listing.wants() {
            let rows = self
                .history
                .sessions(workspace, &query, after.as_ref())
                .await;
            let Ok(rows) = rows else {
                incomplete = true;
                break;
            };
            listing.add(rows);
        }
        let (sessions, cursor) = listing.page();
        Page {
            sessions,
            cursor,
            incomplete,
        }
    }
}
