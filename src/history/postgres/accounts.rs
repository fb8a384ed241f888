use async_trait::async_trait;
use deadpool_postgres::{Client, GenericClient as _};
use tokio_postgres::{Row, types::ToSql};

use super::{
    PostgresHistory,
    failure::Failure,
    read::{count, rows},
    row::{get, int, number, role},
};
use crate::{
    history::{AccountChange, Accounts, Unavailable},
    model::{Account, OperatorId, PasswordHash, Revocation, Role, Workspace, WorkspaceId},
};

#[async_trait]
impl Accounts for PostgresHistory {
    async fn workspaces(&self, limit: usize) -> Result<Vec<Workspace>, Unavailable> {
        let sql = "SELECT id, name, created_at FROM workspaces ORDER BY id LIMIT $1";
        let work = async {
            let client = self.database.reader().await?;
            let rows = rows(&client, sql, &[&count(limit)]).await?;
            rows.iter().map(workspace).collect()
        };
        self.database.read("workspaces", work).await
    }

    async fn workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>, Unavailable> {
        let sql = "SELECT id, name, created_at FROM workspaces WHERE id = $1";
        let work = async {
            let client = self.database.reader().await?;
            let rows = rows(&client, sql, &[&id.as_str()]).await?;
            rows.first().map(workspace).transpose()
        };
        self.database.read("workspace", work).await
    }

    async fn add_workspace(&self, workspace: &Workspace) -> Result<bool, Unavailable> {
        let sql = "INSERT INTO workspaces (id, name, created_at) VALUES ($1, $2, $3)
            ON CONFLICT (id) DO NOTHING";
        let work = async {
            let client = self.database.writer().await?;
            let (id, created_at) = (workspace.id.as_str(), int(workspace.created_at));
            write(&client, sql, &[&id, &workspace.name, &created_at]).await
        };
        self.database.write("add_workspace", work).await
    }

    async fn add_operator(&self, account: &Account) -> Result<bool, Unavailable> {
        let sql = include_str!("../../../sql/postgres/queries/add_operator.sql");
        let work = async { put(&self.database.writer().await?, sql, account).await };
        self.database.write("add_operator", work).await
    }

    async fn operator(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
    ) -> Result<Option<Account>, Unavailable> {
        let sql = "SELECT workspace, id, name, role, password, disabled, valid_from, created_at
            FROM operators WHERE workspace = $1 AND id = $2";
        let work = async {
            let client = self.database.reader().await?;
            let rows = rows(&client, sql, &[&workspace.as_str(), &operator.as_str()]).await?;
            rows.first().map(account).transpose()
        };
        self.database.read("operator", work).await
    }

    async fn operators(
        &self,
        workspace: &WorkspaceId,
        after: Option<&OperatorId>,
        limit: usize,
    ) -> Result<Vec<Account>, Unavailable> {
        let sql = include_str!("../../../sql/postgres/queries/operators.sql");
        let work = async {
            let client = self.database.reader().await?;
            // Nobody is before the empty id, and nobody has it.
            let after = after.map_or("", OperatorId::as_str);
            let rows = rows(&client, sql, &[&workspace.as_str(), &after, &count(limit)]).await?;
            rows.iter().map(account).collect()
        };
        self.database.read("operators", work).await
    }

    async fn note_operator(&self, account: &Account) -> Result<(), Unavailable> {
        let sql = include_str!("../../../sql/postgres/queries/note_operator.sql");
        let work = async { put(&self.database.writer().await?, sql, account).await };
        self.database.write("note_operator", work).await.map(drop)
    }

    async fn change_operator(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        change: AccountChange,
    ) -> Result<bool, Unavailable> {
        let sql = include_str!("../../../sql/postgres/queries/change_operator.sql");
        let (workspace, operator) = (workspace.as_str(), operator.as_str());
        // No row has such a key, and the server would refuse to look.
        if workspace.contains('\0') || operator.contains('\0') {
            return Ok(false);
        }
        let work = async {
            let client = self.database.writer().await?;
            let role = change.role.map(Role::as_str);
            let password = change.password.as_ref().map(|hash| &hash.0);
            let (name, disabled) = (&change.name, change.disabled);
            let valid_from = change.valid_from.map(int);
            let params: [&(dyn ToSql + Sync); 8] = [
                &workspace,
                &operator,
                name,
                &role,
                &password,
                &disabled,
                &valid_from,
                &change.only_if_valid_from.map(int),
            ];
            write(&client, sql, &params).await
        };
        self.database.write("change_operator", work).await
    }

    async fn revocations(&self, limit: usize) -> Result<Vec<Revocation>, Unavailable> {
        let sql = "SELECT workspace, id, disabled, valid_from FROM operators
            WHERE disabled OR valid_from > 0 ORDER BY valid_from DESC, workspace, id LIMIT $1";
        let work = async {
            let client = self.database.reader().await?;
            let rows = rows(&client, sql, &[&count(limit)]).await?;
            rows.iter().map(revocation).collect()
        };
        self.database.read("revocations", work).await
    }
}

async fn put(client: &Client, sql: &'static str, account: &Account) -> Result<bool, Failure> {
    let params: [&(dyn ToSql + Sync); 8] = [
        &account.workspace.as_str(),
        &account.id.as_str(),
        &account.name,
        &account.role.as_str(),
        &account.password.as_ref().map(|hash| &hash.0),
        &account.disabled,
        &int(account.valid_from),
        &int(account.created_at),
    ];
    write(client, sql, &params).await
}

/// Whether a row was written.
async fn write(
    client: &Client,
    sql: &'static str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<bool, Failure> {
    let statement = client.prepare_cached(sql).await?;
    Ok(client.execute(&statement, params).await? > 0)
}

fn workspace(row: &Row) -> Result<Workspace, Failure> {
    Ok(Workspace {
        id: WorkspaceId::new(get::<String>(row, "id")?),
        name: get(row, "name")?,
        created_at: number(row, "created_at")?,
    })
}

fn account(row: &Row) -> Result<Account, Failure> {
    Ok(Account {
        workspace: WorkspaceId::new(get::<String>(row, "workspace")?),
        id: OperatorId::new(get::<String>(row, "id")?),
        name: get(row, "name")?,
        role: role(row)?,
        password: get::<Option<String>>(row, "password")?.map(PasswordHash),
        disabled: get(row, "disabled")?,
        valid_from: number(row, "valid_from")?,
        created_at: number(row, "created_at")?,
    })
}

fn revocation(row: &Row) -> Result<Revocation, Failure> {
    Ok(Revocation {
        workspace: WorkspaceId::new(get::<String>(row, "workspace")?),
        operator: OperatorId::new(get::<String>(row, "id")?),
        disabled: get(row, "disabled")?,
        valid_from: number(row, "valid_from")?,
    })
}
