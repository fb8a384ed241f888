use switchboard::{
    dialect::Audience,
    model::{Direction, Operator, Reply, Session},
};

use super::{
    active, alice, bare, bob, busy, ended, message, message_id, reacted, started, waiting,
};

/// What is answered, and to whom.
pub struct Answer {
    pub event: &'static str,
    pub audience: Audience,
    pub case: &'static str,
    pub reply: Reply,
    pub token: Option<&'static str>,
}

/// An answer to every request; some differ in what they hold.
pub fn replies() -> Vec<Answer> {
    of_guest().into_iter().chain(of_operator()).collect()
}

fn of_guest() -> Vec<Answer> {
    let start = |case, reply, token| Answer {
        token,
        ..guest("guest:start", case, reply)
    };
    vec![
        start("new", started(false, Some(3)), Some("token")),
        start("again", started(true, None), Some("token")),
        start("without a token", started(false, None), None),
        guest("guest:message", "new", sent(false)),
        guest("guest:message", "again", sent(true)),
        guest("guest:history", "page", page()),
        guest("guest:history", "empty", empty()),
        guest("guest:typing", "done", Reply::Done),
        guest("guest:delivered", "done", Reply::Done),
        guest("guest:read", "done", Reply::Done),
        guest("message:react", "done", Reply::Done),
        guest("guest:end", "done", Reply::Done),
    ]
}

fn of_operator() -> Vec<Answer> {
    let here = |agent, away| Operator { agent, away };
    // Two have one name.
    let mut other = alice();
    other.id = bob().id;
    let operators = vec![here(bob(), true), here(other, false), here(alice(), false)];
    let rows = vec![(waiting(), Some(2)), (active(), None), (busy(), None)];
    let list = |sessions, cursor| Reply::Sessions {
        sessions,
        cursor,
        incomplete: false,
    };
    vec![
        operator("staff:connect_to_session", "taken", session(active(), None)),
        operator(
            "staff:disconnect_from_session",
            "queued",
            session(waiting(), Some(1)),
        ),
        operator("staff:transfer", "offered", session(busy(), None)),
        operator("staff:transfer_answer", "accepted", session(active(), None)),
        operator("staff:end_session", "ended", session(ended(), None)),
        operator("staff:message", "new", sent(false)),
        operator("staff:message", "again", sent(true)),
        operator("staff:history", "page", page()),
        operator("staff:history", "empty", empty()),
        operator("staff:typing", "done", Reply::Done),
        operator("staff:delivered", "done", Reply::Done),
        operator("staff:read", "done", Reply::Done),
        operator("message:react", "done", Reply::Done),
        operator("staff:sessions", "page", list(rows, Some("7:s".into()))),
        operator("staff:sessions", "empty", list(vec![], None)),
        operator("staff:operators", "some", Reply::Operators(operators)),
        operator("staff:operators", "none", Reply::Operators(vec![])),
        operator("staff:status", "done", Reply::Done),
    ]
}

fn guest(event: &'static str, case: &'static str, reply: Reply) -> Answer {
    Answer {
        event,
        audience: Audience::Guest,
        case,
        reply,
        token: None,
    }
}

fn operator(event: &'static str, case: &'static str, reply: Reply) -> Answer {
    Answer {
        audience: Audience::Operator,
        ..guest(event, case, reply)
    }
}

fn session(session: Session, queue_position: Option<u64>) -> Reply {
    Reply::Session {
        session: Box::new(session),
        queue_position,
    }
}

fn sent(duplicate: bool) -> Reply {
    Reply::Sent {
        id: message_id(1),
        seq: 1,
        at: message(Direction::In).at,
        duplicate,
    }
}

fn page() -> Reply {
    Reply::History {
        messages: vec![
            bare(message(Direction::In)),
            reacted(message(Direction::Out)),
        ],
        more: true,
    }
}

fn empty() -> Reply {
    Reply::History {
        messages: vec![],
        more: false,
    }
}
