//! What a Postgres says of itself and of this role, without a write: for whoever looks before a start.

mod rights;
mod schema;

use std::{fmt::Write as _, future::Future, time::Duration};

use deadpool_postgres::Client;
use tokio::time::{Instant, timeout};
use tokio_postgres::{Error, config::Host};

pub use super::open::Server;
pub use rights::Rights;
pub use schema::{Index, Schema, State};

use super::{
    address::Address,
    database,
    failure::Told,
    open::{self, LIMITS, OpenError},
    tls,
};
use crate::model::{Clock, Millis, Skew};

/// For the connection; of several hosts in the URL each takes a part of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// For the answer to one question.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the URL leads to, and what is there.
#[derive(Debug)]
pub struct Probe {
    /// Hosts, database and user; without a password.
    pub place: String,
    pub answer: Result<Facts, OpenError>,
}

#[derive(Debug)]
pub struct Facts {
    /// To the first answer.
    pub took: Duration,
    pub server: Server,
    pub skew: Result<Skew, Unanswered>,
    pub room: Result<Room, Unanswered>,
    pub schema: Result<Schema, Unanswered>,
    pub rights: Result<Rights, Unanswered>,
}

/// Connections.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// That there may be for this role.
    pub allowed: i64,
    pub used: i64,
}

/// A question without an answer, or one that this role may not ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unanswered(String);

/// Fails only if the URL is none. On the connection nothing can be written.
pub async fn probe(url: &str, clock: &Clock) -> Result<Probe, OpenError> {
    let address = Address::parse(url)?;
    Ok(Probe {
        place: place(&address),
        answer: ask(&address, clock).await,
    })
}

async fn ask(address: &Address, clock: &Clock) -> Result<Facts, OpenError> {
    let began = Instant::now();
    let tls = tls::connector(&address.trust)?;
    let pool = database::pool(address.with(LIMITS), tls, database::Size::ONE)?;
    let late = || OpenError::Unreachable(open::late());
    let client = timeout(CONNECT_TIMEOUT, pool.get()).await;
    let client = client.map_err(|_| late())?.map_err(open::unreached)?;
    let server = timeout(ASK_TIMEOUT, async {
        // Whatever is asked from here on.
        let sealed = client
            .batch_execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            .await;
        sealed.map_err(|error| open::unanswered(&error))?;
        Server::ask(&client).await
    });
    let server = server.await.map_err(|_| late())??;
    let took = began.elapsed();
    Ok(Facts {
        took,
        server,
        skew: answer(skew(&client, clock)).await,
        room: answer(room(&client)).await,
        schema: answer(schema::look(&client)).await,
        rights: answer(rights::look(&client)).await,
    })
}

async fn answer<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Unanswered> {
    match timeout(ASK_TIMEOUT, work).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Unanswered(Told(&error).to_string())),
        Err(_) => {
            let seconds = ASK_TIMEOUT.as_secs();
            Err(Unanswered(format!("no answer within {seconds} s")))
        }
    }
}

async fn skew(client: &Client, clock: &Clock) -> Result<Skew, Error> {
    const ASK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let statement = client.prepare(ASK).await?;
    let (asked_at, began) = (clock.now(), Instant::now());
    let row = client.query_one(&statement, &[]).await?;
    let took = began.elapsed();
    let theirs = Millis::try_from(row.try_get::<_, i64>(0)?).unwrap_or(0);
    Ok(Skew::new(asked_at, took, theirs))
}

async fn room(client: &Client) -> Result<Room, Error> {
    const ASK: &str = "SELECT
        (current_setting('max_connections')::bigint
            - current_setting('superuser_reserved_connections')::bigint) AS server,
        (SELECT rolconnlimit::bigint FROM pg_roles WHERE rolname = current_user) AS role,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
        (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user) AS by_role";
    let row = client.query_one(ASK, &[]).await?;
    let (server, role): (i64, Option<i64>) = (row.try_get("server")?, row.try_get("role")?);
    Ok(match role {
        Some(limit) if (0..server).contains(&limit) => Room {
            allowed: limit,
            used: row.try_get("by_role")?,
        },
        _ => Room {
            allowed: server,
            used: row.try_get("used")?,
        },
    })
}

fn place(address: &Address) -> String {
    const PORT: u16 = 5432;
    let config = &address.config;
    let mut place = String::new();
    for (at, host) in config.get_hosts().iter().enumerate() {
        let ports = config.get_ports();
        // One port for all, or one for each.
        let port = ports.get(at).or(ports.first()).copied().unwrap_or(PORT);
        let joint = if at == 0 { "" } else { "," };
        let _ = match host {
            Host::Tcp(name) => write!(place, "{joint}{name}:{port}"),
            Host::Unix(path) => write!(place, "{joint}{}", path.display()),
        };
    }
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    format!("{place}/{database} as {user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_no_password() {
        for (url, told) in [
            (
                "postgres://ada:secret@one:1,two:2/chat?sslmode=disable",
                "one:1,two:2/chat as ada",
            ),
            ("postgres://ada:secret@one", "one:5432/ada as ada"),
        ] {
            assert_eq!(place(&Address::parse(url).unwrap()), told);
        }
    }
}
