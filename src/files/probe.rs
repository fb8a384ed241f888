use std::{error::Error, time::Duration};

use futures_util::StreamExt as _;
use object_store::client::HttpError;

use super::store::{self, StoreError};

/// For the answer of a bucket, whatever is tried again meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why a bucket cannot be told to be there. What it says itself may name keys, and is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    /// A start would be refused.
    #[error(transparent)]
    Setting(#[from] StoreError),
    #[error("there is no such bucket")]
    Absent,
    #[error("it answers, and does not let its files be listed")]
    Refused,
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Silent,
    #[error("no answer: {0}")]
    Unreached(String),
    #[error("it answers with an error")]
    Failed,
}

/// Asks for a list of what is there, which changes nothing.
pub async fn probe(bucket: &str, prefix: &str) -> Result<(), Unseen> {
    let store = store::bucket(bucket, prefix)?;
    let mut listed = store.list(None);
    let first = tokio::time::timeout(TIMEOUT, listed.next()).await;
    match first.map_err(|_| Unseen::Silent)? {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(unseen(&error)),
    }
}

fn unseen(error: &object_store::Error) -> Unseen {
    use object_store::Error as Of;
    match error {
        Of::NotFound { .. } => Unseen::Absent,
        Of::PermissionDenied { .. } | Of::Unauthenticated { .. } => Unseen::Refused,
        error => match unreached(error) {
            Some(why) => Unseen::Unreached(why),
            None => Unseen::Failed,
        },
    }
}

/// The first cause, if it is of the connection and not an answer.
fn unreached(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = anyhow::Chain::new(error);
    causes.find(|cause| cause.is::<HttpError>())?;
    causes.last().map(ToString::to_string)
}
