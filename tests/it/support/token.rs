//! Tokens of operators, as whoever has the secrets makes them.

use switchboard::{
    config::Secrets,
    model::{Clock, OperatorId, Role, WorkspaceId},
    relay::trial,
    server::auth::OperatorClaims,
};

/// Valid for `seconds` (below 0: expired).
pub fn token(secrets: &Secrets, id: &str, name: &str, workspace: &str, seconds: i64) -> String {
    let now = Clock::System.now() / 1000;
    let claims = OperatorClaims {
        sub: OperatorId::new(id),
        name: name.into(),
        workspace: WorkspaceId::new(workspace),
        role: Role::Agent,
        iat: now,
        exp: now.saturating_add_signed(seconds),
    };
    trial::token(secrets, &claims).unwrap()
}
