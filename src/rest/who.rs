use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{
    Rest,
    caller::{Caller, bearer},
    problem::Problem,
};
use crate::{
    chat::{Actor, GuestActor},
    model::{Address, Partition, RecoveryId, SessionId, Sid, WorkspaceId},
    server::auth::GuestClaims,
};

/// Who asks about a conversation: an operator, or its guest by the token that was given with it.
pub enum Who {
    Operator(Caller),
    Guest(GuestClaims),
}

impl FromRequestParts<Arc<Rest>> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Problem> {
        let guest = bearer(&parts.headers);
        let guest = guest.and_then(|token| GuestClaims::verify(&rest.parts.signing, token));
        match guest {
            Some(guest) => Ok(Self::Guest(guest)),
            None => Caller::from_request_parts(parts, rest)
                .await
                .map(Self::Operator),
        }
    }
}

impl Who {
    pub fn operator(&self) -> Option<&Caller> {
        match self {
            Self::Operator(caller) => Some(caller),
            Self::Guest(_) => None,
        }
    }

    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Operator(caller) => &caller.workspace,
            Self::Guest(claims) => &claims.workspace,
        }
    }

    /// For a guest there is no other session than its own.
    pub fn may_name(&self, session: &SessionId) -> bool {
        match self {
            Self::Operator(_) => true,
            Self::Guest(claims) => claims.session == *session,
        }
    }

    /// Without a socket: it is present nowhere. `name`: of the guest, where others are told it.
    pub fn actor(&self, address: Address, name: Option<&str>) -> Actor {
        let claims = match self {
            Self::Operator(caller) => return Actor::Operator(caller.actor()),
            Self::Guest(claims) => claims,
        };
        let partition = Partition::of(&claims.workspace);
        Actor::Guest(GuestActor {
            workspace: claims.workspace.clone(),
            session: Some(claims.session.clone()),
            name: name.map(str::to_owned),
            since: claims.since,
            recovery: RecoveryId::draw(partition),
            sid: Sid::draw(partition),
            pod: None,
            address,
        })
    }
}
