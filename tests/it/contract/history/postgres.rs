use std::sync::Arc;

use switchboard::{
    history::{
        AccountChange, Accounts as _, History, Imports,
        postgres::{OpenError, PostgresHistory},
    },
    model::{
        Account, Entry, Epoch, MessageId, OperatorId, Participant, Role, Workspace, WorkspaceId,
    },
};
use tokio::task::JoinSet;

use super::{
    Place, history_suite,
    support::{Book, STORED, at, changed, metrics, reacted, read, said, session, started},
};
pub use crate::support::schema::Schema;

history_suite!(super::Schema::fresh().await);

#[tokio::test]
async fn eight_that_start_at_once_on_an_empty_database_find_their_schema() {
    let schema = Schema::fresh().await;
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = schema.url();
        starting.spawn(async move { PostgresHistory::connect(&url, metrics()).await });
    }
    for history in starting.join_all().await {
        history.unwrap().ping().await.unwrap();
    }
    let client = schema.client().await;
    let applied = client
        .query("SELECT version FROM refinery_schema_history", &[])
        .await
        .unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/postgres");
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let migrations = names.filter(|name| name.starts_with('V')).count();
    assert_eq!(applied.len(), migrations);
}

/// As Prisma's URLs bound it.
#[tokio::test]
async fn a_pod_opens_as_many_connections_as_the_url_says() {
    let schema = Schema::fresh().await;
    let name = format!("few_{}", schema.name);
    let url = format!(
        "{}&application_name={name}&connection_limit=3&pool_timeout=20",
        schema.url()
    );
    let history = Arc::new(PostgresHistory::connect(&url, metrics()).await.unwrap());
    let workspace = WorkspaceId::new("default");
    let mut asking = JoinSet::new();
    for _ in 0..40 {
        let (history, workspace) = (Arc::clone(&history), workspace.clone());
        asking.spawn(async move { history.unread(&workspace).await });
    }
    for answer in asking.join_all().await {
        answer.unwrap();
    }
    let client = schema.client().await;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    let open: i64 = client.query_one(count, &[&name]).await.unwrap().get(0);
    assert!((1..=3).contains(&open), "{open} connections");
}

#[tokio::test]
async fn what_can_pass_is_told_from_what_cannot() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let absent = format!("postgres://somebody:secret@127.0.0.1:{port}/postgres");
    let refusal = PostgresHistory::connect(&absent, metrics())
        .await
        .unwrap_err();
    assert!(matches!(refusal, OpenError::Unreachable(_)), "{refusal:?}");
    assert!(refusal.is_passing() && !format!("{refusal:?}").contains("secret"));

    let schema = Schema::fresh().await;
    let nobody = format!("{}&user=nobody_{}", schema.url(), schema.name);
    let refusal = PostgresHistory::connect(&nobody, metrics())
        .await
        .unwrap_err();
    assert!(matches!(refusal, OpenError::Refused(_)), "{refusal:?}");
    assert!(!refusal.is_passing());
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
    let schema = Schema::fresh().await;
    schema.open().await;
    let client = schema.client().await;
    client
        .batch_execute("UPDATE refinery_schema_history SET checksum = '1'")
        .await
        .unwrap();
    let refusal = PostgresHistory::connect(&schema.url(), metrics())
        .await
        .unwrap_err();
    assert!(matches!(refusal, OpenError::Migrate(_)), "{refusal:?}");
    assert!(!refusal.is_passing());
}

#[tokio::test]
async fn a_schema_of_a_later_release_is_used() {
    let schema = Schema::fresh().await;
    let before = schema.open().await;
    let mut book = Book::over(before, Epoch("first".into())).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "before")])
        .await;
    // What runs meanwhile has its statements prepared.
    book.texts(&session, u64::MAX, 10).await;
    let client = schema.client().await;
    let later =
        "INSERT INTO refinery_schema_history VALUES (1000, 'later', '2030-01-01T00:00:00Z', '7');
        ALTER TABLE messages ADD COLUMN later text; ALTER TABLE sessions ADD COLUMN later text";
    client.batch_execute(later).await.unwrap();
    assert_eq!(
        book.put([said(&session, 2, 12, "during"), changed(&session, 13)])
            .await,
        STORED
    );
    assert_eq!(book.session(&session).await.unwrap().last_entry, at(13));
    let after = Book::open(&schema).await;
    assert_eq!(
        after.texts(&session, u64::MAX, 10).await,
        ["during", "before"]
    );
}

