use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use deadpool_postgres::GenericClient as _;
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, path::Path,
};
use tokio_postgres::types::ToSql;

use super::PostgresHistory;
use crate::history::Unavailable;

/// The files of a cluster that has no object store: a row each, written as a whole. By the connections for
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
        let (from, most) = asked(&options);
        let work = async {
            let client = database.reader().await?;
            // A player asks for many parts: of each no more is read than it has.
            let sql =
                "SELECT substr(bytes, $2, $3), octet_length(bytes) FROM files WHERE path = $1";
            let statement = client.prepare_cached(sql).await?;
            let (path, first, most) = (location.as_ref(), int(from).saturating_add(1), int(most));
            let asked: [&(dyn ToSql + Sync); 3] = [&path, &first, &most];
            let Some(row) = client.query_opt(&statement, &asked).await? else {
                return Ok(None);
            };
            Ok(Some((row.try_get(0)?, row.try_get(1)?)))
        };
        let read: Option<(Vec<u8>, i32)> = database.read("get_file", work).await.map_err(failed)?;
        let (bytes, size) = read.ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "no row".into(),
        })?;
        let meta = ObjectMeta {
            location: location.clone(),
            last_modified: Default::default(),
            size: u64::try_from(size).unwrap_or_default(),
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
        // Of what is bounded no other bytes were read.
        let part = Bytes::from(bytes);
        let part = if options.head || from > 0 {
            part
        } else {
            part.slice(within(&range))
        };
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

/// The bytes to be read: from which on, and how many. A whole one is shorter than a row can be.
fn asked(options: &GetOptions) -> (u64, u64) {
    const ALL: u64 = i32::MAX as u64 - 1;
    match &options.range {
        _ if options.head => (0, 0),
        Some(GetRange::Bounded(part)) => (part.start, part.end.saturating_sub(part.start)),
        _ => (0, ALL),
    }
}

/// A row has no more bytes than that.
fn int(bytes: u64) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

/// A range within bytes that are in memory.
fn within(range: &Range<u64>) -> Range<usize> {
    let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
    at(range.start)..at(range.end)
}
