use serde::{Deserialize, Serialize};

use super::{Attachment, MessageId, Millis, OperatorId, SessionId, limits};

/// Immutable once committed. Order within a session is by the id of its entry; `seq` counts from 1
/// and may have holes after a loss of hot state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub session: SessionId,
    pub seq: u64,
    pub direction: Direction,
    pub sender: Sender,
    pub content: Content,
    pub client_id: Option<String>,
    /// The hub's clock at commit, hence the same for every reader and monotonic in a session.
    pub at: Millis,
}

/// As the site sees it: `in` comes from the guest, `out` goes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    In,
    Out,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Who spoke, from the verified token; `id` is the session's for a guest, the operator's otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    pub kind: SenderKind,
    pub id: String,
    pub name: String,
}

/// Who reads and reacts in a session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Participant {
    Guest,
    Operator(OperatorId),
}

impl Participant {
    /// The key of its receipt. An operator's has a prefix, so that none is taken for the guest.
    pub fn key(&self) -> String {
        match self {
            Self::Guest => "guest".to_owned(),
            Self::Operator(id) => format!("operator:{id}"),
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        match key.strip_prefix("operator:") {
            Some(id) => Some(Self::Operator(OperatorId::new(id))),
            None => (key == "guest").then_some(Self::Guest),
        }
    }

    /// Whose messages it reads.
    pub fn reads(&self) -> Direction {
        match self {
            Self::Guest => Direction::Out,
            Self::Operator(_) => Direction::In,
        }
    }
}

/// An emoji at a message, put there (`on`) or taken away; once per participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub message: MessageId,
    pub by: Participant,
    pub emoji: String,
    pub on: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderKind {
    Guest,
    Operator,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    Text {
        text: String,
    },
    /// A picture, and what was said with it, if anything was.
    Image {
        text: String,
        file: Box<Attachment>,
    },
    /// Any other file.
    File {
        text: String,
        file: Box<Attachment>,
    },
}

impl Content {
    /// `file`: what comes with it.
    pub fn new(text: String, file: Option<Box<Attachment>>) -> Self {
        match file {
            None => Self::Text { text },
            Some(file) if file.is_picture() => Self::Image { text, file },
            Some(file) => Self::File { text, file },
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::File { .. } => "file",
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Text { text } | Self::Image { text, .. } | Self::File { text, .. } => text,
        }
    }

    pub fn file(&self) -> Option<&Attachment> {
        match self {
            Self::Text { .. } => None,
            Self::Image { file, .. } | Self::File { file, .. } => Some(file),
        }
    }

    pub fn file_mut(&mut self) -> Option<&mut Attachment> {
        match self {
            Self::Text { .. } => None,
            Self::Image { file, .. } | Self::File { file, .. } => Some(file),
        }
    }

    /// For pages that know no files.
    pub fn as_text(&self) -> String {
        match (self.text(), self.file()) {
            (text, None) => text.to_owned(),
            ("", Some(file)) => file.as_text(),
            (text, Some(file)) => format!("{text}\n{}", file.as_text()),
        }
    }

    /// Of a file without a word, what it is called.
    pub fn preview(&self) -> String {
        let text = match (self.text(), self.file()) {
            ("", Some(file)) => &file.name,
            (text, _) => text,
        };
        text.chars().take(limits::PREVIEW_CHARS).collect()
    }
}
