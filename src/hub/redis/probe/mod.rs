//! What the servers behind a `REDIS_URL` say of themselves, without a write: for whoever looks before a start.
//!
//! ```text
//! layout   which servers there are: the one, those of a cluster, or those whom sentinels watch
//! node     one server, asked by a connection of its own
//! rights   what its user may do
//! ```

mod layout;
mod node;
mod rights;

use std::time::Duration;

use fred::{
    clients::Client,
    error::{Error, ErrorKind},
    interfaces::ClientLike as _,
    types::{
        Builder, ClusterHash, CustomCommand, FromValue,
        config::{Config, Server, ServerConfig},
    },
};
use tokio::time::timeout;

pub use node::{Facts, Node, Part};
pub use rights::Rights;

use super::{connect, keys::Keys};
use crate::{
    hub::redis::OpenError,
    model::{Clock, Skew},
};

/// For everything that one server is asked, its name and its connection included.
const NODE_TIMEOUT: Duration = Duration::from_secs(5);
/// For the last word on a connection.
const QUIT_TIMEOUT: Duration = Duration::from_millis(500);
/// Servers that are asked; those of a larger cluster are counted only.
const NODES_MAX: usize = 100;

/// All that could be learned.
#[derive(Debug)]
pub struct Probe {
    pub layout: Layout,
    /// Data is in these. Of a cluster also those of the URL that gave no answer.
    pub nodes: Vec<Node>,
    /// That were not asked.
    pub passed_over: usize,
}

#[derive(Debug)]
pub enum Layout {
    Single,
    Sentinel {
        service: String,
        watchers: Vec<Watcher>,
    },
    /// `None`: nobody answered.
    Cluster(Option<Slots>),
}

/// Of a cluster as a whole, as the first says that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    pub is_ok: bool,
    pub assigned: u64,
}

impl Slots {
    pub const ALL: u64 = 16_384;
}

/// A sentinel.
#[derive(Debug)]
pub struct Watcher {
    pub address: String,
    pub answer: Result<Watched, Unanswered>,
}

#[derive(Debug)]
pub struct Watched {
    /// `None`: it knows no service of that name.
    pub primary: Option<String>,
    /// What keeps sentinels from making another one the primary.
    pub no_quorum: Option<String>,
}

/// Why a server gave no answer; names no user and no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    #[error("no answer within {} s", NODE_TIMEOUT.as_secs())]
    Late,
    #[error("it refuses the user or password in REDIS_URL")]
    Auth,
    #[error("it belongs to no cluster")]
    NoCluster,
    #[error("it is a Sentinel, which keeps no data")]
    NoData,
    #[error("{0}")]
    Away(String),
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Auth => Self::Auth,
            ErrorKind::Timeout => Self::Late,
            // What it says to questions about its cluster.
            ErrorKind::Config => Self::NoCluster,
            // Only a server without databases does not know it.
            _ if error.details().starts_with("ERR unknown command 'SELECT'") => Self::NoData,
            _ => Self::Away(error.details().to_owned()),
        }
    }
}

/// Asks every server at the same time. Keys begin with `prefix`. Fails only if the URL is none.
pub async fn probe(url: &str, prefix: &str, clock: &Clock) -> Result<Probe, OpenError> {
    let asking = Asking {
        config: connect::parse(url)?,
        keys: Keys::new(prefix),
        clock: clock.clone(),
    };
    Ok(match asking.config.server.clone() {
        ServerConfig::Centralized { server } => Probe {
            layout: Layout::Single,
            nodes: vec![asking.node(server, Part::Primary).await],
            passed_over: 0,
        },
        ServerConfig::Clustered { hosts, .. } => asking.cluster(hosts).await,
        ServerConfig::Sentinel {
            hosts,
            service_name,
            username,
            password,
        } => {
            asking
                .watched(hosts, service_name, (username, password))
                .await
        }
    })
}

/// What all questions have in common.
struct Asking {
    config: Config,
    keys: Keys,
    clock: Clock,
}

impl Asking {
    /// As a client of this server alone, by the URL's user.
    fn config(&self, server: Server) -> Config {
        Config {
            server: ServerConfig::Centralized { server },
            ..self.config.clone()
        }
    }
}

/// Has `work` done on a connection to the one server of `config`, within the time for one.
async fn on<T>(
    config: Config,
    work: impl AsyncFnOnce(&Client) -> Result<T, Unanswered>,
) -> Result<T, Unanswered> {
    let client = client(config)?;
    let asked = async {
        client.init().await?;
        work(&client).await
    };
    let answer = timeout(NODE_TIMEOUT, asked).await;
    let _ = timeout(QUIT_TIMEOUT, client.quit()).await;
    answer.map_err(|_| Unanswered::Late)?
}

/// Tries once, and does not come back.
fn client(config: Config) -> Result<Client, Error> {
    let mut builder = Builder::from_config(config);
    builder.with_performance_config(|performance| {
        performance.default_command_timeout = NODE_TIMEOUT;
    });
    builder.with_connection_config(|connection| {
        connection.connection_timeout = NODE_TIMEOUT;
        connection.internal_command_timeout = NODE_TIMEOUT;
        connection.max_command_attempts = 1;
        connection.max_redirections = 0;
    });
    builder.build()
}

async fn ask<T: FromValue>(
    client: &Client,
    command: &'static str,
    args: &[&str],
) -> Result<T, Error> {
    let command = CustomCommand::new(command, ClusterHash::FirstKey, false);
    let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
    client.custom(command, args).await
}

/// The user has no right to ask that.
fn is_forbidden(error: &Error) -> bool {
    error.details().starts_with("NOPERM")
}
