use std::{fmt, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A file that is stored beside the messages. What is said of it here was found in its bytes; only the name is its
/// sender's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Of its bytes: the same file in the same session is stored once.
    pub id: String,
    pub name: String,
    /// As `image/png`.
    pub mime: String,
    /// In bytes.
    pub size: u64,
    /// In pixels, of a picture, so that pages keep its place free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// A smaller picture is stored beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_thumbnail: bool,
    /// Where it is for now. Stored nowhere: filled in before a reader is told of it.
    #[serde(skip)]
    pub links: Option<Links>,
}

/// Addresses that open a file for whoever has them, until they end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    pub url: String,
    pub thumbnail: Option<String>,
    /// The picture itself as a data URL, for front ends that show it from the event.
    pub inline: Option<Arc<str>>,
}

/// What comes with a message, as its sender has given it: still to be looked at.
#[derive(Clone, PartialEq, Eq)]
pub enum Given {
    /// What an upload was answered with.
    Uploaded(String),
    /// The file itself.
    Bytes(Box<Upload>),
}

/// A file on its way in.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    pub bytes: Bytes,
    pub name: Option<String>,
    /// What its sender takes it for.
    pub mime: Option<String>,
    /// Nothing but a picture will do.
    pub is_picture: bool,
    /// Where it was found, for a refusal.
    pub field: &'static str,
}

/// Neither tokens nor what was sent are for a log.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uploaded(_) => f.write_str("Uploaded(..)"),
            Self::Bytes(upload) => upload.fmt(f),
        }
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} bytes)", self.bytes.len())
    }
}

impl Attachment {
    /// It was found to be one that pages can show.
    pub fn is_picture(&self) -> bool {
        self.width.is_some()
    }

    /// For pages that show no files: what it is called, and where it is.
    pub fn as_text(&self) -> String {
        match &self.links {
            Some(links) => format!("{} {}", self.name, links.url),
            None => self.name.clone(),
        }
    }
}
