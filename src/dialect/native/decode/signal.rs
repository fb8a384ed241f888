//! What is said about messages and between them: typing, receipts, reactions.

use super::session_id;
use crate::{
    dialect::fields::{Fields, required},
    model::{Command, GuestCommand, React, Receipt, Reject, SessionId, StaffCommand, limits},
};

pub(super) fn guest_typing(fields: &Fields<'_>) -> Result<Command, Reject> {
    let on = typing(fields)?;
    Ok(Command::Guest(GuestCommand::Typing { on }))
}

pub(super) fn operator_typing(fields: &Fields<'_>) -> Result<Command, Reject> {
    let (session, on) = (session_id(fields)?, typing(fields)?);
    Ok(Command::Staff(StaffCommand::Typing { session, on }))
}

pub(super) fn guest_delivered(fields: &Fields<'_>) -> Result<Command, Reject> {
    guest_receipt(Receipt::Delivered, fields)
}

pub(super) fn guest_read(fields: &Fields<'_>) -> Result<Command, Reject> {
    guest_receipt(Receipt::Read, fields)
}

pub(super) fn operator_delivered(fields: &Fields<'_>) -> Result<Command, Reject> {
    operator_receipt(Receipt::Delivered, fields)
}

pub(super) fn operator_read(fields: &Fields<'_>) -> Result<Command, Reject> {
    operator_receipt(Receipt::Read, fields)
}

pub(super) fn guest_react(fields: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::React(react(fields)?)))
}

/// The session may be left out: the message says which one it is.
pub(super) fn operator_react(fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = fields.id("sessionId", limits::ID_BYTES)?;
    let (session, react) = (session.map(SessionId::new), react(fields)?);
    Ok(Command::Staff(StaffCommand::React { session, react }))
}

fn typing(fields: &Fields<'_>) -> Result<bool, Reject> {
    required("isTyping", fields.flag("isTyping")?)
}

fn guest_receipt(receipt: Receipt, fields: &Fields<'_>) -> Result<Command, Reject> {
    let seq = required("seq", fields.seq("seq")?)?;
    Ok(Command::Guest(GuestCommand::Receipt { receipt, seq }))
}

fn operator_receipt(receipt: Receipt, fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = session_id(fields)?;
    let seq = required("seq", fields.seq("seq")?)?;
    Ok(Command::Staff(StaffCommand::Receipt {
        session,
        receipt,
        seq,
    }))
}

fn react(fields: &Fields<'_>) -> Result<React, Reject> {
    Ok(React {
        message: required("messageId", fields.message_id("messageId")?)?,
        emoji: required("emoji", fields.emoji("emoji")?)?.to_owned(),
        on: required("on", fields.flag("on")?)?,
    })
}
