//! Files beside the messages: looked at, stored once, and opened by addresses that end.
//!
//! A message holds what was found in a file (`model::Attachment`) and never its bytes, so neither does the hub. Bytes
//! go to an object store under workspace, session and a digest of themselves: a repeated upload is the same object.
//! Nothing else is kept: what an upload is answered with, and the address of a file, hold all that is known of it and
//! are signed, so any pod understands them.
//!
//! | file | what |
//! |---|---|
//! | `kind` | what a file is, by its bytes |
//! | `picture` | how large a picture is, and a smaller one |
//! | `given` | what comes with a message |
//! | `claims` | what is signed |
//! | `inline` | pictures for front ends that show them from the event |
//! | `store`, `s3` | where bytes are |

mod claims;
mod given;
mod inline;
mod kind;
mod picture;
mod s3;
mod store;

use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, path::Path};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

pub use claims::FileClaims;
pub use kind::KINDS;
pub use store::{Place as StorePlace, StoreError, open};

use self::{claims::UploadClaims, inline::Inline, kind::Kind, picture::Picture};
use crate::{
    metrics::FileMetrics,
    model::{
        Attachment, Clock, Code, Links, Message, Reject, SessionId, Upload, WorkspaceId, limits,
    },
    server::auth::Keyring,
};

/// Where an address begins; the rest is signed.
pub const PATH: &str = "/api/v1/files/";
/// Pictures that are decoded at a time: each takes a core, and up to [`picture::ALLOC_MAX`] bytes.
const PICTURES_MAX: usize = 2;
/// An upload that no message has named by then is sent again.
const UPLOAD_LIFE_SECONDS: u64 = 24 * 60 * 60;
/// Addresses end at full hours, so that a browser that is told one again has the file already.
const HOUR_SECONDS: u64 = 60 * 60;

#[derive(Clone, Debug)]
pub struct FileSettings {
    /// Where pages of other sites find this deployment; empty: they are on it.
    pub public_url: String,
    /// Largest file of a guest, and of staff, in bytes.
    pub max_guest: usize,
    pub max_staff: usize,
    /// Types that are taken, as [`KINDS`].
    pub kinds: Vec<String>,
    /// How long an address opens its file, at least.
    pub url_life_seconds: u64,
}

pub struct FileParts {
    pub store: Arc<dyn ObjectStore>,
    pub keys: Keyring,
    pub clock: Clock,
    pub settings: FileSettings,
    pub metrics: FileMetrics,
}

pub struct Files {
    store: Arc<dyn ObjectStore>,
    keys: Keyring,
    clock: Clock,
    settings: FileSettings,
    metrics: FileMetrics,
    pictures: Semaphore,
    inline: Inline,
}

/// Whose file it is, and so where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub workspace: &'a WorkspaceId,
    pub session: &'a SessionId,
}

/// A file to be sent.
pub struct Opened {
    pub claims: FileClaims,
    pub file: object_store::GetResult,
}

impl Files {
    pub fn new(parts: FileParts) -> Self {
        Self {
            store: parts.store,
            keys: parts.keys,
            clock: parts.clock,
            settings: parts.settings,
            metrics: parts.metrics,
            pictures: Semaphore::new(PICTURES_MAX),
            inline: Inline::default(),
        }
    }

    pub fn settings(&self) -> &FileSettings {
        &self.settings
    }

    /// Looks at a file and stores it. The same file again is the same one.
    pub async fn keep(
        &self,
        place: Place<'_>,
        upload: Upload,
        max: usize,
    ) -> Result<Attachment, Reject> {
        let kept = self.look_and_put(place, upload, max).await;
        let outcome = match &kept {
            Ok(_) => "stored",
            Err(reject) => reject.code.as_str(),
        };
        self.metrics.uploads.with_label_values(&[outcome]).inc();
        kept
    }

