use super::{
    Shape, Told,
    asked_by_guest::STARTED,
    fields::{
        AGENT_IN_SESSION, AGENT_NAME, IS_TYPING, NUMBER, REACTED, READ, READY, RECEIVED, SESSION_ID,
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
        event: "session:started",
        says: "The acknowledgement of `guest:start` once more, for front ends that listen for it.",
        fields: STARTED,
    },
    Told {
        event: "session:queue",
        says: "The place in the queue has changed; at most every 5 s.",
        fields: &[required("position", NUMBER, "From 1.")],
    },
    Told {
        event: "session:agent_joined",
        says: "An operator has taken the session.",
        fields: AGENT_IN_SESSION,
    },
    Told {
        event: "session:agent_left",
        says: "The operator does not have the session any more.",
        fields: AGENT_IN_SESSION,
    },
    Told {
        event: "session:ended",
        says: "The session is over.",
        fields: &[required(
            "session",
            Shape::Record(&records::GUEST_SESSION),
            "As it is now.",
        )],
    },
    Told {
        event: "staff:message",
        says: "A message of an operator.",
        fields: records::STAFF_MESSAGE.fields,
    },
    Told {
        event: "guest:message",
        says: "A message of the guest itself, from another of its tabs.",
        fields: records::GUEST_MESSAGE.fields,
    },
    Told {
        event: "staff:typing",
        says: "The operator is at it, or not any more. Forget it after 10 s.",
        fields: &[SESSION_ID, IS_TYPING, AGENT_NAME],
    },
    Told {
        event: "message:status",
        says: "How far the guest's messages have come.",
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
];
