use serde_json::Value;

use crate::{
    dialect::{
        Audience,
        fields::{Fields, required},
    },
    model::{
        Code, Command, GuestCommand, HistoryQuery, Reject, Send, SessionId, SessionQuery,
        StaffCommand, Start, Status, WorkspaceId, limits,
    },
};

/// Longest cursor of a list: a time and an id.
const CURSOR_BYTES: usize = limits::ID_BYTES + 24;

pub(in crate::dialect) fn decode(
    audience: Audience,
    event: &str,
    payload: Option<&Value>,
) -> Result<Command, Reject> {
    let (speaker, read) =
        reader(event).ok_or_else(|| Reject::new(Code::Invalid, "Unknown event"))?;
    if speaker != audience {
        return Err(Reject::new(Code::Forbidden, "This is not for you to ask"));
    }
    read(&Fields::of(payload)?)
}

pub(in crate::dialect) fn is_query(event: &str) -> bool {
    matches!(event, "guest:history" | "staff:history" | "staff:sessions")
}

type Read = fn(&Fields<'_>) -> Result<Command, Reject>;

/// Every event that a client may send, and which side sends it.
fn reader(event: &str) -> Option<(Audience, Read)> {
    use Audience::{Guest, Operator};
    Some(match event {
        "guest:start" => (Guest, guest_start),
        "guest:message" => (Guest, guest_message),
        "guest:history" => (Guest, guest_history),
        "guest:end" => (Guest, guest_end),
        "staff:connect_to_session" => (Operator, staff_connect),
        "staff:message" => (Operator, staff_message),
        "staff:sessions" => (Operator, staff_sessions),
        "staff:history" => (Operator, staff_history),
        "staff:end_session" => (Operator, staff_end),
        _ => return None,
    })
}

fn guest_start(fields: &Fields<'_>) -> Result<Command, Reject> {
    let start = Start {
        workspace: fields
            .detail("workspace", limits::ID_BYTES)?
            .map(WorkspaceId::new),
        name: fields.detail("name", limits::NAME_BYTES)?,
        email: fields.detail("email", limits::EMAIL_BYTES)?,
        phone: fields.detail("phone", limits::PHONE_BYTES)?,
        page: fields.detail("page", limits::PAGE_BYTES)?,
        metadata: fields.object("metadata", limits::METADATA_BYTES)?,
        token: fields.detail("token", limits::TOKEN_BYTES)?,
        resume: None,
    };
    Ok(Command::Guest(GuestCommand::Start(Box::new(start))))
}

fn guest_message(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::Send(send(fields)?)))
}

fn guest_history(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::History(history(fields)?)))
}

fn guest_end(_: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::End))
}

fn staff_connect(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Staff(StaffCommand::Connect {
        session: session(fields)?,
    }))
}

fn staff_message(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Staff(StaffCommand::Send {
        session: session(fields)?,
        send: send(fields)?,
    }))
}

fn staff_sessions(fields: &Fields<'_>) -> Result<Command, Reject> {
    let limit = limit(fields, limits::SESSIONS_DEFAULT, limits::SESSIONS_MAX)?;
    Ok(Command::Staff(StaffCommand::Sessions(SessionQuery {
        status: status(fields)?,
        agent: None,
        mine: fields.flag("mine")?.unwrap_or(false),
        search: fields.detail("search", limits::SEARCH_BYTES)?,
        cursor: fields.id("cursor", CURSOR_BYTES)?.map(str::to_owned),
        limit,
    })))
}

fn staff_history(fields: &Fields<'_>) -> Result<Command, Reject> {
    let (session, query) = (session(fields)?, history(fields)?);
    Ok(Command::Staff(StaffCommand::History { session, query }))
}

fn staff_end(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Staff(StaffCommand::End {
        session: session(fields)?,
    }))
}

fn session(fields: &Fields<'_>) -> Result<SessionId, Reject> {
    let id = fields.id("sessionId", limits::ID_BYTES)?;
    Ok(SessionId::new(required("sessionId", id)?))
}

/// The text is bounded by the rules, for every dialect alike.
fn send(fields: &Fields<'_>) -> Result<Send, Reject> {
    match fields.text("type")? {
        None | Some("text") => {}
        Some("image" | "file") => {
            return Err(Reject::field("type", "Attachments are not available yet"));
        }
        Some(_) => return Err(Reject::field("type", "type must be text, image or file")),
    }
    Ok(Send {
        text: required("message", fields.text("message")?)?.to_owned(),
        client_id: fields
            .id("clientMessageId", limits::ID_BYTES)?
            .map(str::to_owned),
    })
}

fn history(fields: &Fields<'_>) -> Result<HistoryQuery, Reject> {
    let before_seq = fields.count("beforeSeq")?;
    let limit = limit(fields, limits::HISTORY_DEFAULT, limits::HISTORY_MAX)?;
    Ok(HistoryQuery { before_seq, limit })
}

fn limit(fields: &Fields<'_>, unless_asked: usize, max: usize) -> Result<usize, Reject> {
    let asked = fields.number("limit", 1..=u64::try_from(max).unwrap_or(u64::MAX))?;
    Ok(asked
        .and_then(|asked| asked.try_into().ok())
        .unwrap_or(unless_asked))
}

fn status(fields: &Fields<'_>) -> Result<Option<Status>, Reject> {
    Ok(match fields.text("status")? {
        None => None,
        Some("waiting") => Some(Status::Waiting),
        Some("active") => Some(Status::Active),
        Some("ended") => Some(Status::Ended),
        Some(_) => {
            return Err(Reject::field(
                "status",
                "status must be waiting, active or ended",
            ));
        }
    })
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
