use std::collections::{HashMap, hash_map};

use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::{
    failure::Failure,
    insert::{Columns, column, insert},
    row::int,
};
use crate::model::{Change, Entry, Reaction, SessionId};

struct Word<'a> {
    entry: &'a Entry,
    reaction: &'a Reaction,
    session: &'a SessionId,
    participant: String,
}

/// Returns the entries that the server does not take. Of several words on one emoji in a batch only the
/// newest is written: the statement may not meet a row twice.
pub async fn store<'a>(
    transaction: &mut Transaction<'_>,
    entries: &[&'a Entry],
) -> Result<Vec<&'a Entry>, Failure> {
    let words = newest(entries);
    let sql = include_str!("../../../sql/postgres/queries/put_reactions.sql");
    let inserted = insert(transaction, sql, &words, columns).await?;
    Ok(inserted.refused.iter().map(|word| word.entry).collect())
}

fn newest<'a>(entries: &[&'a Entry]) -> Vec<Word<'a>> {
    let mut words: HashMap<(Uuid, String, &str), Word<'a>> = HashMap::new();
    for entry in entries {
        let (Change::Reacted { reaction }, Some(session)) = (&entry.change, &entry.session) else {
            continue;
        };
        let participant = reaction.by.key();
        let key = (
            reaction.message.0,
            participant.clone(),
            reaction.emoji.as_str(),
        );
        let word = Word {
            entry,
            reaction,
            session,
            participant,
        };
        match words.entry(key) {
            hash_map::Entry::Vacant(place) => {
                place.insert(word);
            }
            hash_map::Entry::Occupied(mut known) if known.get().entry.id < entry.id => {
                known.insert(word);
            }
            hash_map::Entry::Occupied(_) => {}
        }
    }
    words.into_values().collect()
}

fn columns<'r>(words: &'r [Word<'_>]) -> Columns<'r> {
    vec![
        column(words, |word| word.reaction.message.0),
        column(words, |word| word.participant.as_str()),
        column(words, |word| word.reaction.emoji.as_str()),
        column(words, |word| word.entry.workspace.as_str()),
        column(words, |word| word.session.as_str()),
        column(words, |word| word.reaction.on),
        column(words, |word| int(word.entry.id.ms)),
        column(words, |word| i64::from(word.entry.id.seq)),
    ]
}
