use crate::{
    dialect::fields::{Fields, required},
    model::{Command, Reject, SessionQuery, StaffCommand, Status, limits},
};

/// Longest cursor of a list: a time and an id.
pub(in crate::dialect::native) const CURSOR_BYTES: usize = limits::ID_BYTES + 24;

pub(super) fn sessions(fields: &Fields<'_>) -> Result<Command, Reject> {
    let limit = fields.limit(limits::SESSIONS_DEFAULT, limits::SESSIONS_MAX)?;
    Ok(Command::Staff(StaffCommand::Sessions(SessionQuery {
        status: session_status(fields)?,
        agent: None,
        mine: fields.flag("mine")?.unwrap_or(false),
        search: fields.detail("search", limits::SEARCH_BYTES)?,
        cursor: fields.id("cursor", CURSOR_BYTES)?.map(str::to_owned),
        limit,
    })))
}

pub(super) fn operators(_: &Fields<'_>) -> Result<Command, Reject> {
    Ok(Command::Staff(StaffCommand::Operators))
}

pub(super) fn status(fields: &Fields<'_>) -> Result<Command, Reject> {
    let away = match required("status", fields.text("status")?)? {
        "online" => false,
        "away" => true,
        _ => return Err(Reject::field("status", "status must be online or away")),
    };
    Ok(Command::Staff(StaffCommand::Status { away }))
}

fn session_status(fields: &Fields<'_>) -> Result<Option<Status>, Reject> {
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