/// `sql/README.md` says what a role needs that may not change the schema.
#[tokio::test]
async fn the_rights_in_the_readme_are_enough() {
    let schema = Schema::fresh().await;
    schema.open().await;
    let readme = include_str!("../../../../sql/README.md");
    let block = readme.split("```sql\n").nth(1).unwrap();
    let grants = block.split("```").next().unwrap();
    let role = format!("role_{}", schema.name);
    let grants = grants
        .replace("public", &schema.name)
        .replace("switchboard_runtime", &role);
    let client = schema.client().await;
    client
        .batch_execute(&format!("CREATE ROLE {role} LOGIN; {grants}"))
        .await
        .unwrap();
    let url = format!("{}&user={role}", schema.url());
    let history = PostgresHistory::connect(&url, metrics()).await.unwrap();
    let mut book = Book::over(Arc::new(history), Epoch("first".into())).await;
    let session = session("default");
    let clash = [
        started(&session, 10),
        said(&session, 1, 11, "first"),
        said(&session, 1, 11, "other"),
    ];
    assert_eq!(book.put(clash).await, STORED);
    assert_eq!(
        book.put([
            said(&session, 2, 12, "next"),
            changed(&session, 13),
            reacted(&session, 14, MessageId::draw(), ("\u{2764}", true)),
            reacted(&session, 15, MessageId::draw(), ("\u{2764}", true)),
            read(&session, 16, Participant::Guest, 2),
        ])
        .await,
        STORED
    );
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["next", "first"]);
    let (history, workspace) = (&book.history, &session.workspace);
    assert_eq!(
        history
            .search(workspace, "next", None, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    let forget = format!("UPDATE {}.messages SET words = NULL", schema.name);
    client.batch_execute(&forget).await.unwrap();
    assert_eq!(history.index_older(9).await, Ok(2));
    let named = [session.id.clone()];
    let given = history.session_numbers(workspace, &named).await.unwrap();
    let found = history.session_numbered(workspace, given[0].1).await;
    assert_eq!(found, Ok(Some(session.id.clone())));
    staff_is_kept_as(&url).await;
    client
        .batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .await
        .unwrap();
}

async fn staff_is_kept_as(url: &str) {
    let accounts = PostgresHistory::connect(url, metrics()).await.unwrap();
    let workspace = Workspace {
        id: WorkspaceId::new("shop"),
        name: "Shop".into(),
        created_at: 1,
    };
    let ann = Account {
        workspace: workspace.id.clone(),
        id: OperatorId::new("ann"),
        name: "Ann".into(),
        role: Role::Agent,
        password: None,
        disabled: false,
        valid_from: 0,
        created_at: 1,
    };
    assert_eq!(accounts.add_workspace(&workspace).await, Ok(true));
    assert_eq!(accounts.add_operator(&ann).await, Ok(true));
    assert_eq!(accounts.note_operator(&ann).await, Ok(()));
    let disabled = AccountChange {
        disabled: Some(true),
        ..AccountChange::default()
    };
    let changed = accounts.change_operator(&ann.workspace, &ann.id, disabled);
    assert_eq!(changed.await, Ok(true));
    assert_eq!(accounts.revocations(9).await.unwrap().len(), 1);
}

/// Dialects whose ids are numbers show them; they follow the conversation.
#[tokio::test]
async fn numbers_follow_the_entries() {
    let schema = Schema::fresh().await;
    let mut book = Book::open(&schema).await;
    let session = session("default");
    book.put((1..=200).map(|n| said(&session, n, 10 + n, "one of many")))
        .await;
    book.put((201..=300).map(|n| said(&session, n, 10 + n, "one of many")))
        .await;
    let client = schema.client().await;
    let rows = client
        .query("SELECT num FROM messages ORDER BY entry_ms, entry_seq", &[])
        .await
        .unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(numbers.len(), 300);
    assert!(numbers.is_sorted_by(|a, b| a < b));
}

impl Place for Schema {
    async fn open_both(&self) -> (Arc<dyn History>, Arc<dyn Imports>) {
        let history = PostgresHistory::connect(&self.url(), metrics()).await;
        let history = Arc::new(history.unwrap());
        (history.clone(), history)
    }

    async fn poison(&self) -> Vec<Entry> {
        let client = self.client().await;
        let rows = client
            .query("SELECT entry FROM poison ORDER BY num", &[])
            .await
            .unwrap();
        rows.iter()
            .map(|row| serde_json::from_slice(row.get(0)).unwrap())
            .collect()
    }

    async fn execute(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    fn uuid(&self, digits: &str) -> String {
        format!("'{digits}'")
    }
}
