use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params};
use serde_json::json;

use super::row::{self, int};
use crate::{
    history::MessageRow,
    model::{Entry, MessageId, Participant, SessionId, WorkspaceId},
};

pub fn of_messages(
    connection: &Connection,
    workspace: &WorkspaceId,
    messages: &[MessageId],
) -> rusqlite::Result<Vec<MessageRow>> {
    let ids = messages.iter().map(|id| id.0.simple().to_string());
    connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/rows_of.sql"))?
        .query_map(
            named_params! {
                ":messages": json!(ids.collect::<Vec<_>>()).to_string(),
                ":workspace": workspace.as_str(),
            },
            row::message_row,
        )?
        .collect()
}

pub fn numbers(
    connection: &Connection,
    workspace: &WorkspaceId,
    sessions: &[SessionId],
) -> rusqlite::Result<Vec<(SessionId, u64)>> {
    connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/numbers_of.sql"))?
        .query_map(
            named_params! { ":workspace": workspace.as_str(), ":sessions": json!(sessions).to_string() },
            |row| {
                let session = SessionId::new(row.get::<_, String>("session")?);
                Ok((session, row::number(row, "num")?))
            },
        )?
        .collect()
}

/// Gives numbers to those that have none.
pub fn number(
    connection: &Connection,
    workspace: &WorkspaceId,
    sessions: &[SessionId],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(include_str!(
            "../../../sql/sqlite/queries/number_sessions.sql"
        ))?
        .execute(named_params! {
            ":workspace": workspace.as_str(),
            ":sessions": json!(sessions).to_string(),
        })
        .map(drop)
}

pub fn numbered(
    connection: &Connection,
    workspace: &WorkspaceId,
    number: u64,
) -> rusqlite::Result<Option<SessionId>> {
    connection
        .prepare_cached("SELECT session FROM session_numbers WHERE num = ?1 AND workspace = ?2")?
        .query_row((int(number), workspace.as_str()), |row| {
            Ok(SessionId::new(row.get::<_, String>("session")?))
        })
        .optional()
}

pub fn put_read(
    transaction: &Transaction<'_>,
    entry: &Entry,
    (by, seq): (&Participant, u64),
) -> rusqlite::Result<()> {
    let Some(session) = &entry.session else {
        return Ok(());
    };
    transaction
        .prepare_cached(include_str!("../../../sql/sqlite/queries/put_read.sql"))?
        .execute(named_params! {
            ":workspace": entry.workspace.as_str(),
            ":session": session.as_str(),
            ":direction": by.reads().as_str(),
            ":seq": int(seq),
            ":at": int(entry.id.ms),
        })
        .map(drop)
}
