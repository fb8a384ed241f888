//! What it says of a Postgres: its schema, its rights, and one that is away.

use std::collections::BTreeSet;

use switchboard::{history::postgres::probe::probe, model::Clock};

use super::{Checked, GOOD_REDIS, House, grants, migrate, pod};
use crate::support::{
    schema::Schema,
    servers::{Postgres, Redis},
};

#[tokio::test(flavor = "multi_thread")]
async fn missing_migrations_are_told_and_not_applied() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let schema = Schema::fresh().await;
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("postgres", "ok", &["127.0.0.1:"]);
    let words = ["V0001__initial", "switchboard migrate"];
    found.is("postgres-migrations", "fail", &words);
    let after = "apply the migrations first";
    found.is("postgres-tables", "fail", &["messages", after]);
    found.is("postgres-indexes", "fail", &["messages_pkey", after]);
    let client = schema.client().await;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
    let tables: i64 = client.query_one(tables, &[]).await.unwrap().get(0);
    assert_eq!(tables, 0);

    migrate(&schema.url()).await;
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    for item in ["postgres-migrations", "postgres-tables", "postgres-indexes"] {
        found.is(item, "ok", &["all "]);
    }
    client
        .batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 2")
        .await
        .unwrap();
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    found.is(
        "postgres-migrations",
        "fail",
        &["V0002__conversation", "another text"],
    );
    let later = "DELETE FROM refinery_schema_history WHERE version IN (2, 5);
        INSERT INTO refinery_schema_history VALUES (1000, 'later', '2030-01-01T00:00:00Z', '7')";
    client.batch_execute(later).await.unwrap();
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    found.is(
        "postgres-migrations",
        "fail",
        &["V0002__conversation, V0005__indexes"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_gone_or_not_built_to_its_end_is_told() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let schema = Schema::fresh().await;
    migrate(&schema.url()).await;
    let client = schema.client().await;
    client
        .batch_execute("DROP INDEX sessions_open")
        .await
        .unwrap();
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    assert_eq!(found.code, 1, "{}", found.said);
    let words = ["sessions_open (missing)", "CREATE INDEX CONCURRENTLY"];
    found.is("postgres-indexes", "fail", &words);
    // What a CREATE INDEX CONCURRENTLY leaves behind that was broken off.
    let invalid = "UPDATE pg_index SET indisvalid = false
        WHERE indexrelid = to_regclass('messages_by_entry')";
    client.batch_execute(invalid).await.unwrap();
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    let words = ["sessions_open (missing)", "messages_by_entry (invalid)"];
    found.is("postgres-indexes", "fail", &words);
    let key = "ALTER TABLE messages DROP CONSTRAINT messages_pkey";
    client.batch_execute(key).await.unwrap();
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    let words = ["messages_pkey (missing)", "stored twice"];
    found.is("postgres-indexes", "fail", &words);
    client.batch_execute("DROP TABLE reactions").await.unwrap();
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    found.is("postgres-tables", "fail", &["reactions"]);
}

/// Whatever a migration adds is looked at from then on.
#[tokio::test(flavor = "multi_thread")]
async fn every_table_and_index_of_the_schema_is_looked_at() {
    let schema = Schema::fresh().await;
    migrate(&schema.url()).await;
    let client = schema.client().await;
    let names = async |asked: &str| {
        let rows = client.query(asked, &[]).await.unwrap();
        let names = rows.iter().map(|row| row.get::<_, String>(0));
        let ours = names.filter(|name| !name.starts_with("refinery_"));
        ours.collect::<BTreeSet<_>>()
    };
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
    let indexes = "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()";
    let probe = probe(&schema.url(), &Clock::System).await.unwrap();
    let found = probe.answer.unwrap().schema.unwrap();
    assert_eq!(
        found.tables.into_iter().collect::<BTreeSet<_>>(),
        names(tables).await
    );
    let looked = found.indexes.into_iter().map(|index| index.name);
    assert_eq!(looked.collect::<BTreeSet<_>>(), names(indexes).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_right_that_is_missing_is_told() {
    let house = House::good().await;
    let client = house.schema.client().await;
    let given = given();
    assert!(given.len() > 15, "{given:?}");
    for (right, table) in given {
        let change = async |verb: &str, joint: &str| {
            let change = format!("{verb} {right} ON {table} {joint} switchboard_runtime");
            client.batch_execute(&change).await.unwrap();
        };
        change("REVOKE", "FROM").await;
        let probe = probe(&house.database(), &Clock::System).await.unwrap();
        let lacks = probe.answer.unwrap().rights.unwrap().lacks;
        let right = right.split(' ').next().unwrap();
        assert_eq!(lacks, [format!("{right} on {table}")]);
        change("GRANT", "TO").await;
    }
    client
        .batch_execute("REVOKE INSERT ON messages FROM switchboard_runtime")
        .await
        .unwrap();
    let found = Checked::by(&mut house.pod()).await;
    assert_eq!(found.code, 1, "{}", found.said);
    let words = [
        "switchboard_runtime lacks INSERT on messages",
        "sql/README.md",
    ];
    found.is("postgres-rights", "fail", &words);
    // Who may not migrate is told to have somebody else do it.
    let missing = "DELETE FROM refinery_schema_history WHERE version = 5";
    client.batch_execute(missing).await.unwrap();
    let found = Checked::by(&mut house.pod()).await;
    found.is(
        "postgres-migrations",
        "fail",
        &["V0005", "the URL of the owner"],
    );
}

/// What `sql/README.md` gives to a role: right and table.
fn given() -> Vec<(&'static str, &'static str)> {
    let grants = grants().lines().filter_map(|line| {
        let (rights, rest) = line.strip_prefix("GRANT ")?.split_once(" ON ")?;
        let (tables, _) = rest.split_once(" TO ")?;
        // The schema has no dot.
        tables.starts_with("public.").then_some((rights, tables))
    });
    let pairs = grants.flat_map(|(rights, tables)| {
        let tables = tables
            .split(", ")
            .filter_map(|it| it.strip_prefix("public."));
        tables.flat_map(move |table| rights.split(", ").map(move |right| (right, table)))
    });
    pairs.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_postgres_keeps_nothing_else_from_being_looked_at() {
    let (redis, mut postgres) = tokio::join!(Redis::start(&GOOD_REDIS), Postgres::start());
    let url = postgres.url().replace("postgres@", "postgres:open-sesame@");
    postgres.kill().await;
    let found = Checked::by(&mut pod(redis.url(), &url)).await;
    assert_eq!(found.code, 1, "{}", found.said);
    let words = ["/postgres as postgres", "refused", "start it"];
    found.is("postgres", "fail", &words);
    found.is("postgres-migrations", "note", &["not looked at"]);
    assert_eq!(found.all("fail"), ["postgres"]);
    for other in [
        "redis",
        "redis-eviction",
        "redis-durability",
        "redis-rights",
        "redis-clock",
    ] {
        found.is(other, "ok", &[]);
    }
    assert!(!found.said.contains("open-sesame"), "{}", found.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_so() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let schema = Schema::fresh().await;
    let url = format!("{}&user=nobody_{}", schema.url(), schema.name);
    let found = Checked::by(&mut pod(redis.url(), &url)).await;
    found.is(
        "postgres",
        "fail",
        &["does not exist", "correct user, password"],
    );
    let url = schema.url().replace(&schema.name, "no_such_schema");
    let found = Checked::by(&mut pod(redis.url(), &url)).await;
    found.is("postgres-migrations", "fail", &["search path"]);
}
