use deadpool_postgres::{BuildError, Client, Pool, PoolError};
use tokio_postgres::Error;
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::warn;

use super::{
    address::Address,
    database,
    failure::{self, Told},
    schema, tls,
};

/// Why the history did not open; each one says what to look at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("DATABASE_URL is no Postgres URL; write postgres://user:password@host:5432/database")]
    Url,
    #[error("{0} in DATABASE_URL must be {1}")]
    Parameter(&'static str, &'static str),
    #[error("cannot verify the certificate of Postgres: {0}")]
    Certificates(String),
    #[error("Postgres cannot be reached")]
    Unreachable(#[source] Cause),
    #[error("Postgres refuses what DATABASE_URL says")]
    Refused(#[source] Cause),
    #[error("Postgres 14 or newer is needed, this is {found}")]
    Version { found: String },
    #[error("a database in UTF8 is needed, this one is in {found}")]
    Encoding { found: String },
    #[error("cannot bring the database to this release's schema")]
    Migrate(#[source] Cause),
    #[error("cannot make a pool of connections")]
    Pool(#[from] BuildError),
}

impl OpenError {
    /// Nobody has to change anything for the next attempt to succeed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// What the server or the way to it said, without the content of rows.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Cause(pub(super) String);

impl From<&Error> for Cause {
    fn from(error: &Error) -> Self {
        Self(Told(error).to_string())
    }
}

/// The oldest release that is maintained when this was written.
const OLDEST: i32 = 140_000;
const WRITERS: usize = 4;
/// Reads beyond this many at a time wait for one another.
const READERS: usize = 8;
/// What a pod opens at most.
pub const CONNECTIONS: usize = WRITERS + READERS;
/// The server gives up before the call does, and frees the row of the cursor if a pod dies holding it.
pub const LIMITS: &str = "-c statement_timeout=5s -c idle_in_transaction_session_timeout=10s";
/// A migration takes its time; only waiting for another pod's has an end.
const MIGRATION_LIMITS: &str = "-c statement_timeout=0 -c lock_timeout=30s";

/// The connections for writing and those for reading, to a schema that this release can use.
pub async fn open(url: &str) -> Result<(Pool, Pool), OpenError> {
    let address = Address::parse(url)?;
    let tls = tls::connector(&address.trust)?;
    migrated(&address, &tls).await?;
    let (writers, readers) = shared(address.connections.unwrap_or(CONNECTIONS));
    let size = |size| database::Size {
        connections: size,
        wait: address.wait,
    };
    let writers = database::pool(address.with(LIMITS), tls.clone(), size(writers))?;
    let readers = database::pool(address.with(LIMITS), tls, size(readers))?;
    Ok((writers, readers))
}

/// So many for writing, and for reading: a third, but no more than the partitions of a pod keep busy.
fn shared(connections: usize) -> (usize, usize) {
    let writers = (connections / 3).clamp(1, WRITERS);
    (writers, connections.saturating_sub(writers).max(1))
}

/// Nothing but the migrations; returns which were applied.
pub async fn migrate(url: &str) -> Result<Vec<String>, OpenError> {
    let address = Address::parse(url)?;
    let tls = tls::connector(&address.trust)?;
    migrated(&address, &tls).await
}

async fn migrated(address: &Address, tls: &MakeRustlsConnect) -> Result<Vec<String>, OpenError> {
    let first = database::pool(
        address.with(MIGRATION_LIMITS),
        tls.clone(),
        database::Size::ONE,
    )?;
    let mut client = first.get().await.map_err(unreached)?;
    check(&client).await?;
    schema::migrate(&mut client).await
}

pub fn unreached(error: PoolError) -> OpenError {
    match error {
        PoolError::Backend(error) => unanswered(&error),
        _ => OpenError::Unreachable(late()),
    }
}

pub fn late() -> Cause {
    Cause("no answer in time".into())
}

pub fn unanswered(error: &Error) -> OpenError {
    if failure::is_passing(error) {
        OpenError::Unreachable(error.into())
    } else if failure::is_untrusted(error) {
        OpenError::Certificates(Told(error).to_string())
    } else {
        OpenError::Refused(error.into())
    }
}

/// What the server says of itself.
#[derive(Clone, Debug)]
pub struct Server {
    number: i32,
    pub version: String,
    encoding: String,
    /// It acknowledges before it has written.
    pub loses: bool,
}

impl Server {
    pub async fn ask(client: &Client) -> Result<Self, OpenError> {
        const ASK: &str = "SELECT current_setting('server_version_num')::int AS number,
            current_setting('server_version') AS version,
            current_setting('server_encoding') AS encoding,
            current_setting('synchronous_commit') = 'off' OR current_setting('fsync') = 'off' AS loses";
        let asked = async {
            let row = client.query_one(ASK, &[]).await?;
            Ok(Self {
                number: row.try_get("number")?,
                version: row.try_get("version")?,
                encoding: row.try_get("encoding")?,
                loses: row.try_get("loses")?,
            })
        };
        asked.await.map_err(|error: Error| unanswered(&error))
    }

    /// Whether this release can use it.
    pub fn check(&self) -> Result<(), OpenError> {
        if self.number < OLDEST {
            let found = self.version.clone();
            return Err(OpenError::Version { found });
        }
        if self.encoding != "UTF8" {
            let found = self.encoding.clone();
            return Err(OpenError::Encoding { found });
        }
        Ok(())
    }
}

async fn check(client: &Client) -> Result<(), OpenError> {
    let server = Server::ask(client).await?;
    server.check()?;
    if server.loses {
        warn!(
            "Postgres acknowledges before it has written (fsync, synchronous_commit): a crash loses messages"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_shared_between_writing_and_reading() {
        for (all, expected) in [(2, (1, 1)), (3, (1, 2)), (12, (4, 8)), (20, (4, 16))] {
            assert_eq!(shared(all), expected, "{all}");
        }
        assert_eq!(shared(CONNECTIONS), (WRITERS, READERS));
    }

    #[test]
    fn an_old_postgres_is_refused() {
        for (number, version, fine) in [(130_022, "13.22", false), (140_000, "14.0", true)] {
            let server = Server {
                number,
                version: version.into(),
                encoding: "UTF8".into(),
                loses: false,
            };
            let checked = server.check();
            assert_eq!(checked.is_ok(), fine, "{version}");
            let Err(error) = checked else { continue };
            assert!(!error.is_passing());
            let said = "Postgres 14 or newer is needed, this is 13.22";
            assert_eq!(error.to_string(), said);
        }
    }
}