    /// Of a file that was not even received as a whole.
    pub fn turn_away(&self, field: &'static str, max: usize) -> Reject {
        let reject = too_large(field, max);
        let uploads = &self.metrics.uploads;
        uploads.with_label_values(&[reject.code.as_str()]).inc();
        reject
    }

    async fn look_and_put(
        &self,
        place: Place<'_>,
        upload: Upload,
        max: usize,
    ) -> Result<Attachment, Reject> {
        let kind = Kind::of(&upload)?;
        let Upload {
            bytes, name, field, ..
        } = upload;
        if bytes.len() > max {
            return Err(too_large(field, max));
        }
        if !self.settings.kinds.iter().any(|taken| *taken == kind.mime) {
            return Err(Reject::field(
                field,
                format!("Files of type {} are not taken", kind.mime),
            ));
        }
        let picture = match kind.is_picture() {
            true => Some(self.picture(bytes.clone(), field).await?),
            false => None,
        };
        let id = digest(&bytes);
        let size = bytes.len() as u64;
        let thumbnail = picture.as_ref().and_then(|it| it.thumbnail.clone());
        let has_thumbnail = thumbnail.is_some();
        if let Some(thumbnail) = thumbnail {
            self.put(path(place, &id, true), thumbnail).await?;
        }
        self.put(path(place, &id, false), bytes.clone()).await?;
        let attachment = Attachment {
            name: kind::name(name.as_deref(), &kind),
            mime: kind.mime.to_owned(),
            width: picture.as_ref().map(|it| it.width),
            height: picture.as_ref().map(|it| it.height),
            id,
            size,
            has_thumbnail,
            links: None,
        };
        if attachment.is_picture() {
            // Whoever is on this pod is told of it in a moment.
            let at = path(place, &attachment.id, false);
            self.inline.put(at, &attachment, &bytes);
        }
        Ok(attachment)
    }

    async fn picture(&self, bytes: Bytes, field: &'static str) -> Result<Picture, Reject> {
        let turn = self.pictures.acquire().await;
        let _turn = turn.map_err(|_| Reject::unavailable())?;
        let looked = tokio::task::spawn_blocking(move || picture::look(&bytes)).await;
        let looked = looked.map_err(|_| Reject::unavailable())?;
        looked.map_err(|refused| Reject::field(field, refused.to_string()))
    }

