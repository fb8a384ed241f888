//! It changes nothing, in a deployment that has been used.

use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use super::{Checked, House};
use crate::{
    process::{
        server::{LOOK, Server, switchboard},
        talk::{Person, message},
    },
    support::servers::ask::ask,
};

/// Longer than what is kept of a connection that has ended.
const EXPIRED: Duration = Duration::from_secs(70);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_anywhere() {
    let house = House::good().await;
    // By the same settings.
    let mut command = switchboard();
    for (name, value) in house.pod().as_std().get_envs() {
        command.env(name, value.unwrap());
    }
    command.args([
        "--listen=127.0.0.1:0",
        "--metrics-listen=127.0.0.1:0",
        "--drain-timeout=0s",
    ]);
    let server = Server::spawn(command).await;
    let mut guest = Person::guest(server.address).await;
    let marie = json!({ "name": "Marie" });
    guest.granted("guest:start", marie).await;
    let said = message("hello", "1");
    guest.granted("guest:message", said).await;
    drop(guest);
    server.stop().await;

    settled(&house).await;
    let before = (redis(&house).await, postgres(&house).await);
    assert!(before.0.len() > 3 && before.1.len() > 8, "{before:?}");
    let found = Checked::by(&mut house.pod()).await;
    assert_eq!(found.code, 0, "{}", found.said);
    assert_eq!((redis(&house).await, postgres(&house).await), before);
    for said in ["Marie", "hello", "signed with"] {
        assert!(!found.said.contains(said), "{}", found.said);
    }
}

/// Until no key is left that Redis will take away soon, which is a change as well.
async fn settled(house: &House) {
    const SOON: i64 = 60_000;
    let url = house.redis.url();
    let look = async {
        loop {
            let mut soon = 0;
            for key in ask(url, "KEYS *").await.lines() {
                let left = ask(url, &format!("PTTL {key}")).await;
                let left: i64 = left.trim_start_matches(':').parse().unwrap();
                soon += i32::from((0..SOON).contains(&left));
            }
            if soon == 0 {
                return;
            }
            sleep(LOOK).await;
        }
    };
    timeout(EXPIRED, look).await.unwrap();
}

/// Its keys, how often anything was changed, and how many scripts it knows.
async fn redis(house: &House) -> Vec<String> {
    let url = house.redis.url();
    let mut keys: Vec<String> = ask(url, "KEYS *")
        .await
        .lines()
        .map(str::to_owned)
        .collect();
    keys.sort();
    for (section, name) in [
        ("persistence", "rdb_changes_since_last_save"),
        ("memory", "number_of_cached_scripts"),
    ] {
        let info = ask(url, &format!("INFO {section}")).await;
        let line = info.lines().find(|line| line.starts_with(name)).unwrap();
        keys.push(line.trim().to_owned());
    }
    keys
}

/// All that is in the schema, with the rows of each table.
async fn postgres(house: &House) -> Vec<String> {
    let client = house.schema.client().await;
    let asked = "SELECT c.relkind::text || ' ' || c.relname, c.relkind = 'r' FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() ORDER BY 1";
    let mut all = Vec::new();
    for row in client.query(asked, &[]).await.unwrap() {
        let (name, is_table): (String, bool) = (row.get(0), row.get(1));
        if is_table {
            let table = &name[2..];
            let rows = format!(
                "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {table} t"
            );
            let rows: String = client.query_one(&rows, &[]).await.unwrap().get(0);
            all.push(format!("{name} {rows}"));
        } else {
            all.push(name);
        }
    }
    all
}
