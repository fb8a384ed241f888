use super::{Chat, done::Done, rules};
use crate::model::{HistoryQuery, Reject, Reply, SessionId, WorkspaceId};

/// Above every `seq`: what is stored counts in signed 64 bits.
const NEWEST: u64 = i64::MAX.unsigned_abs();

impl Chat {
    pub(super) async fn messages(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        query: HistoryQuery,
    ) -> Result<Done, Reject> {
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
        let stored = if rules::page::suffices(&known, before, &hot, query.limit) {
            Vec::new()
        } else {
            let stored = self
                .history
                .messages_before(workspace, session, before, count)
                .await;
            stored.map_err(|_| Reject::unavailable())?
        };
        let (messages, more) = rules::page::merge(&hot, stored, query.limit, 0);
        Ok(Done::reply(Reply::History { messages, more }))
    }
}
