//! How a hub comes to its connections.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use fred::{
    clients::{Client, Pool, SubscriberClient},
    error::{Error, ErrorKind},
    interfaces::{ClientLike as _, EventInterface as _},
    types::{
        Builder,
        config::{Config, ReconnectPolicy, UnresponsiveConfig},
    },
};

use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Faults, RedisHub, Subscriber,
    format::Raised,
    gates::Gates,
    keys::Keys,
    link::Link,
    servers::{self, Servers},
};
use crate::{hub::Retention, metrics::HubMetrics, model::Clock};

/// Connections for commands; a partition always takes the same one.
const POOL: usize = 4;
/// What a pod opens to each server: those, and the one that hears publications.
pub const CONNECTIONS: usize = POOL + 1;
/// A command that takes longer is repeated.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection without an answer for so long is given up for another.
const UNRESPONSIVE: Duration = Duration::from_secs(5);
/// Commands that wait for a connection; beyond that a call fails at once and is repeated.
const COMMANDS_WAITING: usize = 10_000;
/// Publications between fred's reader and ours. Its own default of 32 loses most of a burst.
const PUBLICATIONS: usize = 16_384;
/// Pauses between attempts to reconnect, in ms.
const RECONNECT: (u32, u32) = (50, 1_000);

const LEAST_VERSION: u64 = 7;

/// What fred does not know it takes for a server by itself, as if it were `redis://`.
const SCHEMES: [&str; 6] = [
    "redis",
    "rediss",
    "redis-cluster",
    "rediss-cluster",
    "redis-sentinel",
    "rediss-sentinel",
];

#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// `redis://`, `rediss://`, `redis-cluster://` or `redis-sentinel://`. Holds a password.
    pub url: String,
    /// What all keys begin with.
    pub prefix: String,
    /// How long a call is held while Redis is in passing trouble.
    pub hold: Duration,
    /// .. and a request of a polling client, which has nothing else to wait for.
    pub poll_hold: Duration,
    pub retention: Retention,
}

/// Why there is no hub.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "REDIS_URL is not a URL of Redis, as redis://host:6379, redis-cluster://… or redis-sentinel://…"
    )]
    Url,
    #[error(
        "Redis 7 or newer is needed, and this one is {found}: REDIS_URL names a server that is too old"
    )]
    Version { found: String },
    #[error("Redis refuses the user or password in REDIS_URL")]
    Auth,
    #[error(
        "this deployment was raised to format {raised}, and this release knows no newer one than {newest}: start a newer release"
    )]
    Format { raised: u8, newest: u8 },
    #[error("Redis cannot be reached: {0}")]
    Unreachable(&'static str),
}

impl OpenError {
    /// Whether to try again makes sense.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Url | ErrorKind::Config => Self::Url,
            ErrorKind::Auth => Self::Auth,
            kind => Self::Unreachable(kind.to_str()),
        }
    }
}

impl RedisHub {
    pub async fn connect(
        settings: RedisSettings,
        clock: Clock,
        metrics: HubMetrics,
    ) -> Result<Self, OpenError> {
        let mut builder = builder(&settings.url)?;
        let pool = builder.build_pool(POOL)?;
        // Room that only the one that hears publications needs: it is taken at once.
        builder.with_performance_config(|performance| {
            performance.broadcast_channel_capacity = PUBLICATIONS;
        });
        let client = builder.build_subscriber_client()?;
        if let Err(error) = reach(&pool, &client).await {
            // They would go on trying, beside those of the next attempt.
            let _ = tokio::join!(pool.quit(), client.quit());
            return Err(error);
        }
        let keys = Keys::new(&settings.prefix);
        let faults = Arc::<Faults>::default();
        let subscriber =
            Subscriber::start(client, keys.clone(), Arc::clone(&faults), metrics.clone());
        metrics.up.set(1);
        let (gates, closed) = Gates::new();
        let link = Link::new(pool, gates, clock, settings.hold, metrics.clone());
        let link = Arc::new(link);
        let servers = Arc::new(Servers::new(Arc::clone(&link), keys.clone(), metrics));
        let stop = CancellationToken::new();
        let opening = servers::open_gates(Arc::downgrade(&servers), closed, stop.clone());
        tokio::spawn(opening);
        for (index, client) in link.pool().clients().iter().enumerate() {
            tokio::spawn(watch(
                client.clone(),
                index,
                Arc::clone(&link),
                stop.clone(),
            ));
        }
        let hub = Self {
            link,
            keys,
            poll_hold: settings.poll_hold,
            retention: settings.retention,
            subscriber,
            servers,
            faults,
            writer: OnceLock::new(),
            raised: Raised::default(),
            _stop: stop.drop_guard(),
        };
        if let Err(error) = hub.check_format().await {
            hub.close().await;
            return Err(error);
        }
        Ok(hub)
    }
}

