use rusqlite::{Connection, OptionalExtension as _, Params, named_params};
use serde_json::json;

use super::row::{self, int};
use crate::{
    history::{SessionCursor, StoredMessage, Unread, reactions::Reactions, words::search_text},
    model::{
        EntryId, MessageId, OperatorId, Session, SessionId, SessionQuery, WorkspaceId, limits,
    },
};

pub fn session(
    connection: &Connection,
    workspace: &WorkspaceId,
    session: &SessionId,
) -> rusqlite::Result<Option<Session>> {
    connection
        .prepare_cached("SELECT * FROM sessions WHERE workspace = ?1 AND id = ?2")?
        .query_row([workspace.as_str(), session.as_str()], row::session)
        .optional()
}

pub fn messages_before(
    connection: &Connection,
    workspace: &WorkspaceId,
    session: &SessionId,
    before_seq: u64,
    limit: usize,
) -> rusqlite::Result<Vec<StoredMessage>> {
    let mut messages = connection
        .prepare_cached(include_str!(
            "../../../sql/sqlite/queries/messages_before.sql"
        ))?
        .query_map(
            named_params! {
                ":workspace": workspace.as_str(),
                ":session": session.as_str(),
                ":before_seq": int(before_seq),
                ":limit": count(limit),
            },
            row::message,
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut reactions = Reactions::default();
    let ids = messages.iter().map(|stored| stored.message.id.0.simple());
    let mut of_page =
        connection.prepare_cached(include_str!("../../../sql/sqlite/queries/reactions_of.sql"))?;
    let rows = of_page.query_map(
        named_params! {
            ":messages": json!(ids.map(|id| id.to_string()).collect::<Vec<_>>()).to_string(),
            ":workspace": workspace.as_str(),
            ":session": session.as_str(),
            ":limit": count(2 * limits::REACTIONS_SHOWN),
        },
        row::reaction,
    )?;
    for row in rows {
        reactions.add(row?);
    }
    reactions.give(&mut messages);
    Ok(messages)
}

pub fn session_of(
    connection: &Connection,
    workspace: &WorkspaceId,
    message: MessageId,
) -> rusqlite::Result<Option<(SessionId, u64)>> {
    connection
        .prepare_cached("SELECT session, seq FROM messages WHERE id = ?1 AND workspace = ?2")?
        .query_row((message.0.as_bytes(), workspace.as_str()), |row| {
            let session = SessionId::new(row.get::<_, String>("session")?);
            Ok((session, row::number(row, "seq")?))
        })
        .optional()
}

pub fn open_sessions(
    connection: &Connection,
    after: Option<&(WorkspaceId, SessionId)>,
    limit: usize,
) -> rusqlite::Result<Vec<Session>> {
    // No workspace is before the empty one, and no session is in it.
    let (workspace, id) = after.map_or(("", ""), |(workspace, id)| {
        (workspace.as_str(), id.as_str())
    });
    list(
        connection,
        include_str!("../../../sql/sqlite/queries/open_sessions.sql"),
        named_params! { ":workspace": workspace, ":id": id, ":limit": count(limit) },
    )
}

pub fn sessions(
    connection: &Connection,
    workspace: &WorkspaceId,
    query: &SessionQuery,
    after: Option<&SessionCursor>,
) -> rusqlite::Result<Vec<Session>> {
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
    match query.status {
        None => list(
            connection,
            include_str!("../../../sql/sqlite/queries/sessions.sql"),
            named_params! {
                ":workspace": workspace, ":activity": activity, ":id": id,
                ":agent": agent, ":search": search, ":limit": limit,
            },
        ),
        Some(status) => list(
            connection,
            include_str!("../../../sql/sqlite/queries/sessions_by_status.sql"),
            named_params! {
                ":workspace": workspace, ":activity": activity, ":id": id, ":status": status.as_str(),
                ":agent": agent, ":search": search, ":limit": limit,
            },
        ),
    }
}

pub fn messages_of(
    connection: &Connection,
    workspace: &WorkspaceId,
    operator: &OperatorId,
    before: Option<EntryId>,
    limit: usize,
) -> rusqlite::Result<Vec<StoredMessage>> {
    let (ms, seq) = end(before);
    connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/messages_of.sql"))?
        .query_map(
            named_params! {
                ":workspace": workspace.as_str(), ":operator": operator.as_str(),
                ":before_ms": ms, ":before_seq": seq, ":limit": count(limit),
            },
            row::message,
        )?
        .collect()
}

pub fn unread(connection: &Connection, workspace: &WorkspaceId) -> rusqlite::Result<Unread> {
    connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/unread.sql"))?
        .query_row([workspace.as_str()], |row| {
            Ok(Unread {
                sessions: row::number(row, "sessions")?,
                messages: row::number(row, "messages")?,
            })
        })
}

/// Where a list of messages ends; without an entry, the end of time, where none is.
pub fn end(before: Option<EntryId>) -> (i64, u32) {
    before.map_or((i64::MAX, 0), |before| (int(before.ms), before.seq))
}

fn list(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Session>> {
    connection
        .prepare_cached(sql)?
        .query_map(params, row::session)?
        .collect()
}

pub fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
