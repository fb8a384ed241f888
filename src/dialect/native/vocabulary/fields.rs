//! Fields that several events have.

use super::{Field, SAFE_INTEGER, Shape, optional, records, required};
use crate::model::limits;

pub(super) const ID: Shape = Shape::Id(limits::ID_BYTES);
pub(super) const NUMBER: Shape = Shape::Number {
    low: 1,
    high: SAFE_INTEGER,
};
pub(super) const COUNT: Shape = Shape::Number {
    low: 0,
    high: SAFE_INTEGER,
};
pub(super) const STATUS: Shape = Shape::Word(&["waiting", "active", "ended"]);
pub(super) const PRESENCE: Shape = Shape::Word(&["online", "away"]);

pub(super) const SESSION_ID: Field = required("sessionId", ID, "Which conversation.");
pub(super) const MESSAGE_ID: Field = required("messageId", Shape::Uuid, "Which message.");
pub(super) const SEQ: Field = required(
    "seq",
    NUMBER,
    "All messages up to this one: their numbers count from 1 in a session.",
);
pub(super) const IS_TYPING: Field = required("isTyping", Shape::Flag, "Whether, right now.");
pub(super) const EMOJI: Field =
    required("emoji", Shape::Emoji(limits::EMOJI_BYTES), "Exactly one.");
pub(super) const ON: Field = required("on", Shape::Flag, "Put there, or taken away.");
pub(super) const BY: Field = required(
    "by",
    Shape::Text,
    "`guest`, or the `agentId` of an operator.",
);
pub(super) const TIMESTAMP: Field = required(
    "timestamp",
    Shape::Time,
    "When it was accepted, by the clock of the relay; never decreases in a session.",
);
pub(super) const AGENT_ID: Field = required("agentId", Shape::Text, "Which operator.");
pub(super) const AGENT_NAME: Field = required("agentName", Shape::Text, "As people read it.");
pub(super) const AGENT: &[Field] = &[AGENT_ID, AGENT_NAME];
pub(super) const IN_SESSION: &[Field] = &[SESSION_ID];
pub(super) const AGENT_IN_SESSION: &[Field] = &[SESSION_ID, AGENT_ID, AGENT_NAME];

// What is sent.
pub(super) const MESSAGE: Field = required(
    "message",
    Shape::Text,
    "The text, of at most `MAX_TEXT` bytes; a longer one is refused with `too_large`. May be empty if something comes with it. `text` and `body` are understood as well.",
);
pub(super) const TYPE: Field = optional(
    "type",
    Shape::Word(&["text", "image", "file"]),
    "By what comes with it, if left out. With `image` and `file` there is `attachmentId`.",
);
pub(super) const ATTACHMENT_ID: Field = optional(
    "attachmentId",
    Shape::Id(limits::ATTACHMENT_ID_BYTES),
    "What the upload of a file to this session was answered with. Instead of it the file itself may be in `file`, in \
     binary or as a data URL, with its `name`, if all fits into one packet.",
);
pub(super) const CLIENT_MESSAGE_ID: Field = optional(
    "clientMessageId",
    ID,
    "The sender's own id. The same one again is the same message: it is stored once. Always send one.",
);
pub(super) const SENT: &[Field] = &[
    MESSAGE_ID,
    required("seq", NUMBER, "Its number in the session."),
    TIMESTAMP,
    required(
        "duplicate",
        Shape::Flag,
        "It had been accepted before; this is what was said of it then.",
    ),
];

// Pages of history.
pub(super) const BEFORE_SEQ: Field = optional(
    "beforeSeq",
    COUNT,
    "Only messages below this number; from the newest if left out.",
);
pub(super) const HISTORY_LIMIT: Field = optional(
    "limit",
    Shape::Number {
        low: 1,
        high: limits::HISTORY_MAX as u64,
    },
    "Messages on the page; 50 if left out.",
);
pub(super) const PAGE: &[Field] = &[
    required(
        "messages",
        Shape::ListOf([&records::GUEST_MESSAGE, &records::STAFF_MESSAGE]),
        "Ascending.",
    ),
    required("more", Shape::Flag, "There are earlier ones."),
];

pub(super) const RECEIVED: &[Field] = &[
    SESSION_ID,
    required("seq", NUMBER, "All own messages up to this one."),
    required(
        "status",
        Shape::Word(&["stored", "delivered", "read"]),
        "How far they have come; each includes those before it.",
    ),
];
pub(super) const READ: &[Field] = &[SESSION_ID, BY, SEQ];
pub(super) const REACTED: &[Field] = &[SESSION_ID, MESSAGE_ID, EMOJI, ON, BY];
pub(super) const READY: &[Field] = &[required(
    "epoch",
    Shape::Text,
    "The life of the relay's hot state; with another one than before, load the history anew.",
)];
