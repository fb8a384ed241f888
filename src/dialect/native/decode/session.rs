use super::session_id;
use crate::{
    dialect::fields::{Fields, required},
    model::{Command, OperatorId, Reject, StaffCommand, limits},
};

pub(super) fn connect(fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = session_id(fields)?;
    Ok(Command::Staff(StaffCommand::Connect { session }))
}

pub(super) fn leave(fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = session_id(fields)?;
    Ok(Command::Staff(StaffCommand::Leave { session }))
}

pub(super) fn transfer(fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = session_id(fields)?;
    let to = required("agentId", fields.id("agentId", limits::ID_BYTES)?)?;
    let to = OperatorId::new(to);
    Ok(Command::Staff(StaffCommand::Transfer { session, to }))
}

pub(super) fn answer(fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = session_id(fields)?;
    let accept = required("accept", fields.flag("accept")?)?;
    Ok(Command::Staff(StaffCommand::Answer { session, accept }))
}

pub(super) fn end(fields: &Fields<'_>) -> Result<Command, Reject> {
    let session = session_id(fields)?;
    Ok(Command::Staff(StaffCommand::End { session }))
}
