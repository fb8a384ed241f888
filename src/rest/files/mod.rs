//! Files beside the messages: put there before a message names them, and opened by signed addresses.

pub mod open;
pub mod upload;

use std::{sync::Arc, time::Duration};

use axum::{Extension, extract::FromRequestParts, http::request::Parts};

use super::{
    Rest,
    caller::{Caller, bearer},
    problem::Problem,
};
use crate::{
    chat::{Actor, GuestActor},
    model::{Address, Partition, RecoveryId, Reject, Sid},
    server::auth::GuestClaims,
};

/// Files that are received at a time: each is in memory until it is stored.
pub const UPLOADS_MAX: usize = 8;
/// For all of an upload: a slow line takes its time.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(180);

/// Who uploads: an operator, or the guest of a session by its resume token.
pub enum Uploader {
    Staff(Caller),
    Guest(GuestClaims, Address),
}

impl FromRequestParts<Arc<Rest>> for Uploader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Problem> {
        let shown = bearer(&parts.headers);
        if let Some(guest) = shown.and_then(|it| GuestClaims::verify(&rest.parts.signing, it)) {
            let Extension(address) = Extension::from_request_parts(parts, rest)
                .await
                .map_err(|_| Reject::unavailable())?;
            return Ok(Self::Guest(guest, address));
        }
        let caller = Caller::from_request_parts(parts, rest).await?;
        Ok(Self::Staff(caller))
    }
}

impl Uploader {
    fn actor(&self) -> Actor {
        let (guest, address) = match self {
            Self::Staff(caller) => return Actor::Operator(caller.actor()),
            Self::Guest(guest, address) => (guest, *address),
        };
        let partition = Partition::of(&guest.workspace);
        Actor::Guest(GuestActor {
            workspace: guest.workspace.clone(),
            session: Some(guest.session.clone()),
            name: None,
            since: guest.since,
            recovery: RecoveryId::draw(partition),
            sid: Sid::draw(partition),
            pod: None,
            address,
        })
    }
}
