use std::sync::Arc;

use deadpool_postgres::{Client, GenericClient as _, Transaction};

use super::{cursor, failure::Failure, messages, reactions, row::int, rows, sessions::Fold};
use crate::{
    history::Batch,
    model::{Entry, SessionId},
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
/// server rolls back what is not committed.
pub async fn append(client: &mut Client, batch: &Batch) -> Result<Option<Written>, Failure> {
    let mut transaction = client.transaction().await?;
    // First: its row stays locked to the end, so that of two writers one waits and then finds it moved.
    if !cursor::advance(&transaction, batch).await? {
        return Ok(None);
    }
    let written = put(&mut transaction, &batch.entries).await?;
    transaction.commit().await?;
    Ok(Some(written))
}

pub async fn put(
    transaction: &mut Transaction<'_>,
    entries: &[Arc<Entry>],
) -> Result<Written, Failure> {
    let entries: Vec<&Entry> = entries.iter().map(AsRef::as_ref).collect();
    let stored = messages::store(transaction, &entries).await?;
    let mut sessions = Fold::load(transaction, &entries).await?;
    for entry in &entries {
        let known = entry
            .message()
            .is_some_and(|message| !stored.is_new(entry, message));
        if !known {
            sessions.take(entry);
        }
    }
    let orphans = sessions.orphans;
    let mut poison = stored.poison;
    poison.extend(reactions::store(transaction, &entries).await?);
    poison.extend(rows::put_reads(transaction, &entries).await?);
    let refused = sessions.write(transaction).await?;
    let known = poison.len();
    for entry in refused {
        // One whose reaction was refused may bring a session that is refused as well.
        if !poison[..known]
            .iter()
            .any(|kept| std::ptr::eq(*kept, entry))
        {
            poison.push(entry);
        }
    }
    keep(transaction, &poison).await?;
    Ok(Written {
        duplicates: stored.duplicates,
        orphans,
        poisoned: poison.len() as u64,
        refused: poison.iter().find_map(|entry| entry.session.clone()),
    })
}

async fn keep(transaction: &Transaction<'_>, poison: &[&Entry]) -> Result<(), Failure> {
    for entry in poison {
        let statement = transaction
            .prepare_cached(
                "INSERT INTO poison (workspace, entry_ms, entry_seq, entry) VALUES ($1, $2, $3, $4)",
            )
            .await?;
        let whole = serde_json::to_vec(entry).map_err(|_| Failure::Unwritable)?;
        // To look for; the entry itself is in the bytes.
        let workspace = entry.workspace.as_str().replace('\0', "\u{fffd}");
        let (ms, seq) = (int(entry.id.ms), i64::from(entry.id.seq));
        transaction
            .execute(&statement, &[&workspace, &ms, &seq, &whole])
            .await?;
    }
    Ok(())
}
