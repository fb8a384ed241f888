use super::identity;
use crate::{
    dialect::fields::Fields,
    model::{Command, GuestCommand, Reject, Start, WorkspaceId, limits},
};

pub(super) fn start(fields: &Fields<'_>) -> Result<Command, Reject> {
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
        proof: identity::proof(fields)?,
        resume: None,
        identity: None,
        separate: false,
    };
    Ok(Command::Guest(GuestCommand::Start(Box::new(start))))
}

pub(super) fn end(_: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Guest(GuestCommand::End))
}
