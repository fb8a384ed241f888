use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use deadpool_postgres::GenericClient as _;
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    path::Path,
};

use super::PostgresHistory;
use crate::history::Unavailable;

/// The files of a cluster that has no object store: a row each, written and read as a whole. By the connections for
/// reading, so that no upload keeps the messages waiting.
#[derive(Debug)]
pub struct PostgresFiles(pub Arc<PostgresHistory>);

impl fmt::Display for PostgresFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table of files")
    }
}

#[async_trait]
impl ObjectStore for PostgresFiles {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        _: PutOptions,
    ) -> Result<PutResult> {
        let bytes = Bytes::from(payload);
        let database = &self.0.database;
        let work = async {
            let client = database.reader().await?;
            // A path says what is in it: one that is there is the same.
            let sql = "INSERT INTO files (path, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            let statement = client.prepare_cached(sql).await?;
            let (path, bytes): (&str, &[u8]) = (location.as_ref(), &bytes);
            Ok(client.execute(&statement, &[&path, &bytes]).await?)
        };
        database.read("put_file", work).await.map_err(failed)?;
        Ok(PutResult {
            e_tag: None,
            version: None,
            extensions: Default::default(),
        })
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let database = &self.0.database;
        let work = async {
            let client = database.reader().await?;
            let sql = "SELECT bytes FROM files WHERE path = $1";
            let statement = client.prepare_cached(sql).await?;
            let row = client.query_opt(&statement, &[&location.as_ref()]).await?;
            Ok(row.map(|row| row.try_get::<_, Vec<u8>>(0)).transpose()?)
        };
        let bytes = database.read("get_file", work).await.map_err(failed)?;
        let bytes = bytes.map(Bytes::from).ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "no row".into(),
        })?;
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: Default::default(),
            size: bytes.len() as u64,
            e_tag: None,
            version: None,
        };
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(|error| Error::Generic {
                store: STORE,
                source: error.into(),
            })?,
            None => 0..meta.size,
        };
        let part = bytes.slice(within(&range));
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async move { Ok(part) }).boxed()),
            meta,
            range,
            attributes: Default::default(),
            extensions: Default::default(),
        })
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(missing("put_multipart"))
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(missing("delete")) }).boxed()
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::once(async { Err(missing("list")) }).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(missing("list"))
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(missing("copy"))
    }
}

const STORE: &str = "postgres";

/// It has been told already why.
fn failed(unavailable: Unavailable) -> Error {
    Error::Generic {
        store: STORE,
        source: unavailable.into(),
    }
}

/// The relay only puts and gets.
fn missing(operation: &str) -> Error {
    Error::NotImplemented {
        operation: operation.to_owned(),
        implementer: STORE.to_owned(),
    }
}

/// A range within bytes that are in memory.
fn within(range: &Range<u64>) -> Range<usize> {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    at(range.start)..at(range.end)
}
