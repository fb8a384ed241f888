use deadpool_postgres::{Client, GenericClient as _};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

use super::{
    failure::{Failure, is_impossible_text},
    row::{self, int},
};
use crate::{
    history::{SessionCursor, StoredMessage, Unread, reactions::Reactions, words::search_text},
    model::{
        EntryId, MessageId, OperatorId, Session, SessionId, SessionQuery, WorkspaceId, limits,
    },
};

pub async fn session(
    client: &Client,
    workspace: &WorkspaceId,
    session: &SessionId,
) -> Result<Option<Session>, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/session.sql");
    let rows = rows(client, sql, &[&workspace.as_str(), &session.as_str()]).await?;
    rows.first().map(row::session).transpose()
}

pub async fn messages_before(
    client: &Client,
    workspace: &WorkspaceId,
    session: &SessionId,
    before_seq: u64,
    limit: usize,
) -> Result<Vec<StoredMessage>, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/messages_before.sql");
    let (workspace, session) = (workspace.as_str(), session.as_str());
    let (before, limit) = (int(before_seq), count(limit));
    let found = rows(client, sql, &[&workspace, &session, &before, &limit]).await?;
    let mut messages = found
        .iter()
        .map(row::message)
        .collect::<Result<Vec<_>, _>>()?;
    if messages.is_empty() {
        return Ok(messages);
    }
    let sql = include_str!("../../../sql/postgres/queries/reactions_of.sql");
    let ids: Vec<Uuid> = messages.iter().map(|stored| stored.message.id.0).collect();
    let most = count(2 * limits::REACTIONS_SHOWN);
    let mut reactions = Reactions::default();
    for row in rows(client, sql, &[&ids, &workspace, &session, &most]).await? {
        reactions.add(row::reaction(&row)?);
    }
    reactions.give(&mut messages);
    Ok(messages)
}

pub async fn session_of(
    client: &Client,
    workspace: &WorkspaceId,
    message: MessageId,
) -> Result<Option<(SessionId, u64)>, Failure> {
    let sql = "SELECT session, seq FROM messages WHERE id = $1 AND workspace = $2";
    let rows = rows(client, sql, &[&message.0, &workspace.as_str()]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let session = SessionId::new(row.try_get::<_, String>("session")?);
    Ok(Some((session, row::number(row, "seq")?)))
}

pub async fn open_sessions(
    client: &Client,
    after: Option<&(WorkspaceId, SessionId)>,
    limit: usize,
) -> Result<Vec<Session>, Failure> {
    // No workspace is before the empty one, and no session is in it.
    let (workspace, id) = after.map_or(("", ""), |(workspace, id)| {
        (workspace.as_str(), id.as_str())
    });
    let sql = include_str!("../../../sql/postgres/queries/open_sessions.sql");
    let rows = rows(client, sql, &[&workspace, &id, &count(limit)]).await?;
    rows.iter().map(row::session).collect()
}

pub async fn sessions(
    client: &Client,
    workspace: &WorkspaceId,
    query: &SessionQuery,
    after: Option<&SessionCursor>,
) -> Result<Vec<Session>, Failure> {
    // Without a cursor: after the end of time, where no session is.
    let (activity, id) = after.map_or((i64::MAX, ""), |cursor| {
        (int(cursor.last_activity), cursor.id.as_str())
    });
    let workspace = workspace.as_str();
    let agent = query.agent.as_ref().map(OperatorId::as_str);
    let search = query
        .search
        .as_deref()
        .map(|text| search_text(&[Some(text)]));
    let limit = count(query.limit);
    let status = query.status.map(|status| status.as_str());
    let mut params: Vec<&(dyn ToSql + Sync)> =
        vec![&workspace, &activity, &id, &agent, &search, &limit];
    let sql = if status.is_some() {
        params.push(&status);
        include_str!("../../../sql/postgres/queries/sessions_by_status.sql")
    } else {
        include_str!("../../../sql/postgres/queries/sessions.sql")
    };
    let rows = rows(client, sql, &params).await?;
    rows.iter().map(row::session).collect()
}

pub async fn messages_of(
    client: &Client,
    workspace: &WorkspaceId,
    operator: &OperatorId,
    before: Option<EntryId>,
    limit: usize,
) -> Result<Vec<StoredMessage>, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/messages_of.sql");
    let (workspace, operator) = (workspace.as_str(), operator.as_str());
    let ((ms, seq), limit) = (end(before), count(limit));
    let found = rows(client, sql, &[&workspace, &operator, &ms, &seq, &limit]).await?;
    found.iter().map(row::message).collect()
}

pub async fn unread(client: &Client, workspace: &WorkspaceId) -> Result<Unread, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/unread.sql");
    let rows = rows(client, sql, &[&workspace.as_str()]).await?;
    let Some(row) = rows.first() else {
        return Ok(Unread::default());
    };
    Ok(Unread {
        sessions: row::number(row, "sessions")?,
        messages: row::number(row, "messages")?,
    })
}

/// Where a list of messages ends; without an entry, the end of time, where none is.
pub fn end(before: Option<EntryId>) -> (i64, i64) {
    before.map_or((i64::MAX, 0), |before| {
        (int(before.ms), i64::from(before.seq))
    })
}

/// What is asked for may be any text. One that no row can hold is not found.
pub async fn rows(
    client: &Client,
    sql: &'static str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Failure> {
    let statement = client.prepare_cached(sql).await?;
    match client.query(&statement, params).await {
        Err(error) if is_impossible_text(&error) => Ok(Vec::new()),
        answer => Ok(answer?),
    }
}

pub fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
