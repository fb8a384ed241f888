//! What is in a data directory, without a write: for whoever looks before a start.

use std::{
    collections::HashSet,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{Access, access, statvfs};

use super::{open, schema};
use crate::history::Migrations;

#[derive(Debug)]
pub struct Probe {
    pub folder: Folder,
    /// Whether a process has it to itself. `None`: that cannot be told.
    pub is_locked: Option<bool>,
    pub free_bytes: Option<u64>,
    /// `None`: there is none yet.
    pub database: Option<Result<Database, Unreadable>>,
}

/// Where the data is.
#[derive(Debug)]
pub enum Folder {
    Usable,
    /// It will be made at the first start, in a folder that can be written.
    Absent,
    Unusable(PathBuf, io::Error),
}

#[derive(Debug)]
pub struct Database {
    pub migrations: Migrations,
    /// Of those that migrations have made which are there.
    pub tables: Vec<String>,
    pub indexes: Vec<String>,
    pub missing: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Unreadable(#[from] rusqlite::Error);

/// Waits for disks; a folder on a network may not answer for long.
pub fn probe(dir: &Path) -> Probe {
    let path = open::file(dir);
    let is_locked = is_locked(dir);
    Probe {
        folder: folder(dir),
        free_bytes: existing(dir).and_then(free),
        database: path.exists().then(|| look(&path, is_locked == Some(true))),
        is_locked,
    }
}

/// The folder, or the nearest above it that is there.
fn existing(dir: &Path) -> Option<&Path> {
    let here = Path::new(".");
    dir.ancestors()
        .map(|it| if it.as_os_str().is_empty() { here } else { it })
        .find(|it| it.exists())
}

/// What it could be made of, without making it.
pub fn folder(dir: &Path) -> Folder {
    let Some(existing) = existing(dir) else {
        let error = io::Error::from(io::ErrorKind::NotFound);
        return Folder::Unusable(dir.to_owned(), error);
    };
    let is_there = existing == dir;
    let place = existing.to_owned();
    if !existing.is_dir() {
        return Folder::Unusable(place, io::ErrorKind::NotADirectory.into());
    }
    let may = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    match access(existing, may) {
        Err(error) => Folder::Unusable(place, error.into()),
        Ok(()) if is_there => Folder::Usable,
        Ok(()) => Folder::Absent,
    }
}

fn free(folder: &Path) -> Option<u64> {
    let told = statvfs(folder).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize))
}

/// Asks by taking the lock along with others who ask, for no longer than that takes.
fn is_locked(dir: &Path) -> Option<bool> {
    let file = match File::open(open::lock_file(dir)) {
        Ok(file) => file,
        Err(error) => return (error.kind() == io::ErrorKind::NotFound).then_some(false),
    };
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            Some(false)
        }
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

fn look(path: &Path, is_in_use: bool) -> Result<Database, Unreadable> {
    let connection = reader(path, is_in_use)?;
    let there = names(&connection)?;
    let made = |by| schema::made(by);
    let all_tables = [made("CREATE TABLE"), made("CREATE VIRTUAL TABLE")].concat();
    let is_there = |name: &String| there.contains(name);
    let (tables, no_tables): (Vec<_>, Vec<_>) = all_tables.into_iter().partition(is_there);
    let (indexes, no_indexes): (Vec<_>, Vec<_>) =
        made("CREATE INDEX").into_iter().partition(is_there);
    Ok(Database {
        migrations: schema::look(&connection)?,
        tables,
        indexes,
        missing: [no_tables, no_indexes].concat(),
    })
}

/// A reader of a database in WAL mode makes files beside it, which stay, unless it is told that nobody
/// writes. Where they are, left by a crash or of a server that runs, it is read together with them.
fn reader(path: &Path, is_in_use: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if is_in_use || Path::new(&log).exists() {
        return Connection::open_with_flags(path, flags);
    }
    let encoded: String = form_urlencoded::byte_serialize(path.as_os_str().as_encoded_bytes())
        .collect::<String>()
        // A form's space is no path's.
        .replace('+', "%20")
        .replace("%2F", "/");
    let uri = format!("file:{encoded}?immutable=1");
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
}

fn names(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}
