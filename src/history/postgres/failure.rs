//! What went wrong, told without what guests wrote: the server's messages quote rows in `DETAIL`, and
//! values in the message itself where a value was refused.

use std::{error, error::Error as _, fmt, io};

use deadpool_postgres::PoolError;
use tokio_postgres::{Error, error::SqlState};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{}", Told(.0))]
    Postgres(Error),
    #[error("no connection in time")]
    NoConnection,
    #[error("no answer in time")]
    Late,
    #[error("column {0} holds what this release does not know")]
    Unknown(&'static str),
    #[error("an entry cannot be written as JSON")]
    Unwritable,
}

impl Failure {
    /// Connections that were made before are of no use: the server is gone, it is a standby now, or
    /// what was prepared on them is no longer valid.
    pub fn ends_connections(&self) -> bool {
        match self {
            Self::Postgres(error) => match error.code() {
                None => true,
                Some(code) => {
                    matches!(class(code), "08" | "57") && *code != SqlState::QUERY_CANCELED
                        || *code == SqlState::READ_ONLY_SQL_TRANSACTION
                        || *code == SqlState::FEATURE_NOT_SUPPORTED
                        || *code == SqlState::INVALID_SQL_STATEMENT_NAME
                }
            },
            Self::NoConnection | Self::Late => true,
            Self::Unknown(_) | Self::Unwritable => false,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Postgres(error),
            _ => Self::NoConnection,
        }
    }
}

/// A row is at fault, and it will be the next time: a value that its column does not take, or one
/// that is too long for an index.
pub fn refuses_a_row(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        matches!(class(code), "22" | "23") || *code == SqlState::PROGRAM_LIMIT_EXCEEDED
    })
}

/// A text with NUL, which no row can hold.
pub fn is_impossible_text(error: &Error) -> bool {
    error.code() == Some(&SqlState::CHARACTER_NOT_IN_REPERTOIRE)
}

/// The server may answer better later: it starts, stops, is out of room, or was not reached at all.
/// What the driver itself finds wrong, such as a password that is missing, stays so.
pub fn is_passing(error: &Error) -> bool {
    match (error.code(), error.source()) {
        (Some(code), _) => matches!(class(code), "08" | "53" | "57"),
        (None, Some(cause)) => cause.is::<io::Error>() && !is_untrusted(error),
        (None, None) => true,
    }
}

/// The server's certificate is not one to be trusted.
pub fn is_untrusted(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    let cause = cause.and_then(io::Error::get_ref);
    let cause = cause.and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(rustls::Error::InvalidCertificate(_)))
}

/// An error as it may be logged.
pub struct Told<'a>(pub &'a Error);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = self.0.as_db_error() else {
            return untold(self.0, f);
        };
        write!(f, "{} {}", error.severity(), error.code().code())?;
        if !matches!(class(error.code()), "22" | "23") {
            write!(f, ": {}", error.message())?;
        }
        let names = [error.table(), error.column(), error.constraint()];
        for name in names.into_iter().flatten() {
            write!(f, ", {name}")?;
        }
        Ok(())
    }
}

/// Not of the server: of the way to it.
fn untold(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let cause = error.source();
    cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
}

/// The first server error in a chain of causes.
pub fn server_error<'a>(mut error: &'a (dyn error::Error + 'static)) -> Option<&'a Error> {
    loop {
        match error.downcast_ref() {
            Some(found) => return Some(found),
            None => error = error.source()?,
        }
    }
}

fn class(code: &SqlState) -> &str {
    code.code().get(..2).unwrap_or_default()
}
