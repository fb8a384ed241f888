use rusqlite::{Connection, OptionalExtension as _, Params, named_params};

use super::row::{self, int};
use crate::{
    history::{SessionCursor, StoredMessage, words::search_text},
    model::{OperatorId, Session, SessionId, SessionQuery, WorkspaceId},
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
    connection
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
        .collect()
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

fn list(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Session>> {
    connection
        .prepare_cached(sql)?
        .query_map(params, row::session)?
        .collect()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
