use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{
        Multipart, Path, State,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::StatusCode,
};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::{
    dialect,
    files::{Files, Place},
    model::{Address, Code, Reject, Reply, SessionId, Upload, WorkspaceId},
    rest::{
        Rest,
        problem::{Problem, Shown},
        who::Who,
    },
};

const FILE: &str = "file";
/// Something of a file comes at least so often, or its turn is another's.
const SILENCE: Duration = Duration::from_secs(15);

/// Puts a file beside a session: a picture, or whatever `FILE_TYPES` lists. What it is, its bytes say. Nobody is told
/// of it before a message names its `attachmentId`, within a day. The guest of the session shows its resume token. The
/// same file again is the same one.
#[utoipa::path(
    post, path = "/api/v1/sessions/{sessionId}/attachments", tag = "Messages",
    params(("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128)),
    request_body(content = ref("#/components/schemas/UploadForm"), content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored", body = ref("#/components/schemas/Uploaded")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn upload(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    who: Who,
    Path(session): Path<String>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Map<String, Value>>), Problem> {
    let session = SessionId::new(session);
    let settings = rest.parts.files.settings();
    if !who.may_name(&session) {
        return Err(no_such_session());
    }
    let (workspace, max) = match &who {
        Who::Operator(caller) => (&caller.workspace, settings.max_staff),
        Who::Guest(guest) => (&guest.workspace, settings.max_guest),
    };
    rest.open_session(workspace, &session).await?;
    let _own_turn = rest.own_upload_turn(&who)?;
    let (files, chat) = (&rest.parts.files, &rest.parts.chat);
    files.charge(chat, &who.actor(address, None)).await?;
    let _turn = rest.upload_turn().await?;
    let upload = received(form, &rest.parts.files, max).await?;
    let place = Place {
        workspace,
        session: &session,
    };
    let mut file = rest.parts.files.keep(place, upload, max).await?;
    let id = rest.parts.files.upload_id(place, &file);
    file.links = Some(rest.parts.files.links(place, &file));
    let mut answer = Map::new();
    let id = id.ok_or_else(Reject::unavailable)?;
    answer.insert("attachmentId".into(), id.into());
    answer.extend(dialect::encode_attachment(&file));
    Ok((StatusCode::CREATED, Json(answer)))
}

impl Rest {
    /// What is over takes no messages, and so no files.
    async fn open_session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<(), Problem> {
        let done = self.parts.chat.look(workspace, session).await?;
        match done.reply {
            Reply::Session { session, .. } if session.status.is_open() => Ok(()),
            Reply::Session { .. } => Err(Reject::new(Code::Ended, "This session has ended").into()),
            _ => Err(Reject::unavailable().into()),
        }
    }
}

fn no_such_session() -> Problem {
    Reject::new(Code::NotFound, "No such session").into()
}

/// The file of a form. What is larger than `max` bytes is read no further.
async fn received(
    form: Result<Multipart, MultipartRejection>,
    files: &Files,
    max: usize,
) -> Result<Upload, Problem> {
    let mut form = form.map_err(|_| {
        let reject = Reject {
            field: Some("Content-Type"),
            ..Reject::new(Code::Invalid, "The body must be multipart/form-data")
        };
        Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, reject)
    })?;
    while let Some(mut part) = heard(form.next_field(), files, max).await? {
        if part.name() != Some(FILE) {
            while heard(part.chunk(), files, max).await?.is_some() {}
            continue;
        }
        let bytes = bytes(&mut part, files, max).await?;
        return Ok(Upload {
            bytes,
            name: part.file_name().map(str::to_owned),
            mime: part.content_type().map(str::to_owned),
            is_picture: false,
            field: FILE,
        });
    }
    Err(Reject::field(FILE, "file is required").into())
}

async fn bytes(part: &mut Field<'_>, files: &Files, max: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    loop {
        let Some(chunk) = heard(part.chunk(), files, max).await? else {
            return Ok(bytes.freeze());
        };
        if bytes.len() + chunk.len() > max {
            return Err(files.turn_away(FILE, max).into());
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// What comes next of a form, if it comes in time.
async fn heard<T>(
    next: impl Future<Output = Result<T, MultipartError>>,
    files: &Files,
    max: usize,
) -> Result<T, Problem> {
    let next = timeout(SILENCE, next).await.map_err(|_| silent(files))?;
    next.map_err(|error| unreadable(&error, files, max))
}

fn silent(files: &Files) -> Problem {
    files.count("silent");
    let says = "Nothing of the file came for a while";
    Problem::of_status(
        StatusCode::REQUEST_TIMEOUT,
        Reject::new(Code::Pending, says),
    )
}

fn unreadable(error: &MultipartError, files: &Files, max: usize) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return files.turn_away(FILE, max).into();
    }
    Reject::field("payload", "The body is no readable multipart/form-data").into()
}

/// As `UploadForm` and `Uploaded` of the document.
pub fn schemas() -> [(&'static str, Value); 2] {
    let form = json!({
        "type": "object",
        "required": [FILE],
        "properties": { FILE: { "type": "string", "format": "binary" } },
    });
    let uploaded = json!({
        "allOf": [
            { "$ref": "#/components/schemas/Attachment" },
            {
                "type": "object",
                "required": ["attachmentId", "url"],
                "properties": {
                    "attachmentId": { "type": "string", "description": "For the message that sends it." },
                },
            },
        ],
    });
    [("UploadForm", form), ("Uploaded", uploaded)]
}
