//! The data directory of a relay that runs alone.

use std::path::Path;

use super::item::{Item, told};
use crate::history::{
    Migrations,
    sqlite::probe::{Database, Folder, Probe},
};

const MIB: u64 = 1024 * 1024;
/// With less, a log of SQLite's that has grown (64 MiB) may be what fills the disk.
const FREE_LEAST: u64 = 256 * MIB;
const ALL: [&str; 4] = ["data-dir", "data-lock", "data-disk", "database"];

/// `None`: it has not answered in time.
pub fn items(dir: &Path, probe: Option<Probe>) -> Vec<Item> {
    let dir = dir.display();
    let Some(probe) = probe else {
        let found = format!("{dir} gives no answer");
        let advice = "put DATA_DIR on a disk of this machine that works";
        let [first, others @ ..] = ALL;
        let mut items = vec![Item::fail(first, found, advice)];
        items.extend(others.map(|item| Item::unseen(item, "DATA_DIR")));
        return items;
    };
    let folder = match &probe.folder {
        Folder::Usable => Item::ok("data-dir", format!("{dir} can be written")),
        Folder::Absent => Item::ok("data-dir", format!("{dir} will be made by the first start")),
        Folder::Unusable(place, error) => Item::fail(
            "data-dir",
            format!("{}: {error}", place.display()),
            "let this user write there, or name another folder in DATA_DIR",
        ),
    };
    vec![
        folder,
        lock(probe.is_locked),
        disk(probe.free_bytes),
        match &probe.database {
            None => Item::ok("database", "none yet: the first start makes it"),
            Some(Ok(database)) => self::database(database),
            Some(Err(error)) => Item::fail(
                "database",
                format!("cannot be read: {}", told(error)),
                "let this user read it, or restore it from a backup",
            ),
        },
    ]
}

fn lock(is_locked: Option<bool>) -> Item {
    const ITEM: &str = "data-lock";
    match is_locked {
        Some(false) => Item::ok(ITEM, "free"),
        Some(true) => Item::ok(
            ITEM,
            "held by a server that runs on it; a second one refuses to start",
        ),
        None => Item::warn(
            ITEM,
            "whether a server runs on it cannot be told",
            "run this as the user of the server, on a disk that has locks",
        ),
    }
}

fn disk(free: Option<u64>) -> Item {
    const ITEM: &str = "data-disk";
    match free {
        None => Item::note(ITEM, "its room cannot be read", "look there by hand"),
        Some(free) if free < FREE_LEAST => Item::warn(
            ITEM,
            format!("{} MiB are free", free / MIB),
            "make room: messages are refused once it is full",
        ),
        Some(free) => Item::ok(ITEM, format!("{} MiB are free", free / MIB)),
    }
}

fn database(database: &Database) -> Item {
    const ITEM: &str = "database";
    let Migrations {
        applied,
        missing,
        changed,
        later,
    } = &database.migrations;
    if !changed.is_empty() {
        return Item::fail(
            ITEM,
            format!("applied with another text: {}", changed.join(", ")),
            "start the release that this database is of",
        );
    }
    if !missing.is_empty() {
        return Item::warn(
            ITEM,
            format!("migrations are missing: {}", missing.join(", ")),
            "the next start applies them; back up DATA_DIR before",
        );
    }
    if !database.missing.is_empty() {
        let found = format!("missing: {}", database.missing.join(", "));
        return Item::fail(ITEM, found, "restore it from a backup");
    }
    let later = match later {
        0 => String::new(),
        _ => format!(", {later} of a later release"),
    };
    let (tables, indexes) = (database.tables.len(), database.indexes.len());
    let applied = applied.len();
    let found =
        format!("all {applied} migrations{later}, {tables} tables and {indexes} indexes are there");
    Item::ok(ITEM, found)
}
