//! Where files go, and where their addresses lead.

use std::path::PathBuf;

use tokio::{task::spawn_blocking, time::timeout};

use super::{
    DATA_TIMEOUT, MEND,
    item::{Item, told},
};
use crate::{
    config::Config,
    files::{self, StorePlace, Unseen},
    history::{
        postgres::{OpenError, probe::Probe},
        sqlite::probe::{self, Folder},
    },
    server::Origins,
};

const ITEM: &str = "files";
const TABLE: &str = "files";

/// In a folder or a bucket; `None`: in the database.
pub async fn stored(config: &Config) -> Option<Item> {
    Some(match config.file_store()? {
        StorePlace::Folder(dir) => folder(dir, config.cluster.is_some()).await,
        StorePlace::S3 { bucket, prefix } => self::bucket(&bucket, &prefix).await,
    })
}

async fn folder(dir: PathBuf, shared: bool) -> Item {
    let place = dir.display().to_string();
    let looked = timeout(DATA_TIMEOUT, spawn_blocking(move || probe::folder(&dir)));
    let Ok(Ok(folder)) = looked.await else {
        let advice = "put FILES, or DATA_DIR, on a disk that works";
        return Item::fail(ITEM, format!("{place} gives no answer"), advice);
    };
    let found = match folder {
        Folder::Usable => format!("in {place}, which can be read and written"),
        Folder::Absent => format!("in {place}, which will be made by the first start"),
        Folder::Unusable(at, error) => {
            let found = format!("in {place}, which cannot be: {}: {error}", at.display());
            let advice = "let this user write there, or name another place in FILES";
            return Item::fail(ITEM, found, advice);
        }
    };
    if shared {
        let advice = "let it be the same folder on all pods: a file is opened by any of them";
        return Item::note(ITEM, found, advice);
    }
    Item::ok(ITEM, found)
}

async fn bucket(bucket: &str, prefix: &str) -> Item {
    let place = format!("in s3://{bucket}/{prefix}");
    let place = place.trim_end_matches('/');
    let Err(error) = files::probe(bucket, prefix).await else {
        let found =
            format!("{place}, which can be read; that it can be written the first file shows");
        return Item::ok(ITEM, found);
    };
    let found = format!("{place}: {}", told(&error));
    match error {
        Unseen::Setting(_) => Item::wrong(ITEM, found, MEND),
        Unseen::Refused => Item::warn(
            ITEM,
            found,
            "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or let them get and put there; without s3:ListBucket it says so of what is not there, and nothing is wrong",
        ),
        Unseen::Absent => Item::fail(ITEM, found, "make the bucket, or name another one in FILES"),
        Unseen::Silent | Unseen::Unreached(_) | Unseen::Failed => Item::fail(
            ITEM,
            found,
            "let this machine reach it: AWS_ENDPOINT, AWS_REGION, the keys, firewall; until then no file is taken",
        ),
    }
}

/// As far as Postgres has told: what else is wrong with it has items of its own.
pub fn in_database(postgres: &Result<Probe, OpenError>) -> Item {
    let facts = postgres
        .as_ref()
        .ok()
        .and_then(|it| it.answer.as_ref().ok());
    let facts = facts.and_then(|it| Some((it.schema.as_ref().ok()?, it.rights.as_ref().ok()?)));
    let Some((schema, rights)) = facts else {
        return Item::unseen(ITEM, "Postgres");
    };
    let is_missing = schema.name.is_none() || schema.missing_tables.iter().any(|it| it == TABLE);
    if is_missing {
        let found = "in Postgres, whose table of files is missing";
        return Item::fail(
            ITEM,
            found,
            "apply the migrations, or name a place in FILES",
        );
    }
    let of_table = format!(" on {TABLE}");
    let lacks = rights.lacks.iter().filter(|it| it.ends_with(&of_table));
    let lacks: Vec<&str> = lacks.map(String::as_str).collect();
    if lacks.is_empty() {
        let found = "in Postgres, whose table of files can be read and written";
        return Item::ok(ITEM, found);
    }
    let found = format!(
        "in Postgres, where {} lacks {}",
        rights.role,
        lacks.join(", ")
    );
    Item::fail(
        ITEM,
        found,
        "GRANT as in sql/README.md, or name a place in FILES",
    )
}

/// Pages of other origins take an address without a host for one of their own.
pub fn addresses(origins: &Origins, public_url: &str) -> Item {
    const ITEM: &str = "public-url";
    if !public_url.is_empty() {
        return Item::ok(ITEM, format!("addresses of files begin with {public_url}"));
    }
    let found = "PUBLIC_URL is not set: addresses of files lead to the page's own site";
    match origins {
        Origins::Own { .. } => Item::ok(ITEM, found),
        Origins::Any | Origins::Listed(_) => Item::warn(
            ITEM,
            format!("{found}, and pages of others may connect"),
            "set it to where those pages reach this deployment, as https://chat.example.com",
        ),
    }
}
