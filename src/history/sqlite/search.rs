//! The words of messages, and the place that each message has in their index.

use rusqlite::{Connection, Row, Transaction, TransactionBehavior, named_params};

use super::{
    read::{count, end},
    row::{self, entry_id, int},
};
use crate::{
    history::{
        StoredMessage,
        search::{self, Asked},
    },
    model::{EntryId, Partition, WorkspaceId},
};

pub fn messages(
    connection: &Connection,
    workspace: &WorkspaceId,
    asked: &Asked,
    before: Option<EntryId>,
    limit: usize,
) -> rusqlite::Result<Vec<StoredMessage>> {
    let (ms, seq) = end(before);
    connection
        .prepare_cached(include_str!("../../../sql/sqlite/queries/search.sql"))?
        .query_map(
            named_params! {
                ":words": asked.written('"', " AND ", " *"),
                ":place": before.map_or(i64::MAX, |before| place(workspace, before)),
                ":workspace": workspace.as_str(),
                ":before_ms": ms,
                ":before_seq": seq,
                ":limit": count(limit),
            },
            row::message,
        )?
        .collect()
}

/// In the order of a workspace's entries, and of no two partitions the same. More numbers in a millisecond than
/// fit are those of a clock that was set back by seconds: they go on in the next one.
fn place(workspace: &WorkspaceId, entry: EntryId) -> i64 {
    const MS_BITS: u32 = 42;
    const PARTITION_BITS: u32 = 6;
    const SEQ_BITS: u32 = 15;
    let partition = Partition::of(workspace).index() as u64;
    let seq = u64::from(entry.seq);
    let ms = entry
        .ms
        .saturating_add(seq >> SEQ_BITS)
        .min((1 << MS_BITS) - 1);
    let seq = seq & ((1 << SEQ_BITS) - 1);
    int(ms << (PARTITION_BITS + SEQ_BITS) | partition << SEQ_BITS | seq)
}

/// The next one if it is taken, which it is by the same message, or by one that was given the same number in another
/// session.
pub fn free_place(
    connection: &Connection,
    workspace: &WorkspaceId,
    entry: EntryId,
) -> rusqlite::Result<i64> {
    let mut taken = connection.prepare_cached("SELECT 1 FROM messages WHERE place = ?1")?;
    let mut place = place(workspace, entry);
    while taken.exists([place])? {
        place = place.saturating_add(1);
    }
    Ok(place)
}

pub fn put(
    connection: &Connection,
    place: i64,
    workspace: &WorkspaceId,
    text: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO messages_words (rowid, words) VALUES (?1, ?2)")?
        .execute((place, search::stored(workspace, text)))
        .map(drop)
}

pub fn index_older(connection: &mut Connection, limit: usize) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let older = wordless(&transaction, limit)?;
    for message in &older {
        let place = free_place(&transaction, &message.workspace, message.entry)?;
        transaction
            .prepare_cached("UPDATE messages SET place = ?2 WHERE num = ?1")?
            .execute((message.num, place))?;
        put(&transaction, place, &message.workspace, &message.text)?;
    }
    transaction.commit()?;
    Ok(older.len())
}

struct Wordless {
    num: i64,
    workspace: WorkspaceId,
    entry: EntryId,
    text: String,
}

fn wordless(transaction: &Transaction<'_>, limit: usize) -> rusqlite::Result<Vec<Wordless>> {
    let read = |row: &Row<'_>| {
        Ok(Wordless {
            num: row.get("num")?,
            workspace: WorkspaceId::new(row.get::<_, String>("workspace")?),
            entry: entry_id(row, "entry_ms", "entry_seq")?,
            text: row.get("text")?,
        })
    };
    transaction
        .prepare_cached("SELECT * FROM messages WHERE place IS NULL LIMIT ?1")?
        .query_map([count(limit)], read)?
        .collect()
}
