//! Where each partition's writing stands.

use std::collections::HashMap;

use deadpool_postgres::{Client, GenericClient as _, Transaction};
use tokio_postgres::Row;

use super::{
    failure::Failure,
    row::{entry_id, int},
};
use crate::{
    history::Batch,
    model::{EntryId, Epoch, Partition},
};

pub async fn all(client: &Client) -> Result<Vec<(Partition, EntryId)>, Failure> {
    let statement = client
        .prepare_cached("SELECT partition, ms, seq FROM ingest_cursor WHERE ms > 0 OR seq > 0")
        .await?;
    let mut cursors = HashMap::new();
    for row in client.query(&statement, &[]).await? {
        cursors.insert(row.try_get::<_, i32>("partition")?, position(&row)?);
    }
    let of = |partition| cursors.get(&number(partition)).map(|at| (partition, *at));
    Ok(Partition::all().filter_map(of).collect())
}

/// Writes only if the epoch is another one: a writer that resumes after a pause costs no disk sync.
pub async fn open(
    client: &Client,
    partition: Partition,
    epoch: &Epoch,
) -> Result<EntryId, Failure> {
    let number = number(partition);
    let held = client
        .prepare_cached("SELECT ms, seq FROM ingest_cursor WHERE partition = $1 AND epoch = $2")
        .await?;
    if let Some(row) = client.query_opt(&held, &[&number, &epoch.0]).await? {
        return position(&row);
    }
    // One that was never written has nothing to be put back.
    let bind = client
        .prepare_cached(
            "INSERT INTO ingest_cursor (partition, epoch, ms, seq, restored)
             VALUES ($1, $2, 0, 0, $2)
             ON CONFLICT (partition) DO UPDATE SET epoch = excluded.epoch
             RETURNING ms, seq",
        )
        .await?;
    position(&client.query_one(&bind, &[&number, &epoch.0]).await?)
}

/// For which life of each partition all open sessions were put back.
pub async fn restored(client: &Client) -> Result<Vec<(Partition, Epoch)>, Failure> {
    let statement = client
        .prepare_cached("SELECT partition, restored FROM ingest_cursor WHERE restored IS NOT NULL")
        .await?;
    let mut lives = HashMap::new();
    for row in client.query(&statement, &[]).await? {
        lives.insert(
            row.try_get::<_, i32>("partition")?,
            row.try_get("restored")?,
        );
    }
    let of = |partition| Some((partition, Epoch(lives.remove(&number(partition))?)));
    Ok(Partition::all().filter_map(of).collect())
}

pub async fn set_restored(
    client: &Client,
    partition: Partition,
    epoch: &Epoch,
    before: Option<&Epoch>,
) -> Result<bool, Failure> {
    let statement = client
        .prepare_cached(
            "UPDATE ingest_cursor SET restored = $2
             WHERE partition = $1 AND epoch = $2 AND restored IS NOT DISTINCT FROM $3",
        )
        .await?;
    let before = before.map(|before| before.0.as_str());
    let set = client
        .execute(&statement, &[&number(partition), &epoch.0, &before])
        .await?;
    Ok(set > 0)
}

pub async fn forget_restored(client: &Client, partition: Partition) -> Result<(), Failure> {
    let statement = client
        .prepare_cached("UPDATE ingest_cursor SET restored = NULL WHERE partition = $1")
        .await?;
    client.execute(&statement, &[&number(partition)]).await?;
    Ok(())
}

/// Its open sessions are more than anybody knows who has put them back. One that was never written, which else counts
/// as having them all, has a position from now on, the first that there is. `mark`: never the same. Its row stays
/// locked to the end of the transaction: whoever writes the partition waits.
pub async fn note_import(
    transaction: &Transaction<'_>,
    partition: Partition,
    mark: &str,
) -> Result<(), Failure> {
    let statement = transaction
        .prepare_cached(
            "INSERT INTO ingest_cursor (partition, epoch, ms, seq, restored) VALUES ($1, '', 1, 0, $2)
             ON CONFLICT (partition) DO UPDATE SET restored = excluded.restored",
        )
        .await?;
    transaction
        .execute(&statement, &[&number(partition), &mark])
        .await?;
    Ok(())
}

/// The compare-and-swap that fences writers: `false` if the cursor is not where the batch begins.
pub async fn advance(transaction: &Transaction<'_>, batch: &Batch) -> Result<bool, Failure> {
    let statement = transaction
        .prepare_cached(include_str!(
            "../../../sql/postgres/queries/move_cursor.sql"
        ))
        .await?;
    let moved = transaction
        .execute(
            &statement,
            &[
                &number(batch.partition),
                &batch.epoch.0,
                &int(batch.from.ms),
                &i64::from(batch.from.seq),
                &int(batch.to.ms),
                &i64::from(batch.to.seq),
            ],
        )
        .await?;
    Ok(moved > 0)
}

fn number(partition: Partition) -> i32 {
    i32::try_from(partition.index()).unwrap_or(i32::MAX)
}

fn position(row: &Row) -> Result<EntryId, Failure> {
    entry_id(row, "ms", "seq")
}
