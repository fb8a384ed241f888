//! Files beside the messages: looked at, stored once, and opened by addresses that end.
//!
//! A message holds what was found in a file (`model::Attachment`) and never its bytes, so neither does the hub. Bytes
//! go to an object store under workspace, session and a digest of themselves: a repeated upload is the same object.
//! Nothing else is kept: what an upload is answered with, and the address of a file, hold all that is known of it and
//! are signed, so any pod understands them.
//!
//! | file | what |
//! |---|---|
//! | `look`, `kind` | what a file is, by its bytes |
//! | `picture` | how large a picture is, and a smaller one |
//! | `bare` | a picture without what its camera wrote beside it |
//! | `given` | what comes with a message |
//! | `claims` | what is signed |
//! | `inline` | pictures for front ends that show them from the event |
//! | `store`, `s3` | where bytes are |
//! | `probe` | whether a bucket is there, for whoever looks before a start |

mod bare;
mod claims;
mod given;
mod inline;
mod kind;
mod look;
mod picture;
mod probe;
mod s3;
mod store;

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt as _, PutPayload, path::Path};
use tokio::sync::{Semaphore, SemaphorePermit};

pub use claims::FileClaims;
pub use kind::KINDS;
pub use probe::{Unseen, probe};
pub use store::{Place as StorePlace, StoreError, open};

use self::{
    claims::UploadClaims,
    inline::Inline,
    look::{Looked, data_url},
};
use crate::{
    metrics::FileMetrics,
    model::{Attachment, Clock, Code, Links, Message, Reject, SessionId, Upload, WorkspaceId},
    server::auth::Keyring,
};

/// Where an address begins; the rest is signed.
pub const PATH: &str = "/api/v1/files/";
/// Files that are looked at at a time: each takes a core, and a picture a few times [`picture::ALLOC_MAX`] bytes.
const LOOKS_MAX: usize = 2;
/// Requests to the store at a time. Where that is the database, others ask it as well.
const STORE_MAX: usize = 4;
/// For a turn.
const TURN: Duration = Duration::from_secs(5);
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
    looks: Semaphore,
    asked: Semaphore,
    inline: Inline,
}

/// Whose file it is, and so where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub workspace: &'a WorkspaceId,
    pub session: &'a SessionId,
}

/// A file to be sent, or a part of it.
pub struct Opened {
    pub claims: FileClaims,
    /// Of what is sent.
    pub mime: String,
    /// Of the whole file, in bytes.
    pub size: u64,
    /// What of it is sent.
    pub range: Range<u64>,
    pub bytes: BoxStream<'static, object_store::Result<Bytes>>,
}

