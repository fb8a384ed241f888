//! Where each partition's writing stands.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::row::{entry_id, int};
use crate::{
    history::Batch,
    model::{EntryId, Epoch, Partition},
};

pub fn all(connection: &Connection) -> rusqlite::Result<Vec<(Partition, EntryId)>> {
    let mut statement = connection
        .prepare_cached("SELECT partition, ms, seq FROM ingest_cursor WHERE ms > 0 OR seq > 0")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, position(row)?)))?;
    let cursors: HashMap<i64, EntryId> = rows.collect::<Result<_, _>>()?;
    let of = |partition| cursors.get(&number(partition)).map(|at| (partition, *at));
    Ok(Partition::all().filter_map(of).collect())
}

/// Writes only if the epoch is another one: a writer that resumes after a pause costs no disk sync.
pub fn open(
    connection: &mut Connection,
    partition: Partition,
    epoch: &Epoch,
) -> rusqlite::Result<EntryId> {
    let number = number(partition);
    let held = connection
        .prepare_cached("SELECT ms, seq FROM ingest_cursor WHERE partition = ?1 AND epoch = ?2")?
        .query_row((number, &epoch.0), position)
        .optional()?;
    if let Some(at) = held {
        return Ok(at);
    }
    // One that was never written has nothing to be put back.
    connection
        .prepare_cached(
            "INSERT INTO ingest_cursor (partition, epoch, ms, seq, restored)
             VALUES (?1, ?2, 0, 0, ?2)
             ON CONFLICT (partition) DO UPDATE SET epoch = excluded.epoch
             RETURNING ms, seq",
        )?
        .query_row((number, &epoch.0), position)
}

/// For which life of each partition all open sessions were put back.
pub fn restored(connection: &Connection) -> rusqlite::Result<Vec<(Partition, Epoch)>> {
    let mut statement = connection.prepare_cached(
        "SELECT partition, restored FROM ingest_cursor WHERE restored IS NOT NULL",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut lives: HashMap<i64, String> = rows.collect::<Result<_, _>>()?;
    let of = |partition| Some((partition, Epoch(lives.remove(&number(partition))?)));
    Ok(Partition::all().filter_map(of).collect())
}

pub fn set_restored(
    connection: &Connection,
    partition: Partition,
    epoch: &Epoch,
    before: Option<&Epoch>,
) -> rusqlite::Result<bool> {
    let set = connection
        .prepare_cached(
            "UPDATE ingest_cursor SET restored = ?2
             WHERE partition = ?1 AND epoch = ?2 AND restored IS ?3",
        )?
        .execute((number(partition), &epoch.0, before.map(|before| &before.0)))?;
    Ok(set > 0)
}

pub fn forget_restored(connection: &Connection, partition: Partition) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE ingest_cursor SET restored = NULL WHERE partition = ?1")?
        .execute([number(partition)])
        .map(drop)
}

/// Its open sessions are more than anybody knows who has put them back. One that was never written, which else counts
/// as having them all, has a position from now on, the first that there is. `mark`: never the same.
pub fn note_import(
    connection: &Connection,
    partition: Partition,
    mark: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO ingest_cursor (partition, epoch, ms, seq, restored) VALUES (?1, '', 1, 0, ?2)
             ON CONFLICT (partition) DO UPDATE SET restored = excluded.restored",
        )?
        .execute((number(partition), mark))
        .map(drop)
}

/// The compare-and-swap that fences writers: `false` if the cursor is not where the batch begins.
pub fn advance(connection: &Connection, batch: &Batch) -> rusqlite::Result<bool> {
    let moved = connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/move_cursor.sql"))?
        .execute(named_params! {
            ":partition": number(batch.partition),
            ":epoch": batch.epoch.0,
            ":from_ms": int(batch.from.ms),
            ":from_seq": batch.from.seq,
            ":to_ms": int(batch.to.ms),
            ":to_seq": batch.to.seq,
        })?;
    Ok(moved > 0)
}

fn number(partition: Partition) -> i64 {
    i64::try_from(partition.index()).unwrap_or(i64::MAX)
}

fn position(row: &Row<'_>) -> rusqlite::Result<EntryId> {
    entry_id(row, "ms", "seq")
}
