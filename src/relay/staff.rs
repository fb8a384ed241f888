//! Who an operator is.

use serde_json::Value;

use super::{Relay, RelaySocket, param, unauthorized};
use crate::{
    model::Account,
    server::{
        ConnectRequest, Refusal,
        auth::{Failure, OperatorClaims},
    },
};

impl Relay {
    /// From the token of the CONNECT, else of the URL, for clients that can set nothing else, else of the cookie that a
    /// login has set.
    pub(super) async fn operator(
        &self,
        request: &ConnectRequest<'_>,
    ) -> Result<RelaySocket, Refusal> {
        let token = request
            .auth
            .get("token")
            .and_then(Value::as_str)
            .or_else(|| param(request, "token"))
            .or(request.handshake.login.as_deref());
        let claims = self.operators.verify(token.unwrap_or_default()).await;
        let claims = claims.map_err(|failure| match failure {
            Failure::Missing => unauthorized("Authentication required"),
            _ => unauthorized("Invalid token"),
        })?;
        let OperatorClaims {
            workspace,
            sub,
            iat,
            ..
        } = &claims;
        let admitted = self.directory.admits(workspace, sub, *iat).await;
        if !admitted.map_err(|_| Refusal::Trouble)? {
            return Err(unauthorized("Invalid token"));
        }
        self.directory.note(self.account(&claims));
        Ok(RelaySocket::Operator {
            workspace: claims.workspace,
            id: claims.sub,
            name: claims.name,
            issued: claims.iat,
        })
    }

    /// As a token tells of it.
    fn account(&self, claims: &OperatorClaims) -> Account {
        Account {
            workspace: claims.workspace.clone(),
            id: claims.sub.clone(),
            name: claims.name.clone(),
            role: claims.role,
            password: None,
            disabled: false,
            valid_from: 0,
            created_at: self.clock.now(),
        }
    }
}
