use super::session_id;
use crate::{
    dialect::fields::{Fields, required},
    model::{Command, GuestCommand, HistoryQuery, Reject, Send, StaffCommand, limits},
};

pub(super) fn of_guest(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::Send(send(fields)?)))
}

pub(super) fn of_operator(fields: &Fields<'_>) -> Result<Command, Reject> {
    let (session, send) = (session_id(fields)?, send(fields)?);
    Ok(Command::Staff(StaffCommand::Send { session, send }))
}

pub(super) fn guest_history(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::History(history(fields)?)))
}

pub(super) fn operator_history(fields: &Fields<'_>) -> Result<Command, Reject> {
    let (session, query) = (session_id(fields)?, history(fields)?);
    Ok(Command::Staff(StaffCommand::History { session, query }))
}

/// Where a message that is sent with its file has it.
const FILES: [&str; 2] = ["file", "image"];

/// The text is bounded by the rules, for every dialect alike.
fn send(fields: &Fields<'_>) -> Result<Send, Reject> {
    let given = match fields.text("type")? {
        // Some say so of whatever they send: a file that comes with it is not passed over.
        None | Some("text") => fields.given(&FILES, false)?,
        Some(kind @ ("image" | "file")) => {
            let given = fields.given(&FILES, kind == "image")?;
            Some(required("attachmentId", given)?)
        }
        Some(_) => return Err(Reject::field("type", "type must be text, image or file")),
    };
    Ok(Send {
        text: required("message", fields.spoken()?)?.to_owned(),
        given,
        file: None,
        client_id: fields
            .id("clientMessageId", limits::ID_BYTES)?
            .map(str::to_owned),
    })
}

fn history(fields: &Fields<'_>) -> Result<HistoryQuery, Reject> {
    Ok(HistoryQuery {
        before_seq: fields.count("beforeSeq")?,
        limit: fields.limit(limits::HISTORY_DEFAULT, limits::HISTORY_MAX)?,
    })
}
