use std::collections::HashMap;

use rusqlite::Connection;

use crate::history::migrations::{Migrations, applied, created};

mod embedded {
    refinery::embed_migrations!("sql/sqlite");
}

/// Returns what was applied. A schema newer than this release is accepted, so that a release can be rolled
/// back: see `sql/README.md`.
pub fn migrate(connection: &mut Connection) -> Result<Vec<String>, refinery::Error> {
    let runner = embedded::migrations::runner().set_abort_missing(false);
    runner.run(connection).map(|report| applied(&report))
}

/// What is there of this release's migrations. Asks without writing.
pub fn look(connection: &Connection) -> rusqlite::Result<Migrations> {
    let mut there = HashMap::new();
    if connection.table_exists(None, "refinery_schema_history")? {
        let asked = "SELECT version, checksum FROM refinery_schema_history";
        let mut statement = connection.prepare(asked)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        there = rows.collect::<Result<_, _>>()?;
    }
    let runner = embedded::migrations::runner();
    Ok(Migrations::compare(runner.get_migrations(), there))
}

/// What the migrations of this release make, by these words.
pub fn made(by: &str) -> Vec<String> {
    created(embedded::migrations::runner().get_migrations(), by)
}
