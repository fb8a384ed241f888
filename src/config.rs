//! Settings: flags and environment, read once, checked before anything is opened.

mod cluster;
mod commands;
mod conversation;
mod files;
mod foreign;
mod import;
mod limits;
mod secrets;
mod staff;

use std::{net::SocketAddr, str::FromStr, time::Duration};

use tracing_subscriber::filter::LevelFilter;

use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};

use crate::{
    files::StorePlace,
    model::{Millis, WorkspaceId, limits::ID_BYTES},
    rest::RestSettings,
    server::{ARRIVING_MAX, Mount, Origins, Settings},
};

pub use cluster::{Cluster, ClusterError};
pub use commands::{CheckArgs, Cli, Command, IdentityArgs, Keys, TokenArgs};
pub use conversation::Conversation;
pub use files::FileArgs;
pub use foreign::Issuers;
pub use import::ImportArgs;
pub use limits::Limits;
pub use secrets::{Looked, Origin, Secrets, SecretsError};
pub use staff::{
    DataDir, MigrateArgs, OperatorArgs, OperatorCommand, PasswordArgs, Whom, WorkspaceArgs,
    WorkspaceCommand,
};

#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address and port to serve on; unset: 0.0.0.0:3001.
    #[arg(long, env = "LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Port to serve on, on all addresses, unless LISTEN is given.
    #[arg(long, env = "SOCKET_PORT")]
    socket_port: Option<u16>,
    /// As SOCKET_PORT, which comes first.
    #[arg(long, env = "PORT")]
    port: Option<u16>,
    /// Address and port of /metrics; keep it off the public network.
    #[arg(
        long,
        env = "METRICS_LISTEN",
        default_value = "0.0.0.0:9464",
        value_name = "ADDRESS:PORT"
    )]
    pub metrics_listen: SocketAddr,
    /// Filled by `Config::find_cluster`.
    #[arg(skip)]
    pub cluster: Option<Cluster>,
    /// What the keys in Redis begin with: several deployments can share one.
    #[arg(long, env = "REDIS_PREFIX", default_value = "sb", value_parser = NonEmptyStringValueParser::new())]
    pub redis_prefix: String,
    /// How long a request is held while Redis is in passing trouble.
    #[arg(long, env = "REDIS_HOLD", default_value = "5s")]
    pub redis_hold: Span,
    /// What an ack says of a message: `accepted`, in Redis, or `stored`, in the history; unset:
    /// accepted with REDIS_URL, stored without.
    #[arg(long, env = "ACK", value_enum)]
    ack: Option<Ack>,
    #[command(flatten)]
    pub keys: Keys,
    /// Origins of pages that may connect, by comma, or `*`; unset: the relay's own and, without
    /// REDIS_URL, loopback.
    #[arg(long, env = "CORS_ORIGIN", value_delimiter = ',')]
    cors_origin: Vec<String>,
    /// As CORS_ORIGIN, which comes first.
    #[arg(long, env = "FRONTEND_URL", value_delimiter = ',')]
    frontend_url: Vec<String>,
    /// Workspaces beside `default`, by comma.
    #[arg(long, env = "WORKSPACES", value_delimiter = ',', value_parser = workspace)]
    pub workspaces: Vec<String>,
    #[command(flatten)]
    pub conversation: Conversation,
    /// An ack that waits for storage is answered `pending` after this.
    #[arg(long, env = "ACK_TIMEOUT", default_value = "10s")]
    ack_timeout: Span,
    /// Time between pings.
    #[arg(long, env = "PING_INTERVAL", default_value = "25s")]
    ping_interval: Span,
    /// A client that does not answer a ping for so long is gone.
    #[arg(long, env = "PING_TIMEOUT", default_value = "20s")]
    ping_timeout: Span,
    /// For the change from polling to WebSocket.
    #[arg(long, env = "UPGRADE_TIMEOUT", default_value = "10s")]
    upgrade_timeout: Span,
    /// PING_TIMEOUT of the /chat mount.
    #[arg(long, env = "CHAT_PING_TIMEOUT", default_value = "60s")]
    chat_ping_timeout: Span,
    /// UPGRADE_TIMEOUT of the /chat mount.
    #[arg(long, env = "CHAT_UPGRADE_TIMEOUT", default_value = "30s")]
    chat_upgrade_timeout: Span,
    /// Until a connection must have joined a namespace.
    #[arg(long, env = "CONNECT_TIMEOUT", default_value = "45s")]
    connect_timeout: Span,
    /// Until whoever says by an event who it is (`join`) must have said so, unless it has shown a token before.
    #[arg(long, env = "JOIN_TIMEOUT", default_value = "30s")]
    pub join_timeout: Span,
    /// Largest request body and WebSocket message, in bytes.
    #[arg(long, env = "MAX_PAYLOAD", default_value_t = 1_000_000, value_parser = payload_size)]
    max_payload: usize,
    /// MAX_PAYLOAD of the /chat mount.
    #[arg(long, env = "CHAT_MAX_PAYLOAD", default_value_t = 8_000_000, value_parser = payload_size)]
    chat_max_payload: usize,
    /// Longest text of a message, in bytes.
    #[arg(long, env = "MAX_TEXT", default_value_t = 16 * 1024, value_parser = count)]
    pub max_text: usize,
    /// TCP connections at a time.
    #[arg(long, env = "MAX_CONNECTIONS", default_value_t = 15_000, value_parser = count)]
    max_connections: usize,
    /// How long a login with a password lasts.
    #[arg(long, env = "LOGIN_LIFE", default_value = "12h")]
    login_life: Span,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub files: FileArgs,
    /// How long a lost connection can be recovered.
    #[arg(long, env = "RECOVERY_WINDOW", default_value = "1h")]
    pub recovery_window: Span,
    /// A client that takes nothing for so long is closed.
    #[arg(long, env = "SLOW_TIMEOUT", default_value = "30s")]
    slow_timeout: Span,
    /// Over which clients are sent away when the process ends; unset: 60s with REDIS_URL, and 1s
    /// without, since a single process has nowhere to send them.
    #[arg(long, env = "DRAIN_TIMEOUT")]
    drain_timeout: Option<Span>,
    /// After which a silent pod counts as dead.
    #[arg(long, env = "POD_LEASE", default_value = "10s")]
    pod_lease: Span,
    /// Of the log, which goes to standard error.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,
    /// Try it out: prints what to open, and takes the next free port if this one is busy.
    #[arg(long = "try")]
    pub trial: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Json,
    Text,
}

