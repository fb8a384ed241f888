use super::secrets::{SecretsError, from_environment};

/// Where the shared state of several pods is. Both hold passwords: from the environment or files only.
#[derive(Clone)]
pub struct Cluster {
    pub redis_url: String,
    pub database_url: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "REDIS_URL is set, but DATABASE_URL is not: pods that share Redis need a Postgres to store to; set DATABASE_URL, or unset REDIS_URL to run embedded"
    )]
    NoDatabase,
    #[error(
        "DATABASE_URL is set, but REDIS_URL is not: pods that share a Postgres need a Redis between them; set REDIS_URL, or unset DATABASE_URL to run embedded"
    )]
    NoRedis,
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl Cluster {
    /// `None` to run embedded, in one process.
    pub fn from_environment() -> Result<Option<Self>, ClusterError> {
        let set = |text: Option<String>| {
            let text = text.map(|text| text.trim().to_owned());
            text.filter(|text| !text.is_empty())
        };
        let redis_url = set(from_environment("REDIS_URL")?);
        let database_url = set(from_environment("DATABASE_URL")?);
        match (redis_url, database_url) {
            (None, None) => Ok(None),
            (Some(redis_url), Some(database_url)) => Ok(Some(Self {
                redis_url,
                database_url,
            })),
            (Some(_), None) => Err(ClusterError::NoDatabase),
            (None, Some(_)) => Err(ClusterError::NoRedis),
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cluster(..)")
    }
}