    async fn put(&self, path: Path, bytes: Bytes) -> Result<(), Reject> {
        let put = self.store.put(&path, PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    /// What an upload is answered with: whoever has it may send the file, in that session.
    pub fn upload_id(&self, place: Place<'_>, file: &Attachment) -> Option<String> {
        let until = self.clock.now() / 1000 + UPLOAD_LIFE_SECONDS;
        self.keys
            .sign(&UploadClaims::new(place, file.clone(), until))
    }

    fn uploaded(&self, place: Place<'_>, id: &str) -> Result<Attachment, Reject> {
        let claims = UploadClaims::verify(&self.keys, id);
        let claims = claims.filter(|claims| claims.is_of(place));
        let claims = claims.ok_or_else(|| {
            let text = "No such upload in this session, or it was too long ago";
            Reject {
                field: Some("attachmentId"),
                ..Reject::new(Code::NotFound, text)
            }
        })?;
        Ok(claims.file)
    }

    /// Says where the file of a message is, if it has one; `inline`: and what it shows, if that is at hand.
    pub fn link(&self, workspace: &WorkspaceId, message: &mut Message, inline: bool) {
        let session = message.session.clone();
        let place = Place {
            workspace,
            session: &session,
        };
        if let Some(file) = message.content.file_mut() {
            let shown = inline.then(|| self.inline.get(&path(place, &file.id, false)));
            file.links = Some(Links {
                inline: shown.flatten(),
                ..self.links(place, file)
            });
        }
    }

    pub fn links(&self, place: Place<'_>, file: &Attachment) -> Links {
        Links {
            url: self.url(place, file, false),
            thumbnail: file.has_thumbnail.then(|| self.url(place, file, true)),
            inline: None,
        }
    }

    fn url(&self, place: Place<'_>, file: &Attachment, thumbnail: bool) -> String {
        let now = self.clock.now() / 1000;
        let until = (now / HOUR_SECONDS + 1) * HOUR_SECONDS + self.settings.url_life_seconds;
        let claims = FileClaims::new(place, file, thumbnail, until);
        // Of claims that are text and numbers.
        let signed = self.keys.sign(&claims).unwrap_or_default();
        format!("{}{PATH}{signed}", self.settings.public_url)
    }

    /// Whether the file of a message, if it has a picture, can be told of as a whole.
    pub fn is_at_hand(&self, workspace: &WorkspaceId, message: &Message) -> bool {
        let session = &message.session;
        let file = message.content.file().filter(|file| file.is_picture());
        file.is_none_or(|file| {
            self.inline
                .knows(&path(Place { workspace, session }, &file.id, false))
        })
    }

    /// Reads the pictures of these messages, so that they are at hand. What takes too long is told by its address.
    pub async fn fetch<'a>(
        &self,
        messages: impl Iterator<Item = (&'a WorkspaceId, &'a Message)> + Send,
    ) {
        let reading = async {
            for (workspace, message) in messages {
                self.fetch_one(workspace, message).await;
            }
        };
        let _ = tokio::time::timeout(inline::WAIT, reading).await;
    }

    async fn fetch_one(&self, workspace: &WorkspaceId, message: &Message) {
        if self.is_at_hand(workspace, message) {
            return;
        }
        let Some(file) = message.content.file() else {
            return;
        };
        let session = &message.session;
        let at = path(Place { workspace, session }, &file.id, false);
        let reading = async { self.store.get(&at).await?.bytes().await };
        match reading.await {
            Ok(bytes) => self.inline.put(at, file, &bytes),
            Err(error) => {
                self.trouble(&error);
                self.inline.give_up(at);
            }
        }
    }

    /// Which file of that session is at an address that was told.
    pub fn told(&self, place: Place<'_>, url: &str) -> Option<String> {
        let (_, signed) = url.rsplit_once('/')?;
        let claims = FileClaims::verify(&self.keys, signed)?;
        claims.is_of(place).then_some(claims.id)
    }

    /// By what follows [`PATH`] in its address.
    pub async fn open(&self, signed: &str) -> Result<Opened, Reject> {
        let gone = || Reject::new(Code::NotFound, "No such file, or its address has ended");
        let claims = FileClaims::verify(&self.keys, signed).ok_or_else(gone)?;
        let at = path(claims.place(), &claims.id, claims.thumbnail);
        match self.store.get(&at).await {
            Ok(file) => Ok(Opened { claims, file }),
            Err(object_store::Error::NotFound { .. }) => Err(gone()),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    /// What it says may name paths and hosts: it is for the log, not for the client.
    fn trouble(&self, error: &object_store::Error) -> Reject {
        self.metrics.errors.inc();
        tracing::warn!(%error, "the file store does not do what it is asked for");
        Reject::unavailable()
    }
}

/// `max` in bytes.
fn too_large(field: &'static str, max: usize) -> Reject {
    let text = format!("A file may have at most {max} bytes");
    Reject {
        field: Some(field),
        ..Reject::new(Code::TooLarge, text)
    }
}

/// Each part is escaped by itself, so that no name leads elsewhere.
fn path(place: Place<'_>, id: &str, thumbnail: bool) -> Path {
    let kind = if thumbnail { "thumbnail" } else { "file" };
    let (workspace, session) = (place.workspace.as_str(), place.session.as_str());
    Path::from_iter([workspace, session, id, kind])
}

/// `Attachment::id` of a file.
pub fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// The end of a name says what it is.
fn shortened(name: &str) -> &str {
    let over = name.len().saturating_sub(limits::FILE_NAME_BYTES);
    let start = (over..=name.len()).find(|at| name.is_char_boundary(*at));
    &name[start.unwrap_or(0)..]
}
