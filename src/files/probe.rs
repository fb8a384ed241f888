use std::{error::Error, time::Duration};

use object_store::{ObjectStoreExt as _, client::HttpError, path::Path};

use super::store::{self, StoreError};

/// For the answer of a bucket, whatever is tried again meanwhile.
const TIMEOUT: Duration = Duration::from_secs(5);
/// No file of ours lies there.
const NOWHERE: &str = "switchboard-check";
/// By the protocol: the same status is of a file that is not there.
const NO_BUCKET: &str = "NoSuchBucket";

/// Why a bucket cannot be told to be there. What it says itself may name keys, and is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    /// A start would be refused.
    #[error(transparent)]
    Setting(#[from] StoreError),
    #[error("there is no such bucket")]
    Absent,
    #[error("it answers, and does not let its files be read")]
    Refused,
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Silent,
    #[error("no answer: {0}")]
    Unreached(String),
    #[error("it answers with an error")]
    Failed,
}

/// Asks for a file that is not there, as the relay asks for those that are, which changes nothing.
pub async fn probe(bucket: &str, prefix: &str) -> Result<(), Unseen> {
    let store = store::bucket(bucket, prefix)?;
    let nowhere = Path::from(NOWHERE);
    let asked = tokio::time::timeout(TIMEOUT, store.get(&nowhere)).await;
    match asked.map_err(|_| Unseen::Silent)? {
        Ok(_) => Ok(()),
        Err(error) => judge(&error),
    }
}

fn judge(error: &object_store::Error) -> Result<(), Unseen> {
    use object_store::Error as Of;
    Err(match error {
        Of::NotFound { source, .. } if source.to_string().contains(NO_BUCKET) => Unseen::Absent,
        Of::NotFound { .. } => return Ok(()),
        Of::PermissionDenied { .. } | Of::Unauthenticated { .. } => Unseen::Refused,
        error => unreached(error).map_or(Unseen::Failed, Unseen::Unreached),
    })
}

/// The first cause, if it is of the connection and not an answer.
fn unreached(error: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = anyhow::Chain::new(error);
    causes.find(|cause| cause.is::<HttpError>())?;
    causes.last().map(ToString::to_string)
}
