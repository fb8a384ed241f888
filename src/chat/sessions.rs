use super::{
    Chat,
    actor::OperatorActor,
    done::Done,
    rules::list::{Listing, Row},
};
use crate::model::{Reject, Reply, SessionQuery, WorkspaceId};

impl Chat {
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
        let (sessions, cursor) = self.fill(&actor.workspace, listing).await?;
        Ok(Done::reply(Reply::Sessions { sessions, cursor }))
    }

    /// A page, and where the next one begins.
    pub(super) async fn fill(
        &self,
        workspace: &WorkspaceId,
        mut listing: Listing,
    ) -> Result<(Vec<Row>, Option<String>), Reject> {
        // Ends: every round passes over rows of sessions that the hub holds, or adds to the page.
        while let Some((query, after)) = listing.wants() {
            let rows = self
                .history
                .sessions(workspace, &query, after.as_ref())
                .await;
            listing.add(rows.map_err(|_| Reject::unavailable())?);
        }
        Ok(listing.page())
    }
}
