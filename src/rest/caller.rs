use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};

use super::{Rest, cookie, problem::Problem};
use crate::{
    chat::OperatorActor,
    model::{Code, OperatorId, Partition, RecoveryId, Reject, Role, Sid, WorkspaceId},
    server::{
        Verdict,
        auth::{Failure, OperatorClaims},
    },
};

/// The operator who asks, by a token in the header `Authorization` or in the cookie of its login.
pub struct Caller {
    pub workspace: WorkspaceId,
    pub id: OperatorId,
    pub name: String,
    pub role: Role,
    /// When its token ends, in seconds.
    pub until: u64,
}

impl FromRequestParts<Arc<Rest>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Problem> {
        let bearer = bearer(&parts.headers);
        let verdict = parts.extensions.get::<Verdict>();
        let token = match bearer {
            Some(token) => Some(token),
            None if verdict.is_some_and(Verdict::may_send_cookies) => cookie::token(&parts.headers),
            None => None,
        };
        let claims = rest.parts.operators.verify(token.unwrap_or_default()).await;
        let claims = claims.map_err(|failure| match failure {
            Failure::Missing => unauthorized("Authentication required"),
            _ => unauthorized("Invalid token"),
        })?;
        rest.admit(claims).await
    }
}

impl Rest {
    async fn admit(&self, claims: OperatorClaims) -> Result<Caller, Problem> {
        let OperatorClaims {
            workspace,
            sub,
            iat,
            ..
        } = &claims;
        let admitted = self.parts.directory.admits(workspace, sub, *iat).await;
        if !admitted.map_err(|_| Reject::unavailable())? {
            return Err(unauthorized("Invalid token"));
        }
        let name = claims.called().to_owned();
        Ok(Caller {
            workspace: claims.workspace,
            id: claims.sub,
            name,
            role: claims.role,
            until: claims.exp,
        })
    }
}

impl Caller {
    pub fn require(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let says = format!("This takes the role {}", role.as_str());
        Err(Reject::new(Code::Forbidden, says).into())
    }

    /// No socket: nobody is passed over when others are told what it did, its own sockets neither.
    pub fn actor(&self) -> OperatorActor {
        let partition = Partition::of(&self.workspace);
        OperatorActor {
            workspace: self.workspace.clone(),
            id: self.id.clone(),
            name: self.name.clone(),
            recovery: RecoveryId::draw(partition),
            sid: Sid::draw(partition),
            pod: None,
        }
    }
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub fn unauthorized(says: &str) -> Problem {
    Reject::new(Code::Unauthorized, says).into()
}
