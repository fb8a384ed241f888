use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use object_store::{
    ObjectStore, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, path::Path as Key,
    prefix::PrefixStore,
};

use super::s3::Https;

/// Of a request that a bucket has not answered, and for how long in all.
const RETRIES: usize = 3;
const RETRIED: Duration = Duration::from_secs(10);

/// Where bytes of files go, by the setting FILES.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder: of one process, or shared by all pods.
    Folder(PathBuf),
    /// `s3://bucket` or `s3://bucket/prefix`; keys and endpoint by the environment variables that all of its clients
    /// know, as AWS_ACCESS_KEY_ID.
    S3 { bucket: String, prefix: String },
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot make the folder of the files, {}", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    #[error("the file store")]
    Store(#[from] object_store::Error),
    #[error("the file store: no certificates of this machine")]
    Certificates(#[from] std::io::Error),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("s3://") else {
            let folder = text.strip_prefix("file://").unwrap_or(text);
            if folder.is_empty() || folder.contains("://") {
                return Err("must be a folder, or s3://bucket/prefix".into());
            }
            return Ok(Self::Folder(folder.into()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err("names no bucket: s3://bucket/prefix".into());
        }
        Ok(Self::S3 {
            bucket: bucket.into(),
            prefix: prefix.into(),
        })
    }
}

/// Opens it. That it can be reached is seen with the first file.
pub fn open(place: &Place) -> Result<Arc<dyn ObjectStore>, StoreError> {
    match place {
        Place::Folder(folder) => self::folder(folder),
        Place::S3 { bucket, prefix } => self::bucket(bucket, prefix),
    }
}

pub fn bucket(bucket: &str, prefix: &str) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let store = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_http_connector(Https::new()?)
        .with_retry(retry())
        .build()?;
    if prefix.is_empty() {
        return Ok(Arc::new(store));
    }
    let prefix = Key::parse(prefix).map_err(object_store::Error::from)?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

/// Whoever sends a file waits for it.
fn retry() -> RetryConfig {
    RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRIED,
        ..RetryConfig::default()
    }
}

fn folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let made = std::fs::create_dir_all(folder);
    made.map_err(|error| StoreError::Folder(folder.into(), error))?;
    // What was answered to be stored outlives a loss of power.
    let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
    Ok(Arc::new(store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        let s3 = |bucket: &str, prefix: &str| {
            Ok(Place::S3 {
                bucket: bucket.into(),
                prefix: prefix.into(),
            })
        };
        assert_eq!("s3://chat".parse(), s3("chat", ""));
        assert_eq!("s3://chat/a/b".parse(), s3("chat", "a/b"));
        assert_eq!("./files".parse(), Ok(Place::Folder("./files".into())));
        assert_eq!("file:///srv/f".parse(), Ok(Place::Folder("/srv/f".into())));
        for wrong in ["", "s3://", "s3:///x", "gs://chat", "file://"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
