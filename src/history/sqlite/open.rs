use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{database::Primary, schema};

/// Why the history did not open; each one says what to look at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another switchboard is running on this data directory: {}", .0.display())]
    Locked(PathBuf),
    #[error(
        "the database in {} is of another release than this one, and a switchboard that runs on it keeps it so: \
         start that with this release first", .0.display()
    )]
    Behind(PathBuf),
    #[error("cannot use the data directory {}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    #[error("cannot open the database {}", .0.display())]
    Database(PathBuf, #[source] rusqlite::Error),
    #[error("cannot bring the database {} to this release's schema", .0.display())]
    Migration(PathBuf, #[source] Box<refinery::Error>),
}

/// Reads beyond this many at a time wait for one another.
const READERS: usize = 3;
/// Statements that one connection keeps prepared: all that there are.
const STATEMENTS: usize = 48;
/// Waiting for a lock of someone else, such as a shell that a person opened on the file.
const BUSY_MS: u32 = 5_000;

/// The connection for writing, with the lock, and those for reading.
pub fn open(dir: &Path) -> Result<(Primary, Vec<Connection>), OpenError> {
    let lock = lock(dir)?;
    let (connection, _) = migrated(dir)?;
    Ok((Primary::new(connection, Some(lock)), readers(dir)?))
}

/// The same without the lock, beside whoever has it. The lock is taken only to bring a schema up to date that
/// is not, and given back at once: a server that starts meanwhile is not refused for long.
pub fn open_beside(dir: &Path) -> Result<(Primary, Vec<Connection>), OpenError> {
    let path = file(dir);
    let told = |error| OpenError::Database(path.clone(), error);
    let connection = if is_current(&path).map_err(told)? {
        primary(&path).map_err(told)?
    } else {
        let _lock = lock(dir).map_err(|refusal| match refusal {
            OpenError::Locked(dir) => OpenError::Behind(dir),
            other => other,
        })?;
        migrated(dir)?.0
    };
    Ok((Primary::new(connection, None), readers(dir)?))
}

/// Nothing but the migrations; returns which were applied.
pub fn migrate(dir: &Path) -> Result<Vec<String>, OpenError> {
    let _lock = lock(dir)?;
    migrated(dir).map(|(_, applied)| applied)
}

/// For whoever has the lock.
fn migrated(dir: &Path) -> Result<(Connection, Vec<String>), OpenError> {
    let path = file(dir);
    make_private_file(&path).map_err(|error| OpenError::Directory(dir.to_owned(), error))?;
    let mut connection =
        primary(&path).map_err(|error| OpenError::Database(path.clone(), error))?;
    let applied = schema::migrate(&mut connection)
        .map_err(|error| OpenError::Migration(path, Box::new(error)))?;
    Ok((connection, applied))
}

fn is_current(path: &Path) -> rusqlite::Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(&format!("PRAGMA busy_timeout = {BUSY_MS};"))?;
    schema::look(&connection).map(|found| found.is_current())
}

fn readers(dir: &Path) -> Result<Vec<Connection>, OpenError> {
    let path = file(dir);
    let readers = (0..READERS).map(|_| reader(&path)).collect();
    Result::map_err(readers, |error| OpenError::Database(path, error))
}

pub fn file(dir: &Path) -> PathBuf {
    dir.join("switchboard.db")
}

pub fn lock_file(dir: &Path) -> PathBuf {
    dir.join("lock")
}

/// The system lets go of the lock when the process dies, however it dies.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let unusable = |error| OpenError::Directory(dir.to_owned(), error);
    make_private(dir).map_err(unusable)?;
    let lock = File::create(lock_file(dir)).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// What guests wrote is for the owner of the process alone. A directory that is there keeps the mode
/// that somebody gave it.
fn make_private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Even in a directory that others may read. SQLite gives the files beside it the same mode.
fn make_private_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn primary(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(&format!(
        "PRAGMA busy_timeout = {BUSY_MS};
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 67108864;"
    ))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(&format!("PRAGMA busy_timeout = {BUSY_MS};"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}
