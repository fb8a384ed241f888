use serde::{Deserialize, Serialize};

use super::Place;
use crate::{
    model::{Attachment, SessionId, WorkspaceId},
    server::auth::Keyring,
};

/// What the address of a file says: which one, and how to send it. Whoever has it may read the file until it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileClaims {
    aud: String,
    workspace: WorkspaceId,
    session: SessionId,
    pub id: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub thumbnail: bool,
    pub name: String,
    pub mime: String,
    /// Seconds since the Unix epoch.
    pub exp: u64,
}

/// What an upload is answered with: what was found in the file, and where it may be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadClaims {
    aud: String,
    workspace: WorkspaceId,
    session: SessionId,
    pub file: Attachment,
    exp: u64,
}

impl FileClaims {
    const AUDIENCE: &str = "file";

    pub fn new(place: Place<'_>, file: &Attachment, thumbnail: bool, exp: u64) -> Self {
        Self {
            aud: Self::AUDIENCE.into(),
            workspace: place.workspace.clone(),
            session: place.session.clone(),
            id: file.id.clone(),
            thumbnail,
            name: file.name.clone(),
            mime: file.mime.clone(),
            exp,
        }
    }

    pub fn verify(keys: &Keyring, token: &str) -> Option<Self> {
        keys.verify(token, Some(Self::AUDIENCE))
    }

    pub fn is_of(&self, place: Place<'_>) -> bool {
        self.workspace == *place.workspace && self.session == *place.session
    }

    pub fn place(&self) -> Place<'_> {
        Place {
            workspace: &self.workspace,
            session: &self.session,
        }
    }
}

impl UploadClaims {
    const AUDIENCE: &str = "upload";

    pub fn new(place: Place<'_>, file: Attachment, exp: u64) -> Self {
        Self {
            aud: Self::AUDIENCE.into(),
            workspace: place.workspace.clone(),
            session: place.session.clone(),
            file,
            exp,
        }
    }

    pub fn verify(keys: &Keyring, token: &str) -> Option<Self> {
        keys.verify(token, Some(Self::AUDIENCE))
    }

    pub fn is_of(&self, place: Place<'_>) -> bool {
        self.workspace == *place.workspace && self.session == *place.session
    }
}
