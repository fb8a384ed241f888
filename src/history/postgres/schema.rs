use std::collections::HashMap;

use deadpool_postgres::Client;
use tokio_postgres::{Error, error::SqlState};

use super::{
    failure,
    open::{Cause, OpenError},
};
use crate::history::migrations::{Migrations, applied, created};

mod embedded {
    refinery::embed_migrations!("sql/postgres");
}

/// Returns what was applied. A schema newer than this release is accepted, so that a release can be rolled back: see
/// `sql/README.md`.
pub async fn migrate(client: &mut Client) -> Result<Vec<String>, OpenError> {
    let runner = embedded::migrations::runner().set_abort_missing(false);
    // Without a lock and without the right to change the schema, which the runner would ask for.
    let found = look(client).await.map_err(|error| unmigrated(&error))?;
    if found.is_current() {
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

/// What is there of this release's migrations. Asks without writing.
pub async fn look(client: &Client) -> Result<Migrations, Error> {
    let there = client
        .query_one(
            "SELECT to_regclass('refinery_schema_history') IS NOT NULL",
            &[],
        )
        .await?;
    let mut applied = HashMap::new();
    if there.try_get(0)? {
        let asked = "SELECT version, checksum FROM refinery_schema_history";
        for row in client.query(asked, &[]).await? {
            applied.insert(row.try_get("version")?, row.try_get("checksum")?);
        }
    }
    let runner = embedded::migrations::runner();
    Ok(Migrations::compare(runner.get_migrations(), applied))
}

/// What the migrations of this release make, by these words.
pub fn made(by: &str) -> Vec<String> {
    created(embedded::migrations::runner().get_migrations(), by)
}
