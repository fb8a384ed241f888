use std::sync::Arc;

use switchboard::{
    history::{AccountChange, Accounts},
    metrics::{HistoryMetrics, Metrics},
    model::{Account, OperatorId, PasswordHash, Role, Workspace, WorkspaceId},
};

pub fn metrics() -> HistoryMetrics {
    Metrics::new().unwrap().history
}

pub fn workspace(id: &str) -> Workspace {
    Workspace {
        id: WorkspaceId::new(id),
        name: format!("The \"{id}\" \u{1f600}"),
        created_at: 7,
    }
}

/// One who came with a token.
pub fn account(workspace: &str, id: &str) -> Account {
    Account {
        workspace: WorkspaceId::new(workspace),
        id: OperatorId::new(id),
        name: format!("Operator {id}"),
        role: Role::Agent,
        password: None,
        disabled: false,
        valid_from: 0,
        created_at: 11,
    }
}

pub fn with_password(account: Account) -> Account {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    Account {
        password: Some(PasswordHash(hash.into())),
        ..account
    }
}

pub async fn stored(accounts: &Arc<dyn Accounts>, of: &Account) -> Option<Account> {
    accounts.operator(&of.workspace, &of.id).await.unwrap()
}

pub async fn change(accounts: &Arc<dyn Accounts>, of: &Account, change: AccountChange) -> bool {
    let changed = accounts.change_operator(&of.workspace, &of.id, change);
    changed.await.unwrap()
}
