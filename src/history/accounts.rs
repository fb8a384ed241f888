use async_trait::async_trait;

use super::Unavailable;
use crate::model::{Account, OperatorId, PasswordHash, Revocation, Role, Workspace, WorkspaceId};

/// Who may work where: workspaces and operators. Kept by the same databases as the history, and as
/// durable; one suite (`tests/it/contract/accounts`) runs on both.
///
/// Every call is one transaction and may be repeated. A text that the database cannot hold (NUL) is
/// not found, and refused at the edge before it is written.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// All of them by id, `default` among them, at most `limit`.
    async fn workspaces(&self, limit: usize) -> Result<Vec<Workspace>, Unavailable>;

    async fn workspace(&self, workspace: &WorkspaceId) -> Result<Option<Workspace>, Unavailable>;

    /// `false` if there is one of this id; it stays as it is.
    async fn add_workspace(&self, workspace: &Workspace) -> Result<bool, Unavailable>;

    /// `false` if there is one of this id in its workspace; it stays as it is.
    async fn add_operator(&self, account: &Account) -> Result<bool, Unavailable>;

    async fn operator(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
    ) -> Result<Option<Account>, Unavailable>;

    /// Of a workspace by id, those strictly after `after`, at most `limit`.
    async fn operators(
        &self,
        workspace: &WorkspaceId,
        after: Option<&OperatorId>,
        limit: usize,
    ) -> Result<Vec<Account>, Unavailable>;

    /// An operator has come with a token of this name and role: makes its row, or brings name and role of the row
    /// up to date if it has no password (one that has was named by whoever made it). Neither `disabled` nor
    /// `valid_from` of a row that is there change.
    async fn note_operator(&self, account: &Account) -> Result<(), Unavailable>;

    /// Changes what is `Some`; `valid_from` only grows. `false` if there is no such operator.
    async fn change_operator(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        change: AccountChange,
    ) -> Result<bool, Unavailable>;

    /// Everybody who is disabled, or whose `valid_from` is not 0: those with the newest first, since of these
    /// somebody may be connected; at most `limit`.
    async fn revocations(&self, limit: usize) -> Result<Vec<Revocation>, Unavailable>;
}

#[derive(Clone, Default)]
pub struct AccountChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub password: Option<PasswordHash>,
    pub disabled: Option<bool>,
    pub valid_from: Option<u64>,
    /// Nothing, as of an operator who is not there, if its `valid_from` is another one by now.
    pub only_if_valid_from: Option<u64>,
}
