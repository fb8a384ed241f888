//! `switchboard check`: what it finds on real backends, and that it leaves them as they were.

mod embedded;
mod files;
mod output;
mod postgres;
mod redis;
mod settings;
mod untouched;

use serde_json::Value;
use tokio::process::Command;

use crate::{
    process::server::{run, switchboard},
    support::{
        schema::Schema,
        servers::{Postgres, Redis},
    },
};

/// What a Redis is started with about which nothing is to be done.
const GOOD_REDIS: [&str; 2] = ["--maxmemory", "256mb"];

/// What it has said.
struct Checked {
    code: i32,
    items: Vec<Value>,
    whole: Value,
    said: String,
}

impl Checked {
    async fn by(command: &mut Command) -> Self {
        let output = run(command.arg("--json")).await;
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        let whole: Value =
            serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said} {errors}"));
        assert_eq!(errors, "");
        Self {
            code: output.status.code().unwrap(),
            items: whole["items"].as_array().unwrap().clone(),
            whole,
            said,
        }
    }

    /// The lines about this, as `status found -> advice`.
    fn of(&self, name: &str) -> Vec<String> {
        let those = self.items.iter().filter(|item| item["item"] == name);
        let lines = those.map(|item| {
            let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} -> {}", text("status"), text("found"), text("do"))
        });
        lines.collect()
    }

    /// The only line about this begins so, and has all of these words.
    fn is(&self, name: &str, status: &str, words: &[&str]) {
        let lines = self.of(name);
        let [line] = &lines[..] else {
            panic!("{name}: {lines:?}");
        };
        assert!(line.starts_with(&format!("{status} ")), "{name}: {line}");
        for word in words {
            assert!(line.contains(word), "{name}: {line} has no {word}");
        }
    }

    /// Lines of this status, whatever they are about.
    fn all(&self, status: &str) -> Vec<String> {
        let those = self.items.iter().filter(|item| item["status"] == status);
        those
            .map(|item| item["item"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The command of a pod that has all it needs.
fn pod(redis: &str, database: &str) -> Command {
    let mut command = switchboard();
    command
        .arg("check")
        .env("REDIS_URL", redis)
        .env("DATABASE_URL", database)
        .env("JWT_SECRET", "what the operators' tokens are signed with")
        .env(
            "SIGNING_KEY",
            "what guests' tokens and pids are signed with",
        )
        .env("CORS_ORIGIN", "https://www.example.org")
        .env("TRUSTED_PROXIES", "10.0.0.0/8")
        .env("PUBLIC_URL", "https://chat.example.org")
        // Whatever the machine that runs tests allows.
        .env("MAX_CONNECTIONS", "50");
    command
}

/// Brings a database to this release's schema, as an owner would.
async fn migrate(database: &str) {
    let mut command = switchboard();
    command.arg("migrate").env("DATABASE_URL", database);
    // Not asked.
    command.env("REDIS_URL", "redis://127.0.0.1:1");
    let output = run(&mut command).await;
    assert!(output.status.success(), "{output:?}");
}

/// What `sql/README.md` gives to a role that may not change the schema.
fn grants() -> &'static str {
    let readme = include_str!("../../../sql/README.md");
    let block = readme.split("```sql\n").nth(1).unwrap();
    block.split("```").next().unwrap()
}

/// A Redis and a Postgres of this test alone, with a role that has the rights of README and no others.
struct House {
    redis: Redis,
    postgres: Postgres,
    schema: Schema,
}

impl House {
    async fn good() -> Self {
        let (redis, postgres) = tokio::join!(Redis::start(&GOOD_REDIS), Postgres::start());
        let schema = Schema::on(postgres.url()).await;
        migrate(&schema.url()).await;
        let client = schema.client().await;
        let grants = grants().replace("public", &schema.name);
        let made = format!("CREATE ROLE switchboard_runtime LOGIN; {grants}");
        client.batch_execute(&made).await.unwrap();
        Self {
            redis,
            postgres,
            schema,
        }
    }

    fn database(&self) -> String {
        format!("{}&user=switchboard_runtime", self.schema.url())
    }

    fn pod(&self) -> Command {
        pod(self.redis.url(), &self.database())
    }
}
