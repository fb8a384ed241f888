use super::{
    Field, Record, Shape,
    fields::{
        AGENT, AGENT_ID, AGENT_NAME, BY, COUNT, EMOJI, NUMBER, PRESENCE, SEQ, SESSION_ID, STATUS,
        TIMESTAMP,
    },
    optional, required,
};
use crate::model::limits;

pub(in crate::dialect::native) const ALL: &[&Record] = &[
    &GUEST_MESSAGE,
    &STAFF_MESSAGE,
    &ATTACHMENT,
    &GUEST_SESSION,
    &STAFF_SESSION,
    &AGENT_RECORD,
    &OPERATOR,
    &GUEST,
    &LAST_MESSAGE,
    &TRANSFER,
    &RECEIPT,
    &REACTION,
    &ERROR,
];

const ID: Field = required("messageId", Shape::Uuid, "Know messages by it.");
const NUMBER_OF: Field = required(
    "seq",
    NUMBER,
    "Order messages by it; it counts from 1 in a session.",
);
const TEXT: Field = required(
    "message",
    Shape::Text,
    "Plain text: escape it where it is shown.",
);
const TYPE: Field = required(
    "type",
    Shape::Word(&["text", "image", "file"]),
    "What it is.",
);
const FILE: Field = optional(
    "attachment",
    Shape::Record(&ATTACHMENT),
    "With an image or a file.",
);
const REACTIONS: Field = optional(
    "reactions",
    Shape::List(&REACTION),
    "Left out if there are none. At most the first 100.",
);

pub(super) const GUEST_MESSAGE: Record = Record {
    name: "GuestMessage",
    says: "A message of a guest.",
    fields: &[
        SESSION_ID,
        ID,
        NUMBER_OF,
        TEXT,
        TYPE,
        FILE,
        TIMESTAMP,
        required("direction", Shape::Word(&["in"]), "As the site sees it."),
        required("guestName", Shape::Text, "As people read it."),
        REACTIONS,
    ],
};

pub(super) const ATTACHMENT: Record = Record {
    name: "Attachment",
    says: "A file that came with a message.",
    fields: &[
        required("name", Shape::Text, "As its sender calls it."),
        required("mimeType", Shape::Text, "What it is, by its bytes."),
        required("size", COUNT, "In bytes."),
        optional("width", NUMBER, "Of a picture, in pixels."),
        optional("height", NUMBER, "Of a picture, in pixels."),
        optional(
            "url",
            Shape::Text,
            "Where it is. Whoever has it may read the file, for a day or so: load the history again for another one.",
        ),
        optional(
            "thumbnailUrl",
            Shape::Text,
            "The same picture, of at most 320 pixels each way; left out where that is the picture itself.",
        ),
    ],
};

pub(super) const STAFF_MESSAGE: Record = Record {
    name: "StaffMessage",
    says: "A message of an operator.",
    fields: &[
        SESSION_ID,
        ID,
        NUMBER_OF,
        TEXT,
        TYPE,
        FILE,
        TIMESTAMP,
        required("direction", Shape::Word(&["out"]), "As the site sees it."),
        AGENT_ID,
        AGENT_NAME,
        REACTIONS,
    ],
};

const SESSION_STATUS: Field = required("status", STATUS, "Where it stands.");
const CREATED_AT: Field = required("createdAt", Shape::Time, "When it began.");
const LAST_ACTIVITY: Field = required(
    "lastActivity",
    Shape::Time,
    "When something last happened in it.",
);
const ASSIGNED: Field = optional(
    "agent",
    Shape::Record(&AGENT_RECORD),
    "Who has it, if anybody.",
);
const DELIVERED_SEQ: Field = optional(
    "deliveredSeq",
    NUMBER,
    "The reader's own side's messages are delivered up to this one; left out if none is.",
);
const READ_SEQ: Field = optional(
    "readSeq",
    NUMBER,
    "The reader's own side's messages are read up to this one; left out if none is.",
);

pub(super) const GUEST_SESSION: Record = Record {
    name: "GuestSession",
    says: "A session as its guest sees it.",
    fields: &[
        SESSION_ID,
        SESSION_STATUS,
        CREATED_AT,
        LAST_ACTIVITY,
        ASSIGNED,
        DELIVERED_SEQ,
        READ_SEQ,
    ],
};

