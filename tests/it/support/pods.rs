//! Processes of the real binary that share a Redis and a Postgres: what one of them knows of a client,
//! it knows from there.

use std::{net::SocketAddr, os::unix::process::ExitStatusExt as _};

use switchboard::{config::Secrets, server::auth::Keyring};
use tokio::time::{sleep, timeout};
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
        let prefix = &schema.name;
        let starting = addresses.iter().map(|address| {
            let mut command = switchboard();
            command
                .arg(format!("--listen={address}"))
                .arg("--metrics-listen=127.0.0.1:0")
                .args(["--workspaces=other", "--drain-timeout=0s"])
                .env("REDIS_URL", redis)
                .env("REDIS_PREFIX", prefix)
                .env("DATABASE_URL", schema.url())
                .env("JWT_SECRET", JWT_SECRET)
                .env("SIGNING_KEY", SIGNING_KEY)
                .envs(settings.iter().copied());
            async {
                let server = Server::spawn(command).await;
                ready(&server).await;
                server
            }
        });
        // All at once, as an orchestrator would.
        let servers = futures_util::future::join_all(starting).await;
        Self { servers, schema }
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
            jwt: keyring(JWT_SECRET),
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
