use super::Chat;
use crate::{
    history::{MessageRow, StoredMessage, Unread},
    model::{EntryId, MessageId, OperatorId, Reject, SessionId, WorkspaceId},
};

/// What the history alone can find, as far as it is written. Each page may be one longer than it is asked for, which
/// tells that there are more.
impl Chat {
    pub async fn search(
        &self,
        workspace: &WorkspaceId,
        text: &str,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Reject> {
        let found = self
            .history
            .search(workspace, text, before, limit + 1)
            .await;
        found.map_err(|_| Reject::unavailable())
    }

    pub async fn said_by(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Reject> {
        let history = &self.history;
        let said = history.messages_of(workspace, operator, before, limit + 1);
        said.await.map_err(|_| Reject::unavailable())
    }

    /// Of those that are stored.
    pub async fn message_rows(
        &self,
        workspace: &WorkspaceId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageRow>, Reject> {
        let rows = self.history.message_rows(workspace, messages).await;
        rows.map_err(|_| Reject::unavailable())
    }

    /// Of sessions that are there: whoever has no number is given one.
    pub async fn session_numbers(
        &self,
        workspace: &WorkspaceId,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, u64)>, Reject> {
        let numbers = self.history.session_numbers(workspace, sessions).await;
        let numbers = numbers.map_err(|_| Reject::unavailable())?;
        for (session, number) in &numbers {
            self.note_number(workspace, *number, session);
        }
        Ok(numbers)
    }

    /// In all open sessions together.
    pub async fn unread(&self, workspace: &WorkspaceId) -> Result<Unread, Reject> {
        let unread = self.history.unread(workspace).await;
        unread.map_err(|_| Reject::unavailable())
    }
}
