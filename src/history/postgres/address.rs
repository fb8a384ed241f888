use std::{path::PathBuf, time::Duration};

use tokio_postgres::{
    Config,
    config::{SslMode, TargetSessionAttrs},
};

use super::open::OpenError;

/// Where the server is, and whom to take for it.
pub struct Address {
    pub config: Config,
    pub trust: Trust,
    /// `connection_limit`: what a pod opens at most.
    pub connections: Option<usize>,
    /// `pool_timeout`: how long one waits for a connection.
    pub wait: Option<Duration>,
}

/// Whose certificate is good enough.
#[derive(Debug, PartialEq, Eq)]
pub enum Trust {
    /// `sslmode=prefer`, which does without encryption as well: it keeps out who only listens.
    Anyone,
    /// The authorities that this machine trusts.
    Machine,
    /// Those in a PEM file (`sslrootcert`).
    File(PathBuf),
    /// `sslmode=disable`.
    NoOne,
}

const CONNECT: Duration = Duration::from_secs(3);
/// Sent, but not acknowledged by the other machine: it is gone.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
const KEEPALIVES: u32 = 3;

impl Address {
    /// The driver knows `require` and no file of authorities; with rustls a required certificate is
    /// verified in full, so that `verify-ca` and `verify-full` are the same here.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(OpenError::Url);
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut kept, mut file) = (Vec::new(), None);
        let (mut connections, mut wait) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = form_urlencoded::parse(pair.as_bytes()).next() else {
                continue;
            };
            match (key.as_ref(), value.as_ref()) {
                ("sslmode", "verify-ca" | "verify-full") => kept.push("sslmode=require"),
                ("sslmode", "allow") => kept.push("sslmode=prefer"),
                ("sslrootcert", "system") => {}
                ("sslrootcert", path) => file = Some(PathBuf::from(path)),
                // As Prisma has them, whose URLs name them.
                ("connection_limit", number) => connections = Some(limit(number)?),
                ("pool_timeout", seconds) => wait = Some(seconds_of(seconds)?),
                _ => kept.push(pair),
            }
        }
        let config: Config = format!("{base}?{}", kept.join("&"))
            .parse()
            .map_err(|_| OpenError::Url)?;
        if config.get_hosts().is_empty() {
            return Err(OpenError::Url);
        }
        let trust = match (config.get_ssl_mode(), file) {
            (SslMode::Disable, _) => Trust::NoOne,
            (_, Some(file)) => Trust::File(file),
            (SslMode::Prefer, None) => Trust::Anyone,
            (_, None) => Trust::Machine,
        };
        let config = bounded(config);
        Ok(Self {
            config,
            trust,
            connections,
            wait,
        })
    }

    /// With settings of the server for this connection; those in the URL stand above them.
    pub fn with(&self, settings: &str) -> Config {
        let mut config = self.config.clone();
        let given = self.config.get_options().unwrap_or_default();
        config.options(format!("{settings} {given}"));
        config
    }
}

/// One to write and one to read is the least.
fn limit(text: &str) -> Result<usize, OpenError> {
    let limit = text.parse().ok().filter(|limit| *limit >= 2);
    limit.ok_or(OpenError::Parameter(
        "connection_limit",
        "a number of at least 2",
    ))
}

fn seconds_of(text: &str) -> Result<Duration, OpenError> {
    let seconds = text.parse().ok().filter(|seconds| *seconds >= 1);
    let seconds = seconds.ok_or(OpenError::Parameter("pool_timeout", "a number of seconds"))?;
    Ok(Duration::from_secs(seconds))
}

/// Nothing waits for a machine that is gone, unless the URL says how long.
fn bounded(mut config: Config) -> Config {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_idle(KEEPALIVE_IDLE);
        config.keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVES);
    }
    if config.get_application_name().is_none() {
        config.application_name("switchboard");
    }
    // After a failover the name may lead to what is a standby by now.
    if config.get_target_session_attrs() == TargetSessionAttrs::Any {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_says_whom_to_trust() {
        for (query, trust) in [
            ("", Trust::Anyone),
            ("?sslmode=disable", Trust::NoOne),
            ("?sslmode=require", Trust::Machine),
            ("?sslmode=verify-full&sslrootcert=system", Trust::Machine),
            (
                "?sslrootcert=%2Fca.pem&sslmode=verify-ca",
                Trust::File("/ca.pem".into()),
            ),
        ] {
            let address = Address::parse(&format!("postgres://a:b@host/c{query}")).unwrap();
            assert_eq!(address.trust, trust, "{query}");
        }
    }

    #[test]
    fn settings_of_the_url_are_kept() {
        let url = "postgresql://a@host/c?options=-c%20search_path%3Done&application_name=x";
        let config = Address::parse(url).unwrap().with("-c lock_timeout=1");
        assert_eq!(
            config.get_options(),
            Some("-c lock_timeout=1 -c search_path=one")
        );
        assert_eq!(config.get_application_name(), Some("x"));
    }

    #[test]
    fn the_bounds_of_prisma_are_kept_from_the_server() {
        let parse = |query: &str| Address::parse(&format!("postgres://a:b@host/c?{query}"));
        let address = parse("connection_limit=20&pool_timeout=20&sslmode=disable").unwrap();
        assert_eq!(address.connections, Some(20));
        assert_eq!(address.wait, Some(Duration::from_secs(20)));
        for wrong in ["connection_limit=1", "connection_limit=x", "pool_timeout=0"] {
            let refusal = parse(wrong).map(drop).unwrap_err().to_string();
            let name = wrong.split('=').next().unwrap();
            assert!(refusal.contains(name), "{refusal}");
        }
    }

    #[test]
    fn what_is_no_url_of_postgres_is_refused_without_its_password() {
        for url in [
            "",
            "mysql://root:secret@host/db",
            "host=h password=secret",
            "postgres://",
            "postgres://u:secret@host:port/db",
        ] {
            let refusal = Address::parse(url).map(drop).unwrap_err();
            let told = format!("{refusal} {refusal:?}");
            assert!(matches!(refusal, OpenError::Url), "{url}");
            assert!(
                told.contains("DATABASE_URL") && !told.contains("cret"),
                "{told}"
            );
        }
    }
}
