//! Processes of the real binary that share a Redis and a Postgres: what one of them knows of a client,
//! it knows from there.

use std::{net::SocketAddr, os::unix::process::ExitStatusExt as _, process::ExitStatus};

use switchboard::{
    config::Secrets,
    server::auth::{Foreign, Keyring},
};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};
use tokio_postgres::Client;

use super::{schema::Schema, servers};
use crate::process::server::{LONG, LOOK, Server, switchboard};

const JWT_SECRET: &str = "what the operators' tokens are signed with";
const SIGNING_KEY: &str = "what guests' tokens and pids are signed with";

/// With keys and a schema of their own. Killed if a test fails before it has stopped them.
pub struct Pods {
    servers: Vec<Server>,
    // After the servers, since nothing is dropped from under them.
    schema: Schema,
    redis: String,
    settings: Vec<(String, String)>,
}

/// Any port.
pub const FREE: &str = "127.0.0.1:0";

impl Pods {
    pub async fn start(count: usize) -> Self {
        Self::start_with(count, &[]).await
    }

    /// With further settings, by the names that they have in the environment. Every pod is ready when
    /// this returns.
    pub async fn start_with(count: usize, settings: &[(&str, &str)]) -> Self {
        let schema = Schema::fresh().await;
        let redis = servers::redis().await;
        Self::launch(schema, redis, &vec![FREE; count], settings).await
    }

    /// On these backends and addresses: as the next pods of a cluster that has lost all of its own.
    pub async fn launch(
        schema: Schema,
        redis: &str,
        addresses: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut pods = Self {
            servers: Vec::new(),
            schema,
            redis: redis.to_owned(),
            settings: settings.iter().map(own).collect(),
        };
        // All at once, as an orchestrator would.
        let starting = addresses.iter().map(|address| pods.one(address));
        pods.servers = futures_util::future::join_all(starting).await;
        pods
    }

    /// One more, which comes to Redis by this way.
    pub async fn add(&mut self, redis: &str) {
        let known = std::mem::replace(&mut self.redis, redis.to_owned());
        let server = self.one(FREE).await;
        self.servers.push(server);
        self.redis = known;
    }

    /// `switchboard`, with what the pods are told of their backends.
    pub fn command(&self) -> Command {
        let mut command = switchboard();
        command
            .env("REDIS_URL", &self.redis)
            .env("DATABASE_URL", self.schema.url());
        command
    }

    /// The first one, without a word to anybody.
    pub async fn kill_first(&mut self) {
        self.servers.remove(0).kill().await;
    }

    /// Ended in order.
    pub async fn end_last(&mut self) {
        self.servers.pop().unwrap().stop().await;
    }

    /// What the keys of all of them begin with.
    pub fn prefix(&self) -> &str {
        &self.schema.name
    }

    async fn one(&self, address: &str) -> Server {
        let mut command = switchboard();
        command
            .arg(format!("--listen={address}"))
            .arg("--metrics-listen=127.0.0.1:0")
            .arg("--workspaces=other")
            .env("DRAIN_TIMEOUT", "0s")
            .env("REDIS_URL", &self.redis)
            .env("REDIS_PREFIX", &self.schema.name)
            .env("DATABASE_URL", self.schema.url())
            .env("JWT_SECRET", JWT_SECRET)
            .env("SIGNING_KEY", SIGNING_KEY)
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        let server = Server::spawn(command).await;
        ready(&server).await;
        server
    }

    /// Asked to end, and what it ends with. Another one comes to its address once it is gone.
    pub async fn replace(&mut self, index: usize) -> (ExitStatus, Vec<String>) {
        self.servers[index].signal("TERM").await;
        let ended = self.servers[index]
            .exit_within(LONG.saturating_mul(3))
            .await;
        let log = self.servers[index].err().all().await;
        let address = self.servers[index].address.to_string();
        self.servers[index] = self.one(&address).await;
        (ended, log)
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    pub fn pids(&self) -> Vec<u32> {
        self.servers.iter().map(Server::pid).collect()
    }

    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub fn secrets(&self) -> Secrets {
        let keyring = |secret| Keyring::new(&[secret]).unwrap();
        Secrets {
            jwt: Some(keyring(JWT_SECRET)),
            foreign: Foreign::default(),
            signing: keyring(SIGNING_KEY),
        }
    }

    /// To what the pods have stored.
    pub async fn database(&self) -> Client {
        self.schema.client().await
    }

    /// Somebody kills this one; over when this returns.
    pub async fn lose(&mut self, index: usize) {
        const SIGKILL: i32 = 9;
        let mut lost = self.servers.remove(index);
        assert_eq!(lost.exit().await.signal(), Some(SIGKILL));
    }

    /// Without a word to anybody, all of them.
    pub async fn kill(self) -> Schema {
        futures_util::future::join_all(self.servers.into_iter().map(Server::kill)).await;
        self.schema
    }

    /// Ends all in order: what was said is stored when this returns. The schema goes with what is returned.
    pub async fn stop(self) -> Schema {
        futures_util::future::join_all(self.servers.into_iter().map(Server::stop)).await;
        self.schema
    }
}

async fn ready(server: &Server) {
    let look = async {
        while server.page("/readyz").await.0 != 200 {
            sleep(LOOK).await;
        }
    };
    timeout(LONG, look).await.unwrap();
}
