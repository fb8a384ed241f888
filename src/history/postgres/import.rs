use std::sync::Arc;

use async_trait::async_trait;

use super::{PostgresHistory, append};
use crate::{
    history::{Imported, Imports, Unavailable},
    model::{Entry, Partition},
};

#[async_trait]
impl Imports for PostgresHistory {
    async fn import(
        &self,
        partition: Partition,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Imported, Unavailable> {
        let database = &self.database;
        let work =
            async { append::import(&mut database.writer().await?, partition, &entries).await };
        let written = database.write("import", work).await?;
        Ok(Imported {
            known: written.duplicates,
            refused: written.poisoned,
        })
    }
}
