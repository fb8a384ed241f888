use serde_json::{Map, Value, json};

use super::view;
use crate::{
    dialect::{Audience, Outgoing},
    model::{HistoryMessage, Notice, Operator, Reject, Reply, Session, limits},
};

pub(in crate::dialect) fn encode_reply(
    audience: Audience,
    reply: &Reply,
    token: Option<&str>,
) -> Value {
    let mut fields = result(audience, reply, token);
    view::put(&mut fields, "ok", true);
    Value::Object(fields)
}

pub(in crate::dialect) fn encode_reject(reject: &Reject) -> Value {
    json!({ "ok": false, "error": error(reject) })
}

/// Of a name that is no event of ours as much is said back as the longest of ours has.
pub(in crate::dialect) fn encode_error(event: &str, reject: &Reject) -> Outgoing {
    let mut fields = error(reject);
    let name: String = event.chars().take(limits::EVENT_CHARS).collect();
    view::put(&mut fields, "event", name);
    Outgoing {
        event: "error",
        payload: Value::Object(fields),
    }
}

fn error(reject: &Reject) -> Map<String, Value> {
    let mut error =
        view::object(json!({ "code": reject.code.as_str(), "message": reject.message }));
    if let Some(field) = reject.field {
        view::put(&mut error, "field", field);
    }
    if let Some(retry_after_ms) = reject.retry_after_ms {
        view::put(&mut error, "retryAfterMs", retry_after_ms);
    }
    error
}

pub(in crate::dialect) fn encode_notice(
    audience: Audience,
    notice: &Notice,
    token: Option<&str>,
) -> Vec<Outgoing> {
    match notice {
        Notice::Started(reply) => vec![Outgoing {
            event: "session:started",
            payload: Value::Object(result(audience, reply, token)),
        }],
        Notice::Sent { session, id, at } => vec![Outgoing {
            event: "staff:message:sent",
            payload: json!({
                "sessionId": session.as_str(),
                "messageId": id.to_string(),
                "timestamp": view::timestamp(*at),
            }),
        }],
        Notice::Stored { session, seq } => vec![view::status(session, *seq, "stored")],
        Notice::Marks {
            session,
            direction,
            marks,
        } => {
            let steps = [
                ("delivered", marks.delivered(*direction)),
                ("read", marks.read(*direction)),
            ];
            let come = steps.into_iter().filter(|(_, seq)| *seq > 0);
            come.map(|(status, seq)| view::status(session, seq, status))
                .collect()
        }
        Notice::Waited { written, .. } => vec![Outgoing {
            payload: view::written(written),
            ..view::said(&written.message)
        }],
    }
}

/// What an acknowledgement holds beside `ok`.
fn result(audience: Audience, reply: &Reply, token: Option<&str>) -> Map<String, Value> {
    match reply {
        Reply::Started {
            session,
            reconnected,
            queue_position,
        } => started(session, *reconnected, *queue_position, token),
        Reply::Sent {
            id,
            seq,
            at,
            duplicate,
        } => view::object(json!({
            "messageId": id.to_string(),
            "seq": seq,
            "timestamp": view::timestamp(*at),
            "duplicate": duplicate,
        })),
        Reply::History { messages, more } => history(messages, *more),
        Reply::Session {
            session,
            queue_position,
        } => view::object(json!({
            "session": view::session(audience, session, *queue_position),
        })),
        Reply::Sessions {
            sessions,
            cursor,
            incomplete,
        } => {
            let mut fields = list(audience, sessions, cursor.as_deref());
            if *incomplete {
                view::put(&mut fields, "incomplete", true);
            }
            fields
        }
        Reply::Operators(operators) => view::object(json!({ "operators": here(operators) })),
        Reply::Done => Map::new(),
    }
}

fn started(
    session: &Session,
    reconnected: bool,
    queue_position: Option<u64>,
    token: Option<&str>,
) -> Map<String, Value> {
    let mut fields = view::object(json!({
        "sessionId": session.id.as_str(),
        "reconnected": reconnected,
        "status": session.status.as_str(),
    }));
    if let Some(token) = token {
        view::put(&mut fields, "token", token);
    }
    if let Some(position) = queue_position {
        view::put(&mut fields, "queuePosition", position);
    }
    fields
}

fn history(messages: &[HistoryMessage], more: bool) -> Map<String, Value> {
    let messages: Vec<_> = messages.iter().map(view::written).collect();
    view::object(json!({ "messages": messages, "more": more }))
}

fn list(
    audience: Audience,
    sessions: &[(Session, Option<u64>)],
    cursor: Option<&str>,
) -> Map<String, Value> {
    let rows = sessions
        .iter()
        .map(|(session, place)| view::session(audience, session, *place));
    let mut fields = view::object(json!({ "sessions": rows.collect::<Vec<_>>() }));
    if let Some(cursor) = cursor {
        view::put(&mut fields, "cursor", cursor);
    }
    fields
}

/// In the order in which a person looks for them, the same on every pod.
fn here(operators: &[Operator]) -> Vec<Value> {
    let mut operators: Vec<_> = operators.iter().collect();
    operators.sort_by_key(|operator| (&operator.agent.name, &operator.agent.id));
    let shown = operators.into_iter();
    shown
        .map(|operator| view::operator(&operator.agent, operator.away))
        .collect()
}
