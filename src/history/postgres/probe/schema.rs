//! What the migrations have made, and what has become of it.

use std::collections::HashMap;

use deadpool_postgres::Client;
use tokio_postgres::Error;

use crate::history::{Migrations, postgres::schema as own};

/// Of keys there is an index as well, which no migration names.
const KEYS: [&str; 12] = [
    "messages_pkey",
    "messages_workspace_session_entry_ms_entry_seq_key",
    "sessions_pkey",
    "ingest_cursor_pkey",
    "poison_pkey",
    "reactions_pkey",
    "workspaces_pkey",
    "operators_pkey",
    "session_numbers_pkey",
    "session_numbers_workspace_session_key",
    "reads_pkey",
    "files_pkey",
];

#[derive(Debug)]
pub struct Schema {
    /// `None`: the first of the search path that is there; there is none.
    pub name: Option<String>,
    /// Whether this role could apply what is missing.
    pub may_migrate: bool,
    pub migrations: Migrations,
    /// Without those of migrations that are missing.
    pub tables: Vec<String>,
    pub missing_tables: Vec<String>,
    pub indexes: Vec<Index>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    /// It keeps something unique that the code relies on.
    pub is_key: bool,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Good,
    Missing,
    /// It was not built to its end, and is used by no query.
    Invalid,
}

pub async fn look(client: &Client) -> Result<Schema, Error> {
    let tables = own::made("CREATE TABLE");
    let there = tables_of(client).await?;
    let (tables, missing_tables) = tables.into_iter().partition(|it| there.contains_key(it));
    let schema = client.query_one("SELECT current_schema()", &[]).await?;
    Ok(Schema {
        name: schema.try_get(0)?,
        may_migrate: may_create(client).await? && there.values().all(|owned| *owned),
        migrations: own::look(client).await?,
        tables,
        missing_tables,
        indexes: indexes(client).await?,
    })
}

/// By name, whether this role may alter it.
async fn tables_of(client: &Client) -> Result<HashMap<String, bool>, Error> {
    const ASK: &str = "SELECT c.relname::text AS name, pg_has_role(c.relowner, 'USAGE') AS owned
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')";
    let rows = client.query(ASK, &[]).await?;
    let named = rows
        .iter()
        .map(|row| Ok((row.try_get("name")?, row.try_get("owned")?)));
    named.collect()
}

async fn may_create(client: &Client) -> Result<bool, Error> {
    const ASK: &str =
        "SELECT coalesce(has_schema_privilege(current_schema()::text, 'CREATE'), false)";
    client.query_one(ASK, &[]).await?.try_get(0)
}

async fn indexes(client: &Client) -> Result<Vec<Index>, Error> {
    const ASK: &str =
        "SELECT c.relname::text AS name, i.indisvalid AND i.indisready AND i.indislive AS good
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema()";
    let rows = client.query(ASK, &[]).await?;
    let named = rows
        .iter()
        .map(|row| Ok((row.try_get("name")?, row.try_get("good")?)));
    let there: HashMap<String, bool> = named.collect::<Result<_, Error>>()?;
    let index = |name: String, is_key| Index {
        state: match there.get(&name) {
            None => State::Missing,
            Some(true) => State::Good,
            Some(false) => State::Invalid,
        },
        name,
        is_key,
    };
    let keys = KEYS.iter().map(|name| index((*name).to_owned(), true));
    let others = own::made("CREATE INDEX").into_iter();
    Ok(keys.chain(others.map(|name| index(name, false))).collect())
}