impl Files {
    pub fn new(parts: FileParts) -> Self {
        Self {
            store: parts.store,
            keys: parts.keys,
            clock: parts.clock,
            settings: parts.settings,
            metrics: parts.metrics,
            looks: Semaphore::new(LOOKS_MAX),
            asked: Semaphore::new(STORE_MAX),
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
        self.count(outcome);
        kept
    }

    /// Of a file that was not even received as a whole.
    pub fn turn_away(&self, field: &'static str, max: usize) -> Reject {
        let reject = too_large(field, max);
        self.count(reject.code.as_str());
        reject
    }

    /// What has become of a file that came.
    pub fn count(&self, outcome: &str) {
        self.metrics.uploads.with_label_values(&[outcome]).inc();
    }

    async fn look_and_put(
        &self,
        place: Place<'_>,
        upload: Upload,
        max: usize,
    ) -> Result<Attachment, Reject> {
        let field = upload.field;
        if upload.bytes.len() > max {
            return Err(too_large(field, max));
        }
        let name = upload.name.clone();
        let Looked {
            kind,
            bytes,
            id,
            picture,
            inline,
        } = self.look(upload).await?;
        let size = bytes.len() as u64;
        let thumbnail = picture.as_ref().and_then(|it| it.thumbnail.clone());
        let has_thumbnail = thumbnail.is_some();
        if let Some(thumbnail) = thumbnail {
            self.put(path(place, &id, true), thumbnail).await?;
        }
        self.put(path(place, &id, false), bytes).await?;
        if let Some(text) = inline {
            // Whoever is on this pod is told of it in a moment.
            self.inline.put(path(place, &id, false), text);
        }
        Ok(Attachment {
            name: kind::name(name.as_deref(), &kind),
            mime: kind.mime.to_owned(),
            width: picture.as_ref().map(|it| it.width),
            height: picture.as_ref().map(|it| it.height),
            id,
            size,
            has_thumbnail,
            links: None,
        })
    }

    /// Takes a core: a few at a time, and beside those that move packets.
    async fn look(&self, upload: Upload) -> Result<Looked, Reject> {
        let _turn = self.turn(&self.looks, "looks").await?;
        let (kinds, largest) = (self.settings.kinds.clone(), self.settings.max_guest);
        let looked = tokio::task::spawn_blocking(move || Looked::at(&upload, &kinds, largest));
        looked.await.map_err(|_| Reject::unavailable())?
    }

    /// `Attachment::id` that a file has once it is stored.
    pub async fn id(&self, upload: &Upload) -> Result<String, Reject> {
        let upload = upload.clone();
        let id = tokio::task::spawn_blocking(move || look::id(&upload));
        id.await.map_err(|_| Reject::unavailable())
    }

    async fn put(&self, path: Path, bytes: Bytes) -> Result<(), Reject> {
        let _turn = self.turn(&self.asked, "file_store").await?;
        let put = self.store.put(&path, PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    /// For a bounded time.
    async fn turn<'a>(
        &self,
        of: &'a Semaphore,
        limit: &'static str,
    ) -> Result<SemaphorePermit<'a>, Reject> {
        match tokio::time::timeout(TURN, of.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => {
                self.metrics.limited.with_label_values(&[limit]).inc();
                Err(Reject::unavailable())
            }
        }
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

    /// Whether the picture of a message can be told of as a whole, if it is to be: what is larger than a guest may
    /// send is told by its address.
    pub fn is_at_hand(&self, workspace: &WorkspaceId, message: &Message) -> bool {
        let at = self.shown(workspace, message);
        at.is_none_or(|at| self.inline.is_settled(&at))
    }

    fn shown(&self, workspace: &WorkspaceId, message: &Message) -> Option<Path> {
        let session = &message.session;
        let picture = message.content.file().filter(|file| file.is_picture());
        let picture = picture.filter(|file| file.size <= self.settings.max_guest as u64)?;
        Some(path(Place { workspace, session }, &picture.id, false))
    }

    /// Reads the picture of a message, so that it is at hand. What takes too long is told by its address.
    pub async fn fetch(&self, workspace: &WorkspaceId, message: &Message) {
        let at = self.shown(workspace, message);
        let Some((at, file)) = at.zip(message.content.file()) else {
            return;
        };
        if self.inline.is_settled(&at) {
            return;
        }
        let reading = async {
            let Ok(_turn) = self.asked.acquire().await else {
                return;
            };
            // Of many readers who wait for the same one the first has read it.
            if self.inline.is_settled(&at) {
                return;
            }
            match async { self.store.get(&at).await?.bytes().await }.await {
                Ok(bytes) => self.inline.put(at, data_url(&file.mime, &bytes)),
                Err(error) => {
                    self.trouble(&error);
                }
            }
        };
        if tokio::time::timeout(inline::WAIT, reading).await.is_err() {
            self.inline.give_up();
        }
    }

    /// Which file of that session is at an address that was told.
    pub fn told(&self, place: Place<'_>, url: &str) -> Option<String> {
        let (_, signed) = url.rsplit_once('/')?;
        let claims = FileClaims::verify(&self.keys, signed)?;
        claims.is_of(place).then_some(claims.id)
    }

    /// What an address says, by what follows [`PATH`] in it.
    pub fn claims(&self, signed: &str) -> Result<FileClaims, Reject> {
        FileClaims::verify(&self.keys, signed).ok_or_else(no_such_file)
    }

    /// In bytes, of what an address leads to.
    pub async fn size(&self, claims: &FileClaims) -> Result<u64, Reject> {
        let _turn = self.turn(&self.asked, "file_store").await?;
        let head = self.store.head(&at(claims)).await;
        head.map(|meta| meta.size)
            .map_err(|error| self.unopened(&error))
    }

    /// All of it, or the part that lies within it.
    pub async fn open(
        &self,
        claims: FileClaims,
        part: Option<Range<u64>>,
    ) -> Result<Opened, Reject> {
        let _turn = self.turn(&self.asked, "file_store").await?;
        let opened = self.opened(claims, part).await;
        opened.map_err(|error| self.unopened(&error))
    }

    /// A smaller picture is of another type than the picture, and small enough to look which.
    async fn opened(
        &self,
        claims: FileClaims,
        part: Option<Range<u64>>,
    ) -> object_store::Result<Opened> {
        let options = GetOptions::new().with_range(part);
        let file = self.store.get_opts(&at(&claims), options).await?;
        let (size, range) = (file.meta.size, file.range.clone());
        if !claims.thumbnail {
            let mime = claims.mime.clone();
            let bytes = file.into_stream();
            return Ok(Opened {
                claims,
                mime,
                size,
                range,
                bytes,
            });
        }
        let bytes = file.bytes().await?;
        let mime = infer::get(&bytes).map_or("application/octet-stream", |it| it.mime_type());
        Ok(Opened {
            claims,
            mime: mime.to_owned(),
            size,
            range,
            bytes: stream::once(async move { Ok(bytes) }).boxed(),
        })
    }

    fn unopened(&self, error: &object_store::Error) -> Reject {
        match error {
            object_store::Error::NotFound { .. } => no_such_file(),
            error => self.trouble(error),
        }
    }

    /// What it says may name paths and hosts: it is for the log, not for the client.
    fn trouble(&self, error: &object_store::Error) -> Reject {
        self.metrics.errors.inc();
        tracing::warn!(%error, "the file store does not do what it is asked for");
        Reject::unavailable()
    }
}

fn no_such_file() -> Reject {
    Reject::new(Code::NotFound, "No such file, or its address has ended")
}

/// `max` in bytes.
fn too_large(field: &'static str, max: usize) -> Reject {
    let text = format!("A file may have at most {max} bytes");
    Reject {
        field: Some(field),
        ..Reject::new(Code::TooLarge, text)
    }
}

/// Where the file lies that an address leads to.
fn at(claims: &FileClaims) -> Path {
    path(claims.place(), &claims.id, claims.thumbnail)
}

/// Each part is escaped by itself, so that no name leads elsewhere.
fn path(place: Place<'_>, id: &str, thumbnail: bool) -> Path {
    let kind = if thumbnail { "thumbnail" } else { "file" };
    let (workspace, session) = (place.workspace.as_str(), place.session.as_str());
    Path::from_iter([workspace, session, id, kind])
}
