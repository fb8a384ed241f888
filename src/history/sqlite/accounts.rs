use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{
    SqliteHistory,
    read::count,
    row::{int, number, role},
};
use crate::{
    history::{AccountChange, Accounts, Unavailable},
    model::{Account, OperatorId, PasswordHash, Revocation, Role, Workspace, WorkspaceId},
};

#[async_trait]
impl Accounts for SqliteHistory {
    async fn workspaces(&self, limit: usize) -> Result<Vec<Workspace>, Unavailable> {
        let sql = "SELECT id, name, created_at FROM workspaces ORDER BY id LIMIT ?1";
        self.database
            .read("workspaces", move |connection| {
                connection
                    .prepare_cached(sql)?
                    .query_map([count(limit)], workspace)?
                    .collect()
            })
            .await
    }

    async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>, Unavailable> {
        let (sql, id) = (
            "SELECT id, name, created_at FROM workspaces WHERE id = ?1",
            id.clone(),
        );
        self.database
            .read("workspace", move |connection| {
                connection
                    .prepare_cached(sql)?
                    .query_row([id.as_str()], workspace)
                    .optional()
            })
            .await
    }

    async fn add_workspace(&self, workspace: &Workspace) -> Result<bool, Unavailable> {
        let sql = "INSERT INTO workspaces (id, name, created_at) VALUES (?1, ?2, ?3)
            ON CONFLICT (id) DO NOTHING";
        let new = workspace.clone();
        self.database
            .write("add_workspace", move |connection| {
                let row = (new.id.as_str(), &new.name, int(new.created_at));
                Ok(connection.prepare_cached(sql)?.execute(row)? > 0)
            })
            .await
    }

    async fn add_operator(&self, account: &Account) -> Result<bool, Unavailable> {
        let account = account.clone();
        let sql = include_str!("../../../sql/sqlite/queries/add_operator.sql");
        self.database
            .write("add_operator", move |connection| {
                put(connection, sql, &account)
            })
            .await
    }

    async fn operator(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
    ) -> Result<Option<Account>, Unavailable> {
        let (workspace, operator) = (workspace.clone(), operator.clone());
        self.database
            .read("operator", move |connection| {
                connection
                    .prepare_cached("SELECT * FROM operators WHERE workspace = ?1 AND id = ?2")?
                    .query_row([workspace.as_str(), operator.as_str()], account)
                    .optional()
            })
            .await
    }

    async fn operators(
        &self,
        workspace: &WorkspaceId,
        after: Option<&OperatorId>,
        limit: usize,
    ) -> Result<Vec<Account>, Unavailable> {
        let sql = "SELECT * FROM operators WHERE workspace = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
        let (workspace, after) = (workspace.clone(), after.cloned());
        self.database
            .read("operators", move |connection| {
                // Nobody is before the empty id, and nobody has it.
                let after = after.as_ref().map_or("", OperatorId::as_str);
                connection
                    .prepare_cached(sql)?
                    .query_map((workspace.as_str(), after, count(limit)), account)?
                    .collect()
            })
            .await
    }

    async fn note_operator(&self, account: &Account) -> Result<(), Unavailable> {
        let account = account.clone();
        let sql = include_str!("../../../sql/sqlite/queries/note_operator.sql");
        self.database
            .write("note_operator", move |connection| {
                put(connection, sql, &account).map(drop)
            })
            .await
    }

    async fn change_operator(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        change: AccountChange,
    ) -> Result<bool, Unavailable> {
        let (workspace, operator) = (workspace.clone(), operator.clone());
        let sql = include_str!("../../../sql/sqlite/queries/change_operator.sql");
        self.database
            .write("change_operator", move |connection| {
                let changed = connection.prepare_cached(sql)?.execute(named_params! {
                    ":workspace": workspace.as_str(),
                    ":id": operator.as_str(),
                    ":name": change.name,
                    ":role": change.role.map(Role::as_str),
                    ":password": change.password.map(|hash| hash.0),
                    ":disabled": change.disabled,
                    ":valid_from": change.valid_from.map(int),
                    ":only_if": change.only_if_valid_from.map(int),
                })?;
                Ok(changed > 0)
            })
            .await
    }

    async fn revocations(&self, limit: usize) -> Result<Vec<Revocation>, Unavailable> {
        let sql = "SELECT workspace, id, disabled, valid_from FROM operators
            WHERE disabled OR valid_from > 0 ORDER BY valid_from DESC, workspace, id LIMIT ?1";
        self.database
            .read("revocations", move |connection| {
                connection
                    .prepare_cached(sql)?
                    .query_map([count(limit)], revocation)?
                    .collect()
            })
            .await
    }
}

fn put(connection: &Connection, sql: &str, account: &Account) -> rusqlite::Result<bool> {
    let written = connection.prepare_cached(sql)?.execute(named_params! {
        ":workspace": account.workspace.as_str(),
        ":id": account.id.as_str(),
        ":name": account.name,
        ":role": account.role.as_str(),
        ":password": account.password.as_ref().map(|hash| &hash.0),
        ":disabled": account.disabled,
        ":valid_from": int(account.valid_from),
        ":created_at": int(account.created_at),
    })?;
    Ok(written > 0)
}

fn workspace(row: &Row<'_>) -> rusqlite::Result<Workspace> {
    Ok(Workspace {
        id: WorkspaceId::new(row.get::<_, String>("id")?),
        name: row.get("name")?,
        created_at: number(row, "created_at")?,
    })
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        workspace: WorkspaceId::new(row.get::<_, String>("workspace")?),
        id: OperatorId::new(row.get::<_, String>("id")?),
        name: row.get("name")?,
        role: role(row)?,
        password: row.get::<_, Option<_>>("password")?.map(PasswordHash),
        disabled: row.get("disabled")?,
        valid_from: number(row, "valid_from")?,
        created_at: number(row, "created_at")?,
    })
}

fn revocation(row: &Row<'_>) -> rusqlite::Result<Revocation> {
    Ok(Revocation {
        workspace: WorkspaceId::new(row.get::<_, String>("workspace")?),
        operator: OperatorId::new(row.get::<_, String>("id")?),
        disabled: row.get("disabled")?,
        valid_from: number(row, "valid_from")?,
    })
}
