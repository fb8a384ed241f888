use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use utoipa::ToSchema;

use super::named;
use crate::{
    history::AccountChange,
    model::{Code, Reject, Role, limits},
    rest::{
        Rest,
        body::Body,
        caller::Caller,
        login::required,
        problem::{Problem, Shown},
    },
};

/// What a change of a password takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read field by field, and described here")]
pub struct Password {
    #[schema(min_length = 10, max_length = 1024, format = Password)]
    password: String,
}

/// Send an operator away: its tokens are void, its connections are closed on every pod within 5 s, its sessions
/// wait again after OPERATOR_GRACE. For admins.
#[utoipa::path(
    post, path = "/api/v1/operators/{agentId}/disable", tag = "Operators",
    params(("agentId" = String, Path, description = "Which operator", min_length = 1, max_length = 128)),
    responses(
        (status = 204, description = "Disabled"),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn disable(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(operator): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Admin)?;
    if operator == caller.id.as_str() {
        let says = "Nobody can disable itself: there might be no admin left";
        return Err(Reject::new(Code::Conflict, says).into());
    }
    let change = AccountChange {
        disabled: Some(true),
        // Its tokens stay void when it is let in again.
        valid_from: Some(rest.parts.clock.now() / 1000 + 1),
        ..AccountChange::default()
    };
    rest.changed(&caller, "disabled", operator, change).await
}

/// Let an operator in again. Tokens of before stay void. For admins.
#[utoipa::path(
    post, path = "/api/v1/operators/{agentId}/enable", tag = "Operators",
    params(("agentId" = String, Path, description = "Which operator", min_length = 1, max_length = 128)),
    responses(
        (status = 204, description = "Enabled"),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn enable(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(operator): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Admin)?;
    let change = AccountChange {
        disabled: Some(false),
        ..AccountChange::default()
    };
    rest.changed(&caller, "enabled", operator, change).await
}

/// Give an operator another password. Its tokens are void, its connections are closed. For admins; one's own
/// is changed by `/api/v1/me/password`, which asks for the current one.
#[utoipa::path(
    post, path = "/api/v1/operators/{agentId}/password", tag = "Operators",
    params(("agentId" = String, Path, description = "Which operator", min_length = 1, max_length = 128)),
    request_body(content = inline(Password)),
    responses(
        (status = 204, description = "Changed"),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn set_password(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(operator): Path<String>,
    Body(fields): Body,
) -> Result<StatusCode, Problem> {
    caller.require(Role::Admin)?;
    if operator == caller.id.as_str() {
        let says = "One's own password is changed by POST /api/v1/me/password";
        return Err(Reject::new(Code::Conflict, says).into());
    }
    let password = required(&fields, "password", limits::PASSWORD_BYTES)?.to_owned();
    let change = AccountChange {
        password: Some(rest.hashed(password).await?),
        valid_from: Some(rest.parts.clock.now() / 1000 + 1),
        ..AccountChange::default()
    };
    rest.changed(&caller, "password", operator, change).await
}

impl Rest {
    async fn changed(
        &self,
        caller: &Caller,
        what: &'static str,
        operator: String,
        change: AccountChange,
    ) -> Result<StatusCode, Problem> {
        let operator = named(operator)?;
        self.charge_change(caller).await?;
        self.change(&caller.workspace, &operator, change).await?;
        self.note_change(caller, what, &operator);
        Ok(StatusCode::NO_CONTENT)
    }
}
