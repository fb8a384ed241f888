use std::collections::HashSet;

use deadpool_postgres::{GenericClient as _, Transaction};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    failure::Failure,
    insert::{Columns, column, insert},
    row::{entry_id, int},
};
use crate::{
    history::{
        search,
        words::{attachment_text, sender_kind},
    },
    model::{Entry, EntryId, Message},
};

/// What became of the messages of a batch.
pub struct Stored<'a> {
    new: HashSet<Key>,
    /// Messages whose uuid was there.
    pub duplicates: u64,
    /// Refused by the server, or another message is at the entry's place. Failing would stop the
    /// partition for good, passing them over would lose them.
    pub poison: Vec<&'a Entry>,
}

impl Stored<'_> {
    /// `false` for what was there, whose session has noted it under its first entry, and for poison.
    pub fn is_new(&self, entry: &Entry, message: &Message) -> bool {
        self.new.contains(&(message.id.0, entry.id))
    }
}

type Key = (Uuid, EntryId);
type Said<'a> = (&'a Entry, &'a Message);

pub async fn store<'a>(
    transaction: &mut Transaction<'_>,
    entries: &[&'a Entry],
) -> Result<Stored<'a>, Failure> {
    let said: Vec<Said<'a>> = entries
        .iter()
        .filter_map(|entry| Some((*entry, entry.message()?)))
        .collect();
    let sql = include_str!("../../../sql/postgres/queries/insert_messages.sql");
    let inserted = insert(transaction, sql, &said, columns).await?;
    let new = inserted.rows.iter().map(key);
    let new = new.collect::<Result<HashSet<_>, _>>()?;

    let is_rest = |(entry, message): &&Said<'a>| !new.contains(&(message.id.0, entry.id));
    let rest: Vec<_> = said.iter().filter(is_rest).collect();
    let known = known(transaction, &rest).await?;
    let is_poison = |(_, message): &&&Said<'a>| !known.contains(&message.id.0);
    let poison: Vec<_> = rest.iter().filter(is_poison).map(|said| said.0).collect();
    Ok(Stored {
        duplicates: (said.len() - new.len() - poison.len()) as u64,
        new,
        poison,
    })
}

async fn known(
    transaction: &Transaction<'_>,
    messages: &[&Said<'_>],
) -> Result<HashSet<Uuid>, Failure> {
    if messages.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<_> = messages.iter().map(|(_, message)| message.id.0).collect();
    let statement = transaction
        .prepare_cached("SELECT id FROM messages WHERE id = ANY($1)")
        .await?;
    let rows = transaction.query(&statement, &[&ids]).await?;
    let ids = rows.iter().map(|row| row.try_get("id"));
    Ok(ids.collect::<Result<_, _>>()?)
}

fn key(row: &Row) -> Result<Key, Failure> {
    Ok((row.try_get("id")?, entry_id(row, "entry_ms", "entry_seq")?))
}

fn columns<'r>(said: &'r [Said<'_>]) -> Columns<'r> {
    vec![
        column(said, |(_, message)| message.id.0),
        column(said, |(entry, _)| entry.workspace.as_str()),
        column(said, |(_, message)| message.session.as_str()),
        column(said, |(entry, _)| int(entry.id.ms)),
        column(said, |(entry, _)| i64::from(entry.id.seq)),
        column(said, |(_, message)| int(message.seq)),
        column(said, |(_, message)| message.direction.as_str()),
        column(said, |(_, message)| sender_kind(message.sender.kind)),
        column(said, |(_, message)| message.sender.id.as_str()),
        column(said, |(_, message)| message.sender.name.as_str()),
        column(said, |(_, message)| message.content.kind()),
        column(said, |(_, message)| message.content.text()),
        column(said, |(_, message)| message.client_id.as_deref()),
        column(said, |(_, message)| int(message.at)),
        column(said, |(entry, message)| {
            search::stored(&entry.workspace, message.content.text())
        }),
        column(said, |(_, message)| attachment_text(&message.content)),
    ]
}
