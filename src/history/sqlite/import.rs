use std::sync::Arc;

use async_trait::async_trait;

use super::{SqliteHistory, append};
use crate::{
    history::{Imported, Imports, Unavailable},
    model::{Entry, Partition},
};

#[async_trait]
impl Imports for SqliteHistory {
    async fn import(
        &self,
        partition: Partition,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Imported, Unavailable> {
        let written = self
            .database
            .write("import", move |connection| {
                append::import(connection, partition, &entries)
            })
            .await?;
        Ok(Imported {
            known: written.duplicates,
            refused: written.poisoned,
        })
    }
}
