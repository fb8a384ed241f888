use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use uuid::Uuid;

use super::{SqliteHistory, append, cursor, row::int};
use crate::{
    history::{Clash, Imported, Imports, Unavailable},
    model::{Entry, Partition},
};

#[async_trait]
impl Imports for SqliteHistory {
    async fn import(
        &self,
        partition: Partition,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Imported, Unavailable> {
        self.database
            .write("import", move |connection| {
                import(connection, partition, &entries)
            })
            .await
    }
}

fn import(
    connection: &mut Connection,
    partition: Partition,
    entries: &[Arc<Entry>],
) -> rusqlite::Result<Imported> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    cursor::note_import(
        &transaction,
        partition,
        &format!("import:{}", Uuid::new_v4()),
    )?;
    for entry in entries {
        if let Some(clash) = clash(&transaction, entry)? {
            return Ok(Imported::Refused(clash));
        }
    }
    let written = append::put(&transaction, entries)?;
    if let Some(session) = written.refused {
        return Ok(Imported::Refused(Clash::Refused(session)));
    }
    transaction.commit()?;
    Ok(Imported::Stored {
        known: written.duplicates,
    })
}

fn clash(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<Option<Clash>> {
    let Some(session) = &entry.session else {
        return Ok(None);
    };
    if let Some(after) = &entry.after {
        let created: Option<i64> = transaction
            .prepare_cached("SELECT created_at FROM sessions WHERE workspace = ?1 AND id = ?2")?
            .query_row([entry.workspace.as_str(), session.as_str()], |row| {
                row.get(0)
            })
            .optional()?;
        let is_other = created.is_some_and(|at| at != int(after.created_at));
        return Ok(is_other.then(|| Clash::Session(session.clone())));
    }
    let Some(message) = entry.message() else {
        return Ok(None);
    };
    let here = (entry.workspace.as_str(), session.as_str());
    let stored = transaction
        .prepare_cached("SELECT workspace = ?2 AND session = ?3 FROM messages WHERE id = ?1")?
        .query_row((message.id.0.as_bytes(), here.0, here.1), |row| row.get(0))
        .optional()?;
    match stored {
        Some(true) => Ok(None),
        Some(false) => Ok(Some(Clash::Message(session.clone()))),
        None => {
            let is_taken = transaction
                .prepare_cached(
                    "SELECT 1 FROM sessions WHERE workspace = ?1 AND id = ?2 AND last_seq >= ?3",
                )?
                .exists((here.0, here.1, int(message.seq)))?;
            Ok(is_taken.then(|| Clash::GoneOn(session.clone())))
        }
    }
}
