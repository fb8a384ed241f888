use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::Issuers;
use crate::server::auth::{Foreign, Keyring, KeyringError, PublicKeyError, SourceError};

/// The keys of this deployment.
#[derive(Debug)]
pub struct Secrets {
    /// Verifies (and, for `switchboard token`, signs) operators' tokens; `None` where others sign them all.
    pub jwt: Option<Keyring>,
    /// Verifies those that others sign.
    pub foreign: Foreign,
    /// Signs guests' tokens and pids.
    pub signing: Keyring,
}

/// What there is of them before a start.
#[derive(Debug)]
pub struct Looked {
    /// `None`: others sign operators' tokens.
    pub jwt: Result<Option<Origin>, SecretsError>,
    pub signing: Result<Origin, SecretsError>,
    pub foreign: Result<Foreign, SecretsError>,
}

/// Where a secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Environment,
    DataDir,
    /// The first start makes it in the data directory.
    ToBeMade,
}

#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("{0} is set and so is {0}_FILE; set one of them")]
    Both(&'static str),
    #[error(
        "{0} is not set: with REDIS_URL all pods have the same, so it is not made up; set {0} or {0}_FILE"
    )]
    Missing(&'static str),
    #[error("JWT_PUBLIC_KEY: {0}")]
    PublicKey(PublicKeyError),
    #[error("JWKS_URL {0}")]
    Jwks(SourceError),
    #[error("JWT_AUDIENCE: {0:?} is what tokens of guests and sockets are for; choose another one")]
    Audience(String),
    #[error("{0} lists an empty one")]
    Blank(&'static str),
    #[error(
        "{0} is about tokens that others sign; set JWT_PUBLIC_KEY or JWKS_URL as well, or unset it"
    )]
    NoForeign(&'static str),
    #[error("{name}: cannot read {}", .path.display())]
    Read {
        name: String,
        path: PathBuf,
        source: io::Error,
    },
    #[error("DATA_DIR: cannot write {}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{name}")]
    Key {
        name: &'static str,
        source: KeyringError,
    },
}

impl Secrets {
    /// From the environment; else from the data directory, where each is made once. Without one, as
    /// where pods share their secrets, both have to be set; `JWT_SECRET` only if nobody else signs.
    pub fn load(issuers: &Issuers, data_dir: Option<&Path>) -> Result<Self, SecretsError> {
        let foreign = issuers.foreign()?;
        let jwt = match keyring("JWT_SECRET", data_dir, "jwt-secret") {
            Err(SecretsError::Missing(_)) if foreign.is_there() => None,
            jwt => Some(jwt?),
        };
        Ok(Self {
            jwt,
            foreign,
            signing: Self::signing(data_dir)?,
        })
    }

    /// As [`Secrets::load`], but what is not there is not made.
    pub fn look(issuers: &Issuers, data_dir: Option<&Path>) -> Looked {
        let foreign = issuers.foreign();
        let others_sign = foreign.as_ref().is_ok_and(Foreign::is_there);
        let jwt = match origin("JWT_SECRET", data_dir, "jwt-secret") {
            Err(SecretsError::Missing(_)) if others_sign => Ok(None),
            jwt => jwt.map(Some),
        };
        Looked {
            jwt,
            signing: origin("SIGNING_KEY", data_dir, "signing-key"),
            foreign,
        }
    }

    /// The one alone, for what has to do with guests only.
    pub fn signing(data_dir: Option<&Path>) -> Result<Keyring, SecretsError> {
        keyring("SIGNING_KEY", data_dir, "signing-key")
    }
}

fn keyring(
    name: &'static str,
    data_dir: Option<&Path>,
    kept: &str,
) -> Result<Keyring, SecretsError> {
    let text = match (from_environment(name)?, data_dir) {
        (Some(text), _) => text,
        (None, Some(folder)) => generated(&folder.join(kept))?,
        (None, None) => return Err(SecretsError::Missing(name)),
    };
    parsed(name, &text)
}

/// Of a secret that can be used, if it is there.
fn origin(name: &'static str, data_dir: Option<&Path>, kept: &str) -> Result<Origin, SecretsError> {
    let kept = data_dir.map(|folder| folder.join(kept));
    let (text, origin) = match (from_environment(name)?, kept) {
        (Some(text), _) => (text, Origin::Environment),
        (None, Some(path)) if path.exists() => (read("DATA_DIR", &path)?, Origin::DataDir),
        (None, Some(_)) => return Ok(Origin::ToBeMade),
        (None, None) => return Err(SecretsError::Missing(name)),
    };
    parsed(name, &text).map(|_| origin)
}

/// A list by comma or line: the first signs, all verify.
fn parsed(name: &'static str, text: &str) -> Result<Keyring, SecretsError> {
    let secrets: Vec<&str> = text
        .split([',', '\n'])
        .map(str::trim)
        .filter(|secret| !secret.is_empty())
        .collect();
    Keyring::new(&secrets).map_err(|source| SecretsError::Key { name, source })
}

#[expect(clippy::disallowed_methods, reason = "the settings are read here")]
pub(super) fn from_environment(name: &'static str) -> Result<Option<String>, SecretsError> {
    let value = std::env::var(name).ok();
    let file_name = format!("{name}_FILE");
    let file = std::env::var(&file_name).ok().map(PathBuf::from);
    match (value, file) {
        (Some(_), Some(_)) => Err(SecretsError::Both(name)),
        (None, Some(path)) => read(&file_name, &path).map(Some),
        (value, None) => Ok(value),
    }
}

fn read(name: &str, path: &Path) -> Result<String, SecretsError> {
    fs::read_to_string(path).map_err(|source| SecretsError::Read {
        name: name.into(),
        path: path.to_owned(),
        source,
    })
}

/// Made by whoever is first; readable by this user only. It appears under its name when it is
/// complete, so that nobody reads a part of it, whenever a process is killed.
fn generated(path: &Path) -> Result<String, SecretsError> {
    if path.exists() {
        return read("DATA_DIR", path);
    }
    let draft = path.with_file_name(format!(".{}", uuid::Uuid::new_v4()));
    let made = make(&draft, path);
    let _ = fs::remove_file(&draft);
    match made {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read("DATA_DIR", path),
        Err(source) => Err(SecretsError::Write {
            path: path.to_owned(),
            source,
        }),
    }
}

fn make(draft: &Path, path: &Path) -> io::Result<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let secret = format!(
        "{}{}",
        uuid::Uuid::new_v4().simple(),
        uuid::Uuid::new_v4().simple()
    );
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::hard_link(draft, path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(secret)
}
