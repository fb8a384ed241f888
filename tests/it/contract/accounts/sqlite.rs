use std::sync::Arc;

use switchboard::history::{Accounts, sqlite::SqliteHistory};

use super::{Place, accounts_suite, support::metrics};
use crate::support::folder::Folder;

accounts_suite!(super::Folder::fresh());

impl Place for Folder {
    async fn open(&self) -> Arc<dyn Accounts> {
        Arc::new(SqliteHistory::open(self.path(), metrics()).unwrap())
    }
}
