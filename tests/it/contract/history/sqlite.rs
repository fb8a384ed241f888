use std::{path::PathBuf, sync::Arc};

use switchboard::{
    history::{
        History, Imports,
        sqlite::{OpenError, SqliteHistory},
    },
    model::Entry,
};
use uuid::Uuid;

use super::{
    Place, history_suite,
    support::{Book, at, metrics, said, session, started},
};

history_suite!(super::Directory::fresh());

/// A directory for one SQLite history, removed with all that is in it.
struct Directory(PathBuf);

impl Directory {
    fn fresh() -> Self {
        Self(std::env::temp_dir().join(format!("switchboard-{}", Uuid::new_v4())))
    }
}

impl Place for Directory {
    async fn open_both(&self) -> (Arc<dyn History>, Arc<dyn Imports>) {
        let history = Arc::new(SqliteHistory::open(&self.0, metrics()).unwrap());
        (history.clone(), history)
    }

    async fn poison(&self) -> Vec<Entry> {
        let file = rusqlite::Connection::open(self.0.join("switchboard.db")).unwrap();
        let mut poison = file
            .prepare("SELECT entry FROM poison ORDER BY num")
            .unwrap();
        let rows = poison.query_map([], |row| row.get(0)).unwrap();
        rows.map(|row: rusqlite::Result<Vec<u8>>| serde_json::from_slice(&row.unwrap()).unwrap())
            .collect()
    }

    async fn execute(&self, sql: &str) {
        let file = rusqlite::Connection::open(self.0.join("switchboard.db")).unwrap();
        file.execute_batch(sql).unwrap();
    }

    fn uuid(&self, digits: &str) -> String {
        format!("x'{digits}'")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_second_sqlite_history_in_one_directory_is_refused() {
    let directory = Directory::fresh();
    let first = directory.open().await;
    let refusal = SqliteHistory::open(&directory.0, metrics()).unwrap_err();
    assert!(matches!(refusal, OpenError::Locked(_)));
    let sentence = refusal.to_string();
    assert!(sentence.starts_with("another switchboard is running on this data directory"));
    drop(first);
    directory.open().await;
}

/// What a crash would leave: the files as they are on disk while the process still runs.
#[tokio::test]
async fn p1_sqlite_is_complete_in_its_files_after_append() {
    let (running, crashed) = (Directory::fresh(), Directory::fresh());
    let mut book = Book::open(&running).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "acknowledged")])
        .await;
    std::fs::create_dir(&crashed.0).unwrap();
    for file in ["switchboard.db", "switchboard.db-wal"] {
        std::fs::copy(running.0.join(file), crashed.0.join(file)).unwrap();
    }
    let found = Book::open(&crashed).await;
    assert_eq!(found.cursor, at(11));
    assert_eq!(found.texts(&session, u64::MAX, 10).await, ["acknowledged"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_sqlite_directory_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::fresh();
    directory.open().await;
    let mode = std::fs::metadata(&directory.0)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}
