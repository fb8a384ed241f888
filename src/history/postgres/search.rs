use deadpool_postgres::{Client, GenericClient as _};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{
    failure::{Failure, is_impossible_text},
    read::{count, end},
    row,
};
use crate::{
    history::{
        StoredMessage,
        search::{self, Asked},
    },
    model::{EntryId, WorkspaceId},
};

/// Not prepared: which index is the better one depends on the words, and a statement that is kept is soon
/// planned for any.
pub async fn messages(
    client: &Client,
    workspace: &WorkspaceId,
    asked: &Asked,
    before: Option<EntryId>,
    limit: usize,
) -> Result<Vec<StoredMessage>, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/search.sql");
    let words = asked.written('\'', " & ", ":*");
    let (ms, seq) = end(before);
    let answer = client
        .query_typed(
            sql,
            &[
                (&workspace.as_str(), Type::TEXT),
                (&ms, Type::INT8),
                (&seq, Type::INT8),
                (&words, Type::TEXT),
                (&count(limit), Type::INT8),
            ],
        )
        .await;
    match answer {
        Err(error) if is_impossible_text(&error) => Ok(Vec::new()),
        answer => answer?.iter().map(row::message).collect(),
    }
}

/// Two pods that do it at once do the same.
pub async fn index_older(client: &Client, limit: usize) -> Result<usize, Failure> {
    let statement = client
        .prepare_cached(
            "SELECT id, workspace, text FROM messages WHERE words IS NULL ORDER BY id LIMIT $1",
        )
        .await?;
    let older = client.query(&statement, &[&count(limit)]).await?;
    let (mut ids, mut words) = (Vec::<Uuid>::new(), Vec::new());
    for row in &older {
        let workspace = WorkspaceId::new(row.try_get::<_, String>("workspace")?);
        ids.push(row.try_get("id")?);
        words.push(search::stored(&workspace, row.try_get("text")?));
    }
    // A role that may not write them is not asked to write none.
    if ids.is_empty() {
        return Ok(0);
    }
    let sql = include_str!("../../../sql/postgres/queries/put_words.sql");
    let statement = client.prepare_cached(sql).await?;
    client.execute(&statement, &[&ids, &words]).await?;
    Ok(older.len())
}