pub(super) const STAFF_SESSION: Record = Record {
    name: "Session",
    says: "A session as staff sees it.",
    fields: &[
        SESSION_ID,
        SESSION_STATUS,
        CREATED_AT,
        LAST_ACTIVITY,
        ASSIGNED,
        optional(
            "queuePosition",
            NUMBER,
            "Its place in the queue, from 1; in answers only, and only while it waits.",
        ),
        DELIVERED_SEQ,
        READ_SEQ,
        required("guest", Shape::Record(&GUEST), "Who it is."),
        required(
            "unread",
            COUNT,
            "Messages of the guest after the newest that an operator has read or answered.",
        ),
        optional(
            "lastMessage",
            Shape::Record(&LAST_MESSAGE),
            "Left out before the first.",
        ),
        optional(
            "transfer",
            Shape::Record(&TRANSFER),
            "An offer that nobody has answered yet.",
        ),
        optional(
            "unverifiedReturn",
            Shape::Flag,
            "The guest came back by name and e-mail address alone: it may be somebody else.",
        ),
        optional(
            "receipts",
            Shape::List(&RECEIPT),
            "Up to where each has read the other side's messages; left out if nobody has.",
        ),
    ],
};

pub(super) const AGENT_RECORD: Record = Record {
    name: "Agent",
    says: "An operator.",
    fields: AGENT,
};

pub(super) const OPERATOR: Record = Record {
    name: "Operator",
    says: "An operator who is connected.",
    fields: &[
        AGENT_ID,
        AGENT_NAME,
        required("status", PRESENCE, "Who is away is connected as well."),
    ],
};

const GUEST: Record = Record {
    name: "Guest",
    says: "What a visitor said of itself, and whether its site has verified who it is.",
    fields: &[
        optional(
            "verified",
            Shape::Flag,
            "The site's own backend has signed `externalId`; left out if nobody has.",
        ),
        optional(
            "externalId",
            Shape::Short(limits::ID_BYTES),
            "By which the site knows the visitor.",
        ),
        optional("name", Shape::Short(limits::NAME_BYTES), "Its name."),
        optional(
            "email",
            Shape::Short(limits::EMAIL_BYTES),
            "Its e-mail address.",
        ),
        optional(
            "phone",
            Shape::Short(limits::PHONE_BYTES),
            "Its phone number.",
        ),
        optional(
            "page",
            Shape::Short(limits::PAGE_BYTES),
            "Where on the site it was.",
        ),
        optional(
            "metadata",
            Shape::Object(Some(limits::METADATA_BYTES)),
            "The site's own.",
        ),
    ],
};

const LAST_MESSAGE: Record = Record {
    name: "LastMessage",
    says: "The newest message, for lists.",
    fields: &[
        required("message", Shape::Text, "Its first 120 characters."),
        required(
            "direction",
            Shape::Word(&["in", "out"]),
            "As the site sees it.",
        ),
        TIMESTAMP,
    ],
};

const TRANSFER: Record = Record {
    name: "Transfer",
    says: "A session that its operator wants to hand over.",
    fields: &[
        required("from", Shape::Record(&AGENT_RECORD), "Who offers it."),
        required("to", Shape::Text, "The `agentId` of whoever is asked."),
        required("expiresAt", Shape::Time, "Until when it can be answered."),
    ],
};

const RECEIPT: Record = Record {
    name: "Receipt",
    says: "Up to where somebody has read.",
    fields: &[BY, SEQ],
};

const REACTION: Record = Record {
    name: "Reaction",
    says: "An emoji that somebody put at a message.",
    fields: &[EMOJI, BY],
};

pub(super) const ERROR: Record = Record {
    name: "Error",
    says: "Why a request was refused.",
    fields: &[CODE, SAYS, FIELD, RETRY],
};

/// Of the event that tells it to who asked for no acknowledgement.
pub(super) const REFUSED: &[Field] = &[
    CODE,
    SAYS,
    FIELD,
    RETRY,
    required(
        "event",
        Shape::Text,
        "The request; of a name that is none, its first 64 characters.",
    ),
];

const CODE: Field = required("code", Shape::Code, "For programs.");
const SAYS: Field = required("message", Shape::Text, "Can be shown to a person.");
const FIELD: Field = optional(
    "field",
    Shape::Text,
    "The offending field of the request; `payload` if it is the whole.",
);
const RETRY: Field = optional(
    "retryAfterMs",
    COUNT,
    "When the same request may be made again.",
);
