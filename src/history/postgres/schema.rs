use std::collections::HashSet;

use deadpool_postgres::Client;
use refinery::Runner;
use tokio_postgres::{Error, Row, error::SqlState};

use super::{
    failure,
    open::{Cause, OpenError},
};
use crate::history::migrations::applied;

mod embedded {
    refinery::embed_migrations!("sql/postgres");
}

/// Returns what was applied. A schema newer than this release is accepted, so that a release can be rolled back: see
/// `sql/README.md`.
pub async fn migrate(client: &mut Client) -> Result<Vec<String>, OpenError> {
    let runner = embedded::migrations::runner().set_abort_missing(false);
    // Without a lock and without the right to change the schema, which the runner would ask for.
    if is_current(client, &runner)
        .await
        .map_err(|error| unmigrated(&error))?
    {
        return Ok(Vec::new());
    }
    // The runner takes no lock: of several pods that start at once, the others wait for the first.
    let locked = client.batch_execute(
        "SELECT pg_advisory_lock(hashtext('switchboard migrations'), hashtext(coalesce(current_schema(), '')))",
    );
    locked.await.map_err(|error| unmigrated(&error))?;
    let done = runner.run_async(&mut ***client).await;
    let report = done.map_err(|error| match failure::server_error(&error) {
        Some(error) => unmigrated(error),
        None => OpenError::Migrate(Cause(error.to_string())),
    })?;
    let unlocked = client.batch_execute("SELECT pg_advisory_unlock_all()");
    unlocked.await.map_err(|error| unmigrated(&error))?;
    Ok(applied(&report))
}

fn unmigrated(error: &Error) -> OpenError {
    if failure::is_passing(error) || error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
        OpenError::Unreachable(error.into())
    } else {
        OpenError::Migrate(error.into())
    }
}

/// Every migration of this release is there, unchanged.
async fn is_current(client: &Client, runner: &Runner) -> Result<bool, Error> {
    let there = client
        .query_one(
            "SELECT to_regclass('refinery_schema_history') IS NOT NULL",
            &[],
        )
        .await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(false);
    }
    let rows = client
        .query("SELECT version, checksum FROM refinery_schema_history", &[])
        .await?;
    let applied = rows
        .iter()
        .map(migration)
        .collect::<Result<HashSet<_>, _>>()?;
    let mut own = runner.get_migrations().iter();
    Ok(own.all(|own| applied.contains(&(own.version(), own.checksum().to_string()))))
}

fn migration(row: &Row) -> Result<(i32, String), Error> {
    Ok((row.try_get("version")?, row.try_get("checksum")?))
}
