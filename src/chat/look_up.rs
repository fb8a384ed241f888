use super::Chat;
use crate::{
    history::{StoredMessage, Unread},
    model::{EntryId, OperatorId, Reject, WorkspaceId},
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

    /// In all open sessions together.
    pub async fn unread(&self, workspace: &WorkspaceId) -> Result<Unread, Reject> {
        let unread = self.history.unread(workspace).await;
        unread.map_err(|_| Reject::unavailable())
    }
}
