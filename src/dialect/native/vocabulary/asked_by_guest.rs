use super::{
    Asked, Field, Shape,
    fields::{
        ATTACHMENT_ID, BEFORE_SEQ, CLIENT_MESSAGE_ID, EMOJI, HISTORY_LIMIT, ID, IS_TYPING, MESSAGE,
        MESSAGE_ID, NUMBER, ON, PAGE, SENT, SEQ, SESSION_ID, STATUS, TYPE,
    },
    optional, required,
};
use crate::model::limits;

pub(super) const ALL: &[Asked] = &[
    Asked {
        event: "guest:start",
        says: "Starts a session, or comes back to one. Everything else needs it first.",
        fields: START,
        ack: STARTED,
    },
    Asked {
        event: "guest:message",
        says: "Says something. The acknowledgement means that it is kept.",
        fields: &[MESSAGE, TYPE, ATTACHMENT_ID, CLIENT_MESSAGE_ID],
        ack: SENT,
    },
    Asked {
        event: "guest:history",
        says: "Asks for a page of what was said.",
        fields: &[BEFORE_SEQ, HISTORY_LIMIT],
        ack: PAGE,
    },
    Asked {
        event: "guest:typing",
        says: "The guest is at it, or not any more.",
        fields: &[IS_TYPING],
        ack: &[],
    },
    Asked {
        event: "guest:delivered",
        says: "Messages of staff have arrived on the guest's device.",
        fields: &[SEQ],
        ack: &[],
    },
    Asked {
        event: "guest:read",
        says: "The guest has read messages of staff.",
        fields: &[SEQ],
        ack: &[],
    },
    Asked {
        event: "message:react",
        says: "Puts an emoji at a message, or takes it away.",
        fields: &[MESSAGE_ID, EMOJI, ON],
        ack: &[],
    },
    Asked {
        event: "guest:end",
        says: "Ends the session for good.",
        fields: &[],
        ack: &[],
    },
];

const START: &[Field] = &[
    optional(
        "workspace",
        ID_OR_BLANK,
        "Whose site it is; `default` if left out.",
    ),
    optional("name", Shape::Short(limits::NAME_BYTES), "Shown to staff."),
    optional(
        "email",
        Shape::Short(limits::EMAIL_BYTES),
        "Shown to staff.",
    ),
    optional(
        "phone",
        Shape::Short(limits::PHONE_BYTES),
        "Shown to staff.",
    ),
    optional(
        "page",
        Shape::Short(limits::PAGE_BYTES),
        "Where on the site the guest is.",
    ),
    optional(
        "metadata",
        Shape::Object(Some(limits::METADATA_BYTES)),
        "The site's own, shown to staff.",
    ),
    optional(
        "token",
        Shape::Short(limits::TOKEN_BYTES),
        "From the acknowledgement of an earlier start: back to that session.",
    ),
    optional(
        "identity",
        Shape::TextOr(limits::TOKEN_BYTES, IDENTITY),
        "What the site's backend has signed of a visitor whom it knows: a JWT, or an object. Back to the session \
         of that visitor, on any device.",
    ),
];
const IDENTITY: &[Field] = &[
    required("id", ID, "By which the site knows its visitor."),
    required(
        "expiresAt",
        NUMBER,
        "Until when it can be used, in seconds since 1970: within the next 24 hours.",
    ),
    required(
        "hmac",
        Shape::Text,
        "HMAC-SHA256 of id, line feed and expiresAt, in hexadecimal, by the workspace's identity secret.",
    ),
];
const ID_OR_BLANK: Shape = Shape::Short(limits::ID_BYTES);

/// Said again as an event.
pub(super) const STARTED: &[Field] = &[
    SESSION_ID,
    optional("token", Shape::Text, "Leads back to the session: keep it."),
    required("reconnected", Shape::Flag, "The session was there before."),
    required("status", STATUS, "Where it stands."),
    optional(
        "queuePosition",
        NUMBER,
        "Place in the queue, from 1, while it waits.",
    ),
];
