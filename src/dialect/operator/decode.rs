use crate::{
    dialect::{
        Audience,
        fields::{Fields, Payload, required},
    },
    model::{
        Alias, Asks, Code, Command, GuestCommand, Join, OperatorId, Reject, Send, StaffCommand,
        Start, Toward, WorkspaceId, limits,
    },
};
use serde_json::Value;

/// `None` for an event that is none of these front ends'.
pub(in crate::dialect) fn decode(
    audience: Audience,
    event: &str,
    payload: Payload<'_>,
) -> Option<Result<Command, Reject>> {
    let read: fn(&Fields<'_>) -> Result<Command, Reject> = match (audience, event) {
        (_, "join") => join,
        (Audience::Guest, "clientMessage") => client_message,
        (Audience::Guest, "clientTyping") => client_typing,
        (Audience::Guest, "chatEnded") => return Some(Ok(Command::Guest(GuestCommand::End))),
        (Audience::Operator, "operatorMessage") => operator_message,
        (Audience::Operator, "operatorTyping") => operator_typing,
        (Audience::Operator, "getConnectedOperators") => {
            return Some(Ok(Command::Staff(StaffCommand::Operators)));
        }
        (Audience::Guest, "operatorMessage" | "operatorTyping" | "getConnectedOperators")
        | (Audience::Operator, "clientMessage" | "clientTyping" | "chatEnded") => {
            let reject = Reject::new(Code::Forbidden, "This is not for you to ask");
            return Some(Err(reject));
        }
        _ => return None,
    };
    Some(Fields::of(payload).and_then(|fields| read(&fields)))
}

/// Which of the two a guest's `join` shows: 003 gives its name as `username`, 004 as `name`. `None` for
/// anything else, an operator's `join` among it, which is the same in both.
pub(in crate::dialect) fn is_a(event: &str, payload: Option<&Value>) -> Option<bool> {
    let joins = event == "join" && payload?.get("role")?.as_str()? == "client";
    let has = |name: &str| payload.is_some_and(|it| it.get(name).is_some_and(Value::is_string));
    match (joins, has("username"), has("name")) {
        (true, true, _) => Some(true),
        (true, false, true) => Some(false),
        _ => None,
    }
}

fn join(fields: &Fields<'_>) -> Result<Command, Reject> {
    match required("role", fields.text("role")?)? {
        "client" => start(fields),
        "operator" => Ok(Command::Join(Join {
            token: fields.detail("token", limits::TOKEN_BYTES)?,
            id: fields
                .number_or_id("operatorId", limits::ID_BYTES)?
                .map(OperatorId::new),
        })),
        _ => Err(Reject::field("role", "role must be client or operator")),
    }
}

fn start(fields: &Fields<'_>) -> Result<Command, Reject> {
    let username = fields.detail("username", limits::NAME_BYTES)?;
    let start = Start {
        workspace: fields
            .detail("workspace", limits::ID_BYTES)?
            .map(WorkspaceId::new),
        name: username.or(fields.detail("name", limits::NAME_BYTES)?),
        email: fields.detail("email", limits::EMAIL_BYTES)?,
        phone: fields.detail("phone", limits::PHONE_BYTES)?,
        page: fields.detail("page", limits::PAGE_BYTES)?,
        metadata: fields.object("metadata", limits::METADATA_BYTES)?,
        token: fields.detail("token", limits::TOKEN_BYTES)?,
        ..Start::default()
    };
    Ok(Command::Guest(GuestCommand::Start(Box::new(start))))
}

fn client_message(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::Send(send(fields)?)))
}

/// What it says of its sender is passed over: the socket knows who that is.
fn operator_message(fields: &Fields<'_>) -> Result<Command, Reject> {
    let (alias, send) = (to(fields)?, send(fields)?);
    Ok(toward(alias, Asks::Send(send)))
}

fn client_typing(fields: &Fields<'_>) -> Result<Command, Reject> {
    let on = typing(fields)?;
    Ok(Command::Guest(GuestCommand::Typing { on }))
}

fn operator_typing(fields: &Fields<'_>) -> Result<Command, Reject> {
    let (alias, on) = (to(fields)?, typing(fields)?);
    Ok(toward(alias, Asks::Typing { on }))
}

const TO: &str = "to";

/// The session, as events call it, or any other name: of its list of chats a dashboard knows the number alone.
fn to(fields: &Fields<'_>) -> Result<Alias, Reject> {
    required(TO, fields.alias(TO)?)
}

fn toward(alias: Alias, asks: Asks) -> Command {
    match alias {
        Alias::Session(session) => Command::Staff(asks.of(session)),
        alias => Command::Toward(Toward {
            alias,
            field: TO,
            asks,
        }),
    }
}

fn typing(fields: &Fields<'_>) -> Result<bool, Reject> {
    required("isTyping", fields.flag("isTyping")?)
}

/// The text is bounded by the rules, for every dialect alike.
fn send(fields: &Fields<'_>) -> Result<Send, Reject> {
    let given = match fields.text("type")? {
        None | Some("text") => None,
        Some("image") => Some(required("image", fields.given(&["image"], true)?)?),
        Some(_) => return Err(Reject::field("type", "type must be text or image")),
    };
    let text = match given {
        None => required("message", fields.spoken()?)?,
        Some(_) => fields.spoken()?.unwrap_or_default(),
    };
    let client_id = fields.id("clientMessageId", limits::ID_BYTES)?;
    let client_id = client_id.or(fields.id("clientMsgId", limits::ID_BYTES)?);
    Ok(Send {
        text: text.to_owned(),
        given,
        file: None,
        client_id: client_id.map(str::to_owned),
    })
}
