use std::collections::HashMap;

use deadpool_postgres::{Client, GenericClient as _, Transaction};
use uuid::Uuid;

use super::{
    failure::Failure,
    insert::{Columns, column, insert},
    read::rows,
    row::{self, int},
};
use crate::{
    history::MessageRow,
    model::{Change, Direction, Entry, MessageId, SessionId, WorkspaceId},
};

pub async fn of_messages(
    client: &Client,
    workspace: &WorkspaceId,
    messages: &[MessageId],
) -> Result<Vec<MessageRow>, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/rows_of.sql");
    let ids: Vec<Uuid> = messages.iter().map(|id| id.0).collect();
    let found = rows(client, sql, &[&ids, &workspace.as_str()]).await?;
    found.iter().map(row::message_row).collect()
}

pub async fn numbers(
    client: &Client,
    workspace: &WorkspaceId,
    sessions: &[SessionId],
) -> Result<Vec<(SessionId, u64)>, Failure> {
    let sql = include_str!("../../../sql/postgres/queries/numbers_of.sql");
    let sessions: Vec<&str> = sessions.iter().map(SessionId::as_str).collect();
    let found = rows(client, sql, &[&workspace.as_str(), &sessions]).await?;
    let pairs = found.iter().map(|row| {
        let session = SessionId::new(row::get::<String>(row, "session")?);
        Ok((session, row::number(row, "num")?))
    });
    pairs.collect()
}

/// Gives numbers to those that have none.
pub async fn number(
    client: &Client,
    workspace: &WorkspaceId,
    sessions: &[SessionId],
) -> Result<(), Failure> {
    let sql = include_str!("../../../sql/postgres/queries/number_sessions.sql");
    let sessions: Vec<&str> = sessions.iter().map(SessionId::as_str).collect();
    let statement = client.prepare_cached(sql).await?;
    let workspace = workspace.as_str();
    client.execute(&statement, &[&workspace, &sessions]).await?;
    Ok(())
}

pub async fn numbered(
    client: &Client,
    workspace: &WorkspaceId,
    number: u64,
) -> Result<Option<SessionId>, Failure> {
    let sql = "SELECT session FROM session_numbers WHERE num = $1 AND workspace = $2";
    let found = rows(client, sql, &[&int(number), &workspace.as_str()]).await?;
    let session = found.first().map(|row| row::get::<String>(row, "session"));
    Ok(session.transpose()?.map(SessionId::new))
}

struct Read<'a> {
    entry: &'a Entry,
    session: &'a SessionId,
    direction: Direction,
    seq: u64,
}

/// Returns the entries that the server does not take. Of several in a batch those are written that rise: the
/// statement does not see its own rows.
pub async fn put_reads<'a>(
    transaction: &mut Transaction<'_>,
    entries: &[&'a Entry],
) -> Result<Vec<&'a Entry>, Failure> {
    let reads = rising(entries);
    let sql = include_str!("../../../sql/postgres/queries/put_reads.sql");
    let inserted = insert(transaction, sql, &reads, columns).await?;
    Ok(inserted.refused.iter().map(|read| read.entry).collect())
}

fn rising<'a>(entries: &[&'a Entry]) -> Vec<Read<'a>> {
    let mut highest: HashMap<(&WorkspaceId, &SessionId, Direction), u64> = HashMap::new();
    let reads = entries.iter().filter_map(|entry| {
        let (Change::Read { by, seq }, Some(session)) = (&entry.change, &entry.session) else {
            return None;
        };
        let (direction, seq) = (by.reads(), *seq);
        let known = highest
            .entry((&entry.workspace, session, direction))
            .or_default();
        let rises = *known < seq;
        *known = seq.max(*known);
        rises.then_some(Read {
            entry,
            session,
            direction,
            seq,
        })
    });
    reads.collect()
}

fn columns<'r>(reads: &'r [Read<'_>]) -> Columns<'r> {
    vec![
        column(reads, |read| read.entry.workspace.as_str()),
        column(reads, |read| read.session.as_str()),
        column(reads, |read| read.direction.as_str()),
        column(reads, |read| int(read.seq)),
        column(reads, |read| int(read.entry.id.ms)),
    ]
}
