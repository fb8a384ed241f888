//! A command as the client that meant it writes it.

use serde_json::{Map, Value, json};
use switchboard::{
    dialect::Audience,
    model::{
        Command, Given, GuestCommand, HistoryQuery, Proof, React, Receipt, Send, SessionQuery,
        StaffCommand, Start,
    },
};

pub fn written(command: &Command) -> (Audience, &'static str, Value) {
    let (audience, (event, payload)) = match command {
        Command::Guest(command) => (Audience::Guest, of_guest(command)),
        Command::Staff(command) => (Audience::Operator, of_staff(command)),
        other => panic!("{other:?} is no native request"),
    };
    (audience, event, without_nulls(payload))
}

fn of_guest(command: &GuestCommand) -> (&'static str, Value) {
    match command {
        GuestCommand::Start(it) => ("guest:start", start(it)),
        GuestCommand::Send(it) => ("guest:message", send(it)),
        GuestCommand::History(it) => ("guest:history", history(it)),
        GuestCommand::Typing { on } => ("guest:typing", json!({ "isTyping": on })),
        GuestCommand::Receipt { receipt, seq } => {
            let event = match receipt {
                Receipt::Delivered => "guest:delivered",
                Receipt::Read => "guest:read",
            };
            (event, json!({ "seq": seq }))
        }
        GuestCommand::React(it) => ("message:react", react(it)),
        GuestCommand::End => ("guest:end", json!({})),
    }
}

fn of_staff(command: &StaffCommand) -> (&'static str, Value) {
    use StaffCommand as Staff;
    let (event, session, mut payload) = match command {
        Staff::Connect { session } => ("staff:connect_to_session", Some(session), json!({})),
        Staff::Leave { session } => ("staff:disconnect_from_session", Some(session), json!({})),
        Staff::End { session } => ("staff:end_session", Some(session), json!({})),
        Staff::Send { session, send: it } => ("staff:message", Some(session), send(it)),
        Staff::History { session, query } => ("staff:history", Some(session), history(query)),
        Staff::Transfer { session, to } => (
            "staff:transfer",
            Some(session),
            json!({ "agentId": to.as_str() }),
        ),
        Staff::Answer { session, accept } => (
            "staff:transfer_answer",
            Some(session),
            json!({ "accept": accept }),
        ),
        Staff::Typing { session, on } => ("staff:typing", Some(session), json!({ "isTyping": on })),
        Staff::Receipt {
            session,
            receipt: Receipt::Delivered,
            seq,
        } => ("staff:delivered", Some(session), json!({ "seq": seq })),
        Staff::Receipt {
            session,
            receipt: Receipt::Read,
            seq,
        } => ("staff:read", Some(session), json!({ "seq": seq })),
        Staff::React { session, react: it } => ("message:react", session.as_ref(), react(it)),
        Staff::Sessions(query) => ("staff:sessions", None, sessions(query)),
        Staff::Operators => ("staff:operators", None, json!({})),
        Staff::Status { away } => {
            let status = if *away { "away" } else { "online" };
            ("staff:status", None, json!({ "status": status }))
        }
    };
    if let Some(session) = session {
        payload["sessionId"] = session.as_str().into();
    }
    (event, payload)
}

fn start(start: &Start) -> Value {
    assert_eq!(
        (&start.resume, &start.identity),
        (&None, &None),
        "no client says so"
    );
    json!({
        "workspace": start.workspace.as_ref().map(|workspace| workspace.as_str()),
        "name": start.name,
        "email": start.email,
        "phone": start.phone,
        "page": start.page,
        "metadata": start.metadata,
        "token": start.token,
        "identity": start.proof.as_ref().map(proof),
    })
}

fn proof(proof: &Proof) -> Value {
    match proof {
        Proof::Token(token) => json!(token),
        Proof::Digest {
            id,
            expires_at,
            hmac,
        } => {
            let hmac: String = hmac.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "id": id, "expiresAt": expires_at, "hmac": hmac })
        }
    }
}

fn send(send: &Send) -> Value {
    let uploaded = match &send.given {
        Some(Given::Uploaded(id)) => Some(id),
        _ => None,
    };
    json!({
        "message": send.text,
        "attachmentId": uploaded,
        "clientMessageId": send.client_id,
    })
}

fn history(query: &HistoryQuery) -> Value {
    json!({ "beforeSeq": query.before_seq, "limit": query.limit })
}

fn react(react: &React) -> Value {
    json!({
        "messageId": react.message.to_string(),
        "emoji": react.emoji,
        "on": react.on,
    })
}

fn sessions(query: &SessionQuery) -> Value {
    assert_eq!(query.agent, None, "no client says so");
    json!({
        "status": query.status.map(|status| status.as_str()),
        "mine": query.mine,
        "search": query.search,
        "cursor": query.cursor,
        "limit": query.limit,
    })
}

fn without_nulls(payload: Value) -> Value {
    let Value::Object(fields) = payload else {
        return payload;
    };
    let said: Map<_, _> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    Value::Object(said)
}
