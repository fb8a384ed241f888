use std::collections::HashSet;

use rusqlite::Connection;

use crate::history::migrations::applied;

mod embedded {
    refinery::embed_migrations!("sql/sqlite");
}

/// Returns what was applied. A schema newer than this release is accepted, so that a release can be rolled
/// back: see `sql/README.md`.
pub fn migrate(connection: &mut Connection) -> Result<Vec<String>, refinery::Error> {
    let runner = embedded::migrations::runner().set_abort_missing(false);
    runner.run(connection).map(|report| applied(&report))
}

/// Every migration of this release is there, unchanged. Asks without writing.
pub fn is_current(connection: &Connection) -> rusqlite::Result<bool> {
    if !connection.table_exists(None, "refinery_schema_history")? {
        return Ok(false);
    }
    let mut statement =
        connection.prepare("SELECT version, checksum FROM refinery_schema_history")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let there: HashSet<(i32, String)> = rows.collect::<Result<_, _>>()?;
    let runner = embedded::migrations::runner();
    let mut own = runner.get_migrations().iter();
    Ok(own.all(|own| there.contains(&(own.version(), own.checksum().to_string()))))
}
