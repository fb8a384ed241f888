use std::sync::Arc;

use axum::{Json, extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Rest,
    body::Body,
    caller::{Caller, unauthorized},
    login::{Login, hash_password, required},
    problem::{Problem, Shown},
};
use crate::{
    history::AccountChange,
    model::{Account, Code, Reject, limits, timestamp},
    server::auth::OperatorClaims,
};

/// Who asks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    agent_id: String,
    agent_name: String,
    workspace: String,
    #[schema(value_type = String, schema_with = super::operators::role)]
    role: &'static str,
    /// When the token ends.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl From<&OperatorClaims> for Me {
    fn from(claims: &OperatorClaims) -> Self {
        Self {
            agent_id: claims.sub.as_str().into(),
            agent_name: claims.name.clone(),
            workspace: claims.workspace.as_str().into(),
            role: claims.role.as_str(),
            expires_at: timestamp(claims.exp.saturating_mul(1000)),
        }
    }
}

/// What a change of one's password takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read field by field, and described here")]
pub struct NewPassword {
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    current: String,
    #[schema(min_length = 10, max_length = 1024, format = Password)]
    password: String,
}

/// Who asks, as the token says.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "Who asks",
    responses(
        (status = 200, description = "Who asks", body = Me),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn me(caller: Caller) -> Json<Me> {
    Json(Me {
        agent_id: caller.id.as_str().into(),
        agent_name: caller.name,
        workspace: caller.workspace.as_str().into(),
        role: caller.role.as_str(),
        expires_at: timestamp(caller.until.saturating_mul(1000)),
    })
}

/// Change one's own password. All tokens that were issued before are void, and a new one is returned.
#[utoipa::path(
    post, path = "/api/v1/me/password", tag = "Who asks",
    request_body(content = inline(NewPassword)),
    responses(
        (status = 200, description = "Changed, and logged in anew", body = Login),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn change_password(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    headers: HeaderMap,
    Body(fields): Body,
) -> Result<Response, Problem> {
    let current = required(&fields, "current", limits::PASSWORD_BYTES)?;
    let password = required(&fields, "password", limits::PASSWORD_BYTES)?.to_owned();
    rest.charge_own_password(&caller).await?;
    let account = rest
        .parts
        .accounts
        .operator(&caller.workspace, &caller.id)
        .await;
    let account: Option<Account> = account.map_err(|_| Reject::unavailable())?;
    let known = account.as_ref().and_then(|it| it.password.clone());
    let is_right = rest.is_right(current, known).await?;
    let Some(account) = account.filter(|_| is_right) else {
        return Err(unauthorized("The current password is wrong"));
    };
    let hash = rest.hashed(password).await?;
    // Whatever was issued within this second as well.
    let now = rest.parts.clock.now() / 1000;
    let valid_from = now + 1;
    let change = AccountChange {
        password: Some(hash),
        valid_from: Some(valid_from),
        // Somebody who was faster has changed the password that was shown here.
        only_if_valid_from: Some(account.valid_from),
        ..AccountChange::default()
    };
    rest.change(&caller.workspace, &caller.id, change).await?;
    rest.note_change(&caller, "password", &caller.id);
    let account = Account {
        valid_from,
        ..account
    };
    rest.logged_in(&account, now, &headers)
}

impl Rest {
    pub(super) async fn hashed(
        &self,
        password: String,
    ) -> Result<crate::model::PasswordHash, Problem> {
        let hash = self.apart(move || hash_password(&password)).await?;
        hash.map_err(|error| Reject::field("password", error.to_string()).into())
    }

    /// Of an operator who may not be there.
    pub(super) async fn change(
        &self,
        workspace: &crate::model::WorkspaceId,
        operator: &crate::model::OperatorId,
        change: AccountChange,
    ) -> Result<(), Problem> {
        let changed = self
            .parts
            .accounts
            .change_operator(workspace, operator, change);
        if changed.await.map_err(|_| Reject::unavailable())? {
            return Ok(());
        }
        let reject = Reject::new(Code::NotFound, "No such operator");
        Err(Reject {
            field: Some("agentId"),
            ..reject
        }
        .into())
    }
}