/// When a message is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ack {
    Accepted,
    Stored,
}

/// A duration as `250ms`, `25s`, `30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Span {
    pub fn ms(self) -> Millis {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Span {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}

/// Settings that contradict each other, or ask for what is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "ACK=accepted needs REDIS_URL: without it nothing outlives the process but what is stored; unset ACK"
    )]
    Accepted,
    #[error("MAX_TEXT is above MAX_PAYLOAD: no message of that length would arrive")]
    Text,
    #[error(
        "LOG: {0:?} is neither a level (error, warn, info, debug, trace, off) nor target=level"
    )]
    Log(String),
    #[error("{0} must be longer than 0s")]
    Zero(&'static str),
    #[error(
        "CORS_ORIGIN must list origins as https://host[:port], or be * alone: {0:?} is neither"
    )]
    Origin(String),
    #[error(
        "GUEST_NAMESPACES and OPERATOR_NAMESPACES both have {0:?}: guests connect on /public-portal and those of the one, operators on / and those of the other"
    )]
    Namespace(String),
}

/// In one process it costs next to nothing; in a cluster every look is a command of an idle pod.
const SWEEP_EMBEDDED: Duration = Duration::from_millis(500);
const SWEEP_CLUSTER: Duration = Duration::from_secs(5);
const DRAIN_EMBEDDED: Duration = Duration::from_secs(1);
const DRAIN_CLUSTER: Duration = Duration::from_secs(60);
/// Longer than a proxy that asks for readiness takes to hear of the end. A single process has no proxy that
/// could send anybody elsewhere.
const QUIET_CLUSTER: Duration = Duration::from_secs(5);
const QUIET_EMBEDDED: Duration = Duration::ZERO;

