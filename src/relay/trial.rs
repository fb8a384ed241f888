//! `--try`: from a fresh checkout to something to look at.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use crate::{
    config::Secrets,
    model::{Clock, OperatorId, Role, WorkspaceId},
    server::auth::OperatorClaims,
};

/// Ports tried after the one that was asked for.
const FURTHER_PORTS: u16 = 100;
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Binds the address, or, when it may be `moved`, the next free port, and says so.
pub async fn bind(address: SocketAddr, what: &str, moved: bool) -> io::Result<TcpListener> {
    let first = TcpListener::bind(address).await;
    match &first {
        Err(error) if moved && error.kind() == io::ErrorKind::AddrInUse => {}
        _ => return first,
    }
    for port in (1..=FURTHER_PORTS).filter_map(|step| address.port().checked_add(step)) {
        if let Ok(listener) = TcpListener::bind((address.ip(), port)).await {
            println!(
                "Port {} is busy: {what} is on port {port} instead.",
                address.port()
            );
            return Ok(listener);
        }
    }
    first
}

/// What to open next. Printed where a person looks, never logged: it holds a token.
pub fn welcome(
    address: SocketAddr,
    metrics: SocketAddr,
    secrets: &Secrets,
    clock: &Clock,
) -> String {
    let port = address.port();
    let token = operator_token(secrets, clock).unwrap_or_default();
    format!(
        "\n  Switchboard is ready on http://localhost:{port}\n\n  \
         Open      http://localhost:{port}/try#token={token}\n            \
         a guest on the left, an operator on the right\n  \
         Operator  {token}\n  \
         Metrics   http://localhost:{}/metrics\n\n  Ctrl-C ends it; what was said is kept in the data directory.\n",
        metrics.port()
    )
}

/// Signs a token for an operator; `None` where others do.
pub fn token(secrets: &Secrets, claims: &OperatorClaims) -> Option<String> {
    secrets.jwt.as_ref()?.sign(claims)
}

fn operator_token(secrets: &Secrets, clock: &Clock) -> Option<String> {
    let now = clock.now() / 1000;
    let claims = OperatorClaims {
        sub: OperatorId::new("1"),
        name: "Olivia".into(),
        workspace: WorkspaceId::new("default"),
        role: Role::Agent,
        iat: now,
        exp: now + TOKEN_LIFE.as_secs(),
    };
    token(secrets, &claims)
}
