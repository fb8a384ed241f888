use super::{
    Field, Shape, Told,
    fields::{
        AGENT, AGENT_ID, IS_TYPING, MESSAGE_ID, REACTED, READ, READY, RECEIVED, SESSION_ID,
        TIMESTAMP,
    },
    records, required,
};

pub(super) const ALL: &[Told] = &[
    Told {
        event: "ready",
        says: "Right after the connection: gives the client a position from which it can recover.",
        fields: READY,
    },
    Told {
        event: "error",
        says: "A request that asked for no acknowledgement was refused.",
        fields: records::REFUSED,
    },
    Told {
        event: "session:created",
        says: "A guest waits.",
        fields: SESSION,
    },
    Told {
        event: "session:updated",
        says: "Something about a session has changed.",
        fields: SESSION,
    },
    Told {
        event: "session:ended",
        says: "A session is over.",
        fields: SESSION,
    },
    Told {
        event: "guest:message",
        says: "A message of a guest.",
        fields: records::GUEST_MESSAGE.fields,
    },
    Told {
        event: "staff:message",
        says: "A message of a colleague, or of the operator itself from another tab.",
        fields: records::STAFF_MESSAGE.fields,
    },
    Told {
        event: "staff:message:sent",
        says: "The operator's message was accepted: its acknowledgement, for front ends that listen for it.",
        fields: &[SESSION_ID, MESSAGE_ID, TIMESTAMP],
    },
    Told {
        event: "guest:typing",
        says: "The guest is at it, or not any more. Forget it after 10 s.",
        fields: &[SESSION_ID, IS_TYPING],
    },
    Told {
        event: "staff:transfer_offer",
        says: "To the one whom a session is offered to: answer with `staff:transfer_answer`.",
        fields: &[
            SESSION_ID,
            required(
                "from",
                Shape::Record(&records::AGENT_RECORD),
                "Who offers it.",
            ),
            required("expiresAt", Shape::Time, "Until when it can be answered."),
        ],
    },
    Told {
        event: "staff:transfer_closed",
        says: "An offer has come to nothing; the session stays where it is.",
        fields: &[
            SESSION_ID,
            AGENT_ID,
            required(
                "result",
                Shape::Word(&["declined", "expired", "withdrawn"]),
                "How.",
            ),
        ],
    },
    Told {
        event: "message:status",
        says: "How far the messages of staff have come.",
        fields: RECEIVED,
    },
    Told {
        event: "message:read",
        says: "Somebody has read the other side's messages.",
        fields: READ,
    },
    Told {
        event: "message:react",
        says: "An emoji was put at a message, or taken away.",
        fields: REACTED,
    },
    Told {
        event: "operator:online",
        says: "A colleague has connected: once, however many tabs.",
        fields: AGENT,
    },
    Told {
        event: "operator:offline",
        says: "A colleague has gone, with the last tab.",
        fields: AGENT,
    },
    Told {
        event: "operator:status",
        says: "A colleague is away, or back.",
        fields: records::OPERATOR.fields,
    },
];

const SESSION: &[Field] = &[required(
    "session",
    Shape::Record(&records::STAFF_SESSION),
    "As it is now.",
)];