impl Config {
    const PORT: u16 = 3001;

    pub fn listen(&self) -> SocketAddr {
        let port = self.socket_port.or(self.port).unwrap_or(Self::PORT);
        self.listen
            .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], port)))
    }

    /// Looks for the addresses of a cluster in the environment.
    pub fn find_cluster(&mut self) -> Result<(), ClusterError> {
        self.cluster = Cluster::from_environment()?;
        Ok(())
    }

    /// Where files go; `None`: into the database.
    pub fn file_store(&self) -> Option<StorePlace> {
        let folder = self.keys.data_dir.join("files");
        let folder = self.cluster.is_none().then_some(StorePlace::Folder(folder));
        self.files.place().cloned().or(folder)
    }

    pub fn secrets(&self) -> Result<Secrets, SecretsError> {
        let embedded = self.cluster.is_none();
        let folder = embedded.then_some(self.keys.data_dir.as_path());
        Secrets::load(&self.keys.issuers, folder)
    }

    /// Where the secrets come from; none is made.
    pub fn look_at_secrets(&self) -> Looked {
        let embedded = self.cluster.is_none();
        let folder = embedded.then_some(self.keys.data_dir.as_path());
        Secrets::look(&self.keys.issuers, folder)
    }

    /// Whether an ack may be given before the message is in the history.
    pub fn ack(&self) -> Result<Ack, ConfigError> {
        match (self.ack, &self.cluster) {
            (Some(Ack::Accepted), None) => Err(ConfigError::Accepted),
            (Some(ack), _) => Ok(ack),
            (None, Some(_)) => Ok(Ack::Accepted),
            (None, None) => Ok(Ack::Stored),
        }
    }

    pub fn settings(&self) -> Result<Settings, ConfigError> {
        self.ack()?;
        if let Some((name, _)) = self.spans().iter().find(|(_, span)| span.ms() == 0) {
            return Err(ConfigError::Zero(name));
        }
        if self.max_text > self.max_payload {
            return Err(ConfigError::Text);
        }
        self.conversation.namespaces()?;
        let (drain, quiet, sweep) = match self.cluster {
            Some(_) => (DRAIN_CLUSTER, QUIET_CLUSTER, SWEEP_CLUSTER),
            None => (DRAIN_EMBEDDED, QUIET_EMBEDDED, SWEEP_EMBEDDED),
        };
        Ok(Settings {
            mounts: self.mounts(),
            allow_eio3: self.limits.allow_eio3,
            origins: self.origins()?,
            proxies: self.limits.proxies(),
            handshakes: self.limits.rate_handshake,
            max_connections: self.max_connections,
            arriving_max: ARRIVING_MAX,
            connect_timeout_ms: self.connect_timeout.ms(),
            ack_timeout_ms: self.ack_timeout.ms(),
            slow_timeout: self.slow_timeout.0,
            recovery_window_ms: self.recovery_window.ms(),
            drain: self.drain_timeout.map_or(drain, |span| span.0),
            quiet,
            pod_lease_ms: self.pod_lease.ms(),
            sweep,
        })
    }

    pub fn rest(&self) -> Result<RestSettings, ConfigError> {
        Ok(RestSettings {
            waits_for_storage: self.ack()? == Ack::Stored,
            ack_timeout: self.ack_timeout.0,
            login_life: self.login_life.0,
            rate_login: self.limits.rate_login,
            rate_login_network: self.limits.rate_login_network,
            rate_read: self.limits.rate_read(),
            max_body: self.max_payload,
        })
    }

    /// Those that mean nothing at zero.
    fn spans(&self) -> [(&'static str, Span); 14] {
        [
            ("ACK_TIMEOUT", self.ack_timeout),
            ("REDIS_HOLD", self.redis_hold),
            ("PING_INTERVAL", self.ping_interval),
            ("PING_TIMEOUT", self.ping_timeout),
            ("UPGRADE_TIMEOUT", self.upgrade_timeout),
            ("CHAT_PING_TIMEOUT", self.chat_ping_timeout),
            ("CHAT_UPGRADE_TIMEOUT", self.chat_upgrade_timeout),
            ("CONNECT_TIMEOUT", self.connect_timeout),
            ("JOIN_TIMEOUT", self.join_timeout),
            ("SLOW_TIMEOUT", self.slow_timeout),
            ("POD_LEASE", self.pod_lease),
            ("TRANSFER_TIMEOUT", self.conversation.transfer_timeout),
            ("LOGIN_LIFE", self.login_life),
            ("FILE_URL_LIFE", self.files.url_life()),
        ]
    }

    pub fn max_connections(&self) -> usize {
        self.max_connections
    }

    /// How long a client waits for a ping, and with it for an answer to its poll.
    pub fn silence(&self) -> Duration {
        self.ping_interval.0 + self.ping_timeout.0
    }

    fn mounts(&self) -> Vec<Mount> {
        let standard = Mount {
            path: "/socket.io/".into(),
            ping_interval_ms: self.ping_interval.ms(),
            ping_timeout_ms: self.ping_timeout.ms(),
            upgrade_timeout_ms: self.upgrade_timeout.ms(),
            max_payload: self.max_payload,
            raw: false,
        };
        let chat = Mount {
            path: "/chat/".into(),
            ping_timeout_ms: self.chat_ping_timeout.ms(),
            upgrade_timeout_ms: self.chat_upgrade_timeout.ms(),
            max_payload: self.chat_max_payload,
            ..standard.clone()
        };
        vec![standard, chat]
    }

    fn origins(&self) -> Result<Origins, ConfigError> {
        let listed = if self.cors_origin.is_empty() {
            &self.frontend_url
        } else {
            &self.cors_origin
        };
        let listed: Vec<String> = listed
            .iter()
            .map(|origin| origin.trim().trim_end_matches('/').to_owned())
            .collect();
        match listed.as_slice() {
            [] => Ok(Origins::Own {
                loopback: self.cluster.is_none(),
            }),
            [any] if any == "*" => Ok(Origins::Any),
            _ => match listed.iter().find(|origin| !is_origin(origin)) {
                Some(wrong) => Err(ConfigError::Origin(wrong.clone())),
                None => Ok(Origins::Listed(listed)),
            },
        }
    }
}

fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
}

/// What to log: levels, and targets with levels. A word that is neither would name a target, and all
/// else would be silent.
#[expect(clippy::disallowed_methods, reason = "the settings are read here")]
pub fn log_directives() -> Result<String, ConfigError> {
    let text = std::env::var("LOG").unwrap_or_default();
    let is_level = |part: &str| part.parse::<LevelFilter>().is_ok();
    let mut parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    match parts.find(|part| !part.contains(['=', '[']) && !is_level(part)) {
        Some(wrong) => Err(ConfigError::Log(wrong.to_owned())),
        None => Ok(text),
    }
}

fn workspace(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.len() > ID_BYTES || name.contains(char::is_whitespace) {
        return Err("a name is not empty and has no blanks".into());
    }
    if !WorkspaceId::is_name(name) {
        return Err("no workspace is called widget, nor begins its name with widget:".into());
    }
    Ok(name.to_owned())
}

fn payload_size(text: &str) -> Result<usize, String> {
    const SIZES: std::ops::RangeInclusive<usize> = 1_000..=100_000_000;
    let size: usize = text
        .parse()
        .map_err(|_| "not a number of bytes".to_owned())?;
    if SIZES.contains(&size) {
        Ok(size)
    } else {
        Err("must be between 1000 and 100000000 bytes".into())
    }
}

fn count(text: &str) -> Result<usize, String> {
    const COUNTS: std::ops::RangeInclusive<usize> = 1..=100_000_000;
    let count = text.parse().map_err(|_| "not a number".to_owned())?;
    if COUNTS.contains(&count) {
        Ok(count)
    } else {
        Err("must be between 1 and 100000000".into())
    }
}
