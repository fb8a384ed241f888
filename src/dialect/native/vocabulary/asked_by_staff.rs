use super::{
    Asked, Field, Shape,
    fields::{
        ATTACHMENT_ID, BEFORE_SEQ, CLIENT_MESSAGE_ID, EMOJI, HISTORY_LIMIT, ID, IN_SESSION,
        IS_TYPING, MESSAGE, MESSAGE_ID, ON, PAGE, PRESENCE, SENT, SEQ, SESSION_ID, STATUS, TYPE,
    },
    optional, records, required,
};
use crate::{dialect::native::decode::CURSOR_BYTES, model::limits};

pub(super) const ALL: &[Asked] = &[
    Asked {
        event: "staff:sessions",
        says: "Asks for a page of sessions, those in which something happened last first.",
        fields: SESSIONS,
        ack: &[
            required(
                "sessions",
                Shape::List(&records::STAFF_SESSION),
                "The page.",
            ),
            optional(
                "cursor",
                CURSOR,
                "Where the next page begins; left out on the last.",
            ),
            optional(
                "incomplete",
                Shape::Flag,
                "The history did not answer: sessions that are over, or idle for long, are not in it.",
            ),
        ],
    },
    Asked {
        event: "staff:operators",
        says: "Asks who is connected.",
        fields: &[],
        ack: &[required(
            "operators",
            Shape::List(&records::OPERATOR),
            "By name, then by id.",
        )],
    },
    Asked {
        event: "staff:status",
        says: "Whether the operator wants new sessions; the same in all its tabs.",
        fields: &[required("status", PRESENCE, "From now on.")],
        ack: &[],
    },
    Asked {
        event: "staff:connect_to_session",
        says: "Takes a session. Of two who take it, one gets it and the other is told `taken`.",
        fields: IN_SESSION,
        ack: SESSION,
    },
    Asked {
        event: "staff:disconnect_from_session",
        says: "Gives a session back to the queue.",
        fields: IN_SESSION,
        ack: SESSION,
    },
    Asked {
        event: "staff:transfer",
        says: "Offers a session to a colleague, who has until `expiresAt` to answer.",
        fields: &[SESSION_ID, required("agentId", ID, "To whom.")],
        ack: SESSION,
    },
    Asked {
        event: "staff:transfer_answer",
        says: "Answers such an offer.",
        fields: &[
            SESSION_ID,
            required("accept", Shape::Flag, "Whether the session is taken over."),
        ],
        ack: SESSION,
    },
    Asked {
        event: "staff:end_session",
        says: "Ends a session for good.",
        fields: IN_SESSION,
        ack: SESSION,
    },
    Asked {
        event: "staff:message",
        says: "Says something to the guest. The acknowledgement means that it is kept.",
        fields: &[SESSION_ID, MESSAGE, TYPE, ATTACHMENT_ID, CLIENT_MESSAGE_ID],
        ack: SENT,
    },
    Asked {
        event: "staff:history",
        says: "Asks for a page of what was said.",
        fields: &[SESSION_ID, BEFORE_SEQ, HISTORY_LIMIT],
        ack: PAGE,
    },
    Asked {
        event: "staff:typing",
        says: "The operator is at it, or not any more.",
        fields: &[SESSION_ID, IS_TYPING],
        ack: &[],
    },
    Asked {
        event: "staff:delivered",
        says: "Messages of the guest have arrived on the operator's device.",
        fields: &[SESSION_ID, SEQ],
        ack: &[],
    },
    Asked {
        event: "staff:read",
        says: "The operator has read messages of the guest.",
        fields: &[SESSION_ID, SEQ],
        ack: &[],
    },
    Asked {
        event: "message:react",
        says: "Puts an emoji at a message, or takes it away.",
        fields: &[
            MESSAGE_ID,
            EMOJI,
            ON,
            optional("sessionId", ID, "Found by the message if left out."),
        ],
        ack: &[],
    },
];

const SESSION: &[Field] = &[required(
    "session",
    Shape::Record(&records::STAFF_SESSION),
    "As it is now.",
)];

const SESSIONS: &[Field] = &[
    optional("status", STATUS, "Only those."),
    optional("mine", Shape::Flag, "Only those that the operator has."),
    optional(
        "search",
        Shape::Short(limits::SEARCH_BYTES),
        "Part of the guest's name or e-mail address, in any case.",
    ),
    optional("cursor", CURSOR, "From the page before."),
    optional(
        "limit",
        Shape::Number {
            low: 1,
            high: limits::SESSIONS_MAX as u64,
        },
        "Sessions on the page; 50 if left out.",
    ),
];
const CURSOR: Shape = Shape::Id(CURSOR_BYTES);
