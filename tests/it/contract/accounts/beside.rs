//! As a command of a person opens a directory, whether a server runs on it or not.

use std::sync::Arc;

use switchboard::history::{
    Accounts, History as _,
    sqlite::{OpenError, SqliteHistory, accounts, migrate},
};

use super::{
    Place, accounts_suite,
    support::{account, metrics, stored},
};
use crate::support::folder::Folder;

accounts_suite!(super::Beside(super::Folder::fresh()));

struct Beside(Folder);

impl Place for Beside {
    async fn open(&self) -> Arc<dyn Accounts> {
        Arc::new(accounts(self.0.path(), metrics()).unwrap())
    }
}

#[tokio::test]
async fn operators_are_added_while_a_server_runs_on_the_directory() {
    let folder = Folder::fresh();
    let server = SqliteHistory::open(folder.path(), metrics()).unwrap();
    let server: Arc<dyn Accounts> = Arc::new(server);
    let command: Arc<dyn Accounts> = Arc::new(accounts(folder.path(), metrics()).unwrap());
    let (ann, ben) = (account("default", "ann"), account("default", "ben"));
    assert_eq!(command.add_operator(&ann).await, Ok(true));
    assert_eq!(stored(&server, &ann).await.as_ref(), Some(&ann));
    assert_eq!(server.add_operator(&ben).await, Ok(true));
    assert_eq!(stored(&command, &ben).await, Some(ben));
    // Neither ends the other.
    drop(command);
    assert_eq!(stored(&server, &ann).await, Some(ann));
    let second = SqliteHistory::open(folder.path(), metrics()).unwrap_err();
    assert!(matches!(second, OpenError::Locked(_)), "{second:?}");
}

#[tokio::test]
async fn a_command_keeps_no_server_from_starting() {
    let folder = Folder::fresh();
    let data = folder.path().join("made/as/needed");
    let command = accounts(&data, metrics()).unwrap();
    let ann = account("default", "ann");
    assert_eq!(command.add_operator(&ann).await, Ok(true));
    let server = SqliteHistory::open(&data, metrics()).unwrap();
    server.ping().await.unwrap();
    assert_eq!(stored(&(Arc::new(server) as _), &ann).await, Some(ann));
}

/// It runs, as a server of another release would, on a schema that lacks something.
#[tokio::test]
async fn the_schema_of_a_running_server_is_left_alone() {
    let folder = Folder::fresh();
    let server = SqliteHistory::open(folder.path(), metrics()).unwrap();
    let file = rusqlite::Connection::open(folder.path().join("switchboard.db")).unwrap();
    let forget = "DELETE FROM refinery_schema_history WHERE version = 3";
    assert_eq!(file.execute(forget, []).unwrap(), 1);
    let Err(refusal) = accounts(folder.path(), metrics()) else {
        panic!("was opened");
    };
    assert!(matches!(refusal, OpenError::Behind(_)), "{refusal:?}");
    let sentence = refusal.to_string();
    assert!(
        sentence.ends_with("start that with this release first"),
        "{sentence}"
    );
    drop(server);
}

#[tokio::test]
async fn migrations_run_by_themselves_and_are_told_once() {
    let folder = Folder::fresh();
    let applied = migrate(folder.path()).unwrap();
    assert_eq!(applied[0], "V0001__initial");
    assert!(applied.iter().any(|name| name == "V0003__staff"));
    assert!(applied.is_sorted());
    assert!(migrate(folder.path()).unwrap().is_empty());
    let server = SqliteHistory::open(folder.path(), metrics()).unwrap();
    let refusal = migrate(folder.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::Locked(_)), "{refusal:?}");
    assert_eq!(server.workspaces(9).await.unwrap().len(), 1);
}
