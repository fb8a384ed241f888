use super::{Chat, actor::GuestActor, done::Done, rules};
use crate::model::{HistoryMessage, HistoryQuery, Reject, Reply, SessionId, WorkspaceId};

/// Above every `seq`: what is stored counts in signed 64 bits.
const NEWEST: u64 = i64::MAX.unsigned_abs();

impl Chat {
    pub(super) async fn own_messages(
        &self,
        actor: &GuestActor,
        query: HistoryQuery,
    ) -> Result<Done, Reject> {
        let (workspace, session) = (&actor.workspace, actor.bound()?);
        let (messages, more) = self.page(workspace, session, query, actor.since).await?;
        Ok(Done::of(Reply::History { messages, more }))
    }

    pub(super) async fn messages(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        query: HistoryQuery,
    ) -> Result<Done, Reject> {
        let (messages, more) = self.page(workspace, session, query, 0).await?;
        Ok(Done::of(Reply::History { messages, more }))
    }

    /// Messages with numbers above `above`, and whether there are more of these.
    pub(super) async fn page(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        query: HistoryQuery,
        above: u64,
    ) -> Result<(Vec<HistoryMessage>, bool), Reject> {
        let known = self.known(workspace, session).await?;
        let before = query.before_seq.unwrap_or(NEWEST).min(NEWEST);
        // One more than asked for, which tells whether there are more.
        let count = query.limit.saturating_add(1);
        // The hub first: it lets go only of what the history holds by then. The other way round, a
        // message that is moved between the two reads would be in neither.
        let hot = self
            .hub
            .messages_before(workspace, session, before, count)
            .await;
        let hot = hot.map_err(|_| Reject::unavailable())?;
        let wanted = rules::page::Wanted {
            before,
            above,
            limit: query.limit,
        };
        let stored = if rules::page::suffices(&known, wanted, &hot) {
            Vec::new()
        } else {
            let stored = self
                .history
                .messages_before(workspace, session, before, count)
                .await;
            stored.map_err(|_| Reject::unavailable())?
        };
        Ok(rules::page::merge(&hot, stored, wanted))
    }
}