/// Whoever is at the other end of a connection that was lost may have missed what was acknowledged.
async fn watch(client: Client, index: usize, link: Arc<Link>, stop: CancellationToken) {
    let (mut errors, mut reconnected) = (client.error_rx(), client.reconnect_rx());
    loop {
        let over = tokio::select! {
            event = errors.recv() => matches!(event, Err(RecvError::Closed)),
            event = reconnected.recv() => matches!(event, Err(RecvError::Closed)),
            () = stop.cancelled() => true,
        };
        if over {
            return;
        }
        link.lost(index);
    }
}

async fn reach(pool: &Pool, client: &SubscriberClient) -> Result<(), OpenError> {
    // In one: one that is connected before it is waited for may be waited for for ever.
    pool.init().await?;
    let info: String = pool.info(None).await?;
    check_version(&info)?;
    for risk in risks(&info) {
        warn!("Redis {risk}");
    }
    client.init().await?;
    Ok(())
}

/// What the URL says of servers and users.
pub fn parse(url: &str) -> Result<Config, OpenError> {
    let (scheme, _) = url.split_once("://").ok_or(OpenError::Url)?;
    if !SCHEMES.contains(&scheme) {
        return Err(OpenError::Url);
    }
    Config::from_url(url).map_err(|_| OpenError::Url)
}

fn builder(url: &str) -> Result<Builder, OpenError> {
    let config = parse(url)?;
    let clustered = config.server.is_clustered();
    let mut builder = Builder::from_config(config);
    builder.with_performance_config(|performance| {
        performance.default_command_timeout = COMMAND_TIMEOUT;
    });
    builder.with_connection_config(|connection| {
        connection.connection_timeout = UNRESPONSIVE;
        connection.internal_command_timeout = UNRESPONSIVE;
        connection.max_command_buffer_len = COMMANDS_WAITING;
        // Repeating is ours to do: only we know what has to come before. In a cluster a redirection takes an attempt,
        // and one too many of them must end before the attempts do: else fred ends the connection for good.
        connection.max_command_attempts = if clustered { 2 } else { 1 };
        connection.max_redirections = 1;
        connection.tcp.nodelay = Some(true);
        connection.unresponsive = UnresponsiveConfig {
            max_timeout: Some(UNRESPONSIVE),
            interval: Duration::from_secs(1),
        };
    });
    builder.set_policy(ReconnectPolicy::new_exponential(
        0,
        RECONNECT.0,
        RECONNECT.1,
        2,
    ));
    Ok(builder)
}

/// What this server may lose, for whoever reads the log.
fn risks(info: &str) -> Vec<&'static str> {
    let mut risks = Vec::new();
    if field(info, "maxmemory_policy").is_some_and(|policy| policy != "noeviction") {
        risks.push("may throw away what it needs when it is full: set maxmemory-policy noeviction");
    }
    if field(info, "aof_enabled") == Some("0") {
        risks.push(
            "keeps no log on disk: what is not in Postgres yet is lost with it; set appendonly yes",
        );
    }
    risks
}

/// Of an answer to `INFO`.
pub fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = info.lines();
    lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

/// Whether this release can use a server that says this of itself.
pub fn check_version(info: &str) -> Result<(), OpenError> {
    let found = field(info, "redis_version").unwrap_or("unknown");
    let major = found.split('.').next().and_then(|major| major.parse().ok());
    if major.is_some_and(|major: u64| major >= LEAST_VERSION) {
        return Ok(());
    }
    Err(OpenError::Version {
        found: found.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_redis_is_refused() {
        for (version, fine) in [
            ("6.2.14", false),
            ("7.0.15", true),
            ("8.2.0", true),
            ("x", false),
        ] {
            let info = format!("# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\n");
            assert_eq!(check_version(&info).is_ok(), fine, "{version}");
        }
    }

    #[test]
    fn risks_are_told() {
        let info = "maxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n";
        assert_eq!(risks(info).len(), 2);
        assert_eq!(
            risks("maxmemory_policy:noeviction\r\naof_enabled:1\r\n"),
            Vec::<&str>::new()
        );
        assert_eq!(
            risks("redis_version:7.4.0\r\n"),
            Vec::<&str>::new(),
            "not told"
        );
    }

    #[test]
    fn a_wrong_url_is_named_without_its_password() {
        let error = builder("postgres://user:secret@host")
            .map(drop)
            .unwrap_err();
        assert!(matches!(error, OpenError::Url) && !error.is_passing());
        assert!(!error.to_string().contains("secret"));
    }
}
