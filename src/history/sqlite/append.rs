use std::sync::Arc;

use rusqlite::{Connection, Error, Transaction, TransactionBehavior, named_params};

use super::{cursor, fold::Fold, row::int, rows, search};
use crate::{
    history::{
        Batch,
        words::{attachment_text, sender_kind},
    },
    model::{Change, Entry, Message, Reaction, SessionId},
};

/// What a stored batch met.
#[derive(Debug, Default)]
pub struct Written {
    /// Messages whose uuid was there.
    pub duplicates: u64,
    /// Messages stored without a session row to note them.
    pub orphans: u64,
    /// Entries that only table `poison` could take.
    pub poisoned: u64,
    /// Of the first of them.
    pub refused: Option<SessionId>,
}

/// `None` if the cursor is elsewhere. An error, a crash and `None` all leave nothing behind: the
/// transaction is rolled back unless it is committed.
pub fn append(connection: &mut Connection, batch: &Batch) -> rusqlite::Result<Option<Written>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !cursor::advance(&transaction, batch)? {
        return Ok(None);
    }
    let written = put(&transaction, &batch.entries)?;
    transaction.commit()?;
    Ok(Some(written))
}

pub fn put(transaction: &Transaction<'_>, entries: &[Arc<Entry>]) -> rusqlite::Result<Written> {
    let mut written = Written::default();
    let mut sessions = Fold::default();
    for entry in entries {
        match entry.message() {
            None => {
                match &entry.change {
                    Change::Reacted { reaction } => react(transaction, entry, reaction)?,
                    Change::Read { by, seq } => rows::put_read(transaction, entry, (by, *seq))?,
                    _ => {}
                }
                sessions.take(transaction, entry)?;
            }
            Some(message) => match store(transaction, entry, message)? {
                Placed::New => sessions.take(transaction, entry)?,
                // Its session has noted it already, under its first entry.
                Placed::Known => written.duplicates += 1,
                Placed::Refused => {
                    written.poisoned += 1;
                    let refused = || entry.session.clone();
                    written.refused = written.refused.or_else(refused);
                }
            },
        }
    }
    written.orphans = sessions.orphans;
    sessions.write(transaction)?;
    Ok(written)
}

enum Placed {
    New,
    Known,
    /// Another message is at this entry's place. Failing would stop the partition for good, passing
    /// it over would lose it.
    Refused,
}

fn store(
    transaction: &Transaction<'_>,
    entry: &Entry,
    message: &Message,
) -> rusqlite::Result<Placed> {
    if insert(transaction, entry, message)? {
        return Ok(Placed::New);
    }
    let known = transaction
        .prepare_cached("SELECT 1 FROM messages WHERE id = ?1")?
        .exists([message.id.0.as_bytes()])?;
    if known {
        return Ok(Placed::Known);
    }
    poison(transaction, entry)?;
    Ok(Placed::Refused)
}

fn insert(
    transaction: &Transaction<'_>,
    entry: &Entry,
    message: &Message,
) -> rusqlite::Result<bool> {
    let place = search::free_place(transaction, &entry.workspace, entry.id)?;
    let inserted = transaction
        .prepare_cached(include_str!(
            "../../../sql/sqlite/queries/insert_message.sql"
        ))?
        .execute(named_params! {
            ":id": message.id.0.as_bytes(),
            ":workspace": entry.workspace.as_str(),
            ":session": message.session.as_str(),
            ":entry_ms": int(entry.id.ms),
            ":entry_seq": entry.id.seq,
            ":seq": int(message.seq),
            ":direction": message.direction.as_str(),
            ":sender_kind": sender_kind(message.sender.kind),
            ":sender_id": message.sender.id,
            ":sender_name": message.sender.name,
            ":type": message.content.kind(),
            ":text": message.content.text(),
            ":client_id": message.client_id,
            ":at": int(message.at),
            ":place": place,
            ":attachment": attachment_text(&message.content),
        })?;
    if inserted > 0 {
        search::put(transaction, place, &entry.workspace, message.content.text())?;
    }
    Ok(inserted > 0)
}

fn react(
    transaction: &Transaction<'_>,
    entry: &Entry,
    reaction: &Reaction,
) -> rusqlite::Result<()> {
    let Some(session) = &entry.session else {
        return Ok(());
    };
    transaction
        .prepare_cached(include_str!("../../../sql/sqlite/queries/put_reaction.sql"))?
        .execute(named_params! {
            ":message": reaction.message.0.as_bytes(),
            ":participant": reaction.by.key(),
            ":emoji": reaction.emoji,
            ":workspace": entry.workspace.as_str(),
            ":session": session.as_str(),
            ":is_on": reaction.on,
            ":entry_ms": int(entry.id.ms),
            ":entry_seq": entry.id.seq,
        })
        .map(drop)
}

fn poison(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
    let whole =
        serde_json::to_vec(entry).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
    transaction
        .prepare_cached(
            "INSERT INTO poison (workspace, entry_ms, entry_seq, entry) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((
            entry.workspace.as_str(),
            int(entry.id.ms),
            entry.id.seq,
            whole,
        ))
        .map(drop)
}
