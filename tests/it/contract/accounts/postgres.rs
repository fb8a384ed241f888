use std::sync::Arc;

use switchboard::history::{
    Accounts,
    postgres::{PostgresHistory, migrate},
};

use super::{Place, accounts_suite, support::metrics};
use crate::support::schema::Schema;

accounts_suite!(super::Schema::fresh().await);

impl Place for Schema {
    async fn open(&self) -> Arc<dyn Accounts> {
        let history = PostgresHistory::connect(&self.url(), metrics()).await;
        Arc::new(history.unwrap())
    }
}

#[tokio::test]
async fn migrations_run_by_themselves_and_are_told_once() {
    let schema = Schema::fresh().await;
    let applied = migrate(&schema.url()).await.unwrap();
    assert_eq!(applied[0], "V0001__initial");
    assert!(applied.iter().any(|name| name == "V0003__staff"));
    assert!(applied.is_sorted());
    assert!(migrate(&schema.url()).await.unwrap().is_empty());
    assert_eq!(
        Place::open(&schema)
            .await
            .workspaces(9)
            .await
            .unwrap()
            .len(),
        1
    );
}
