use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use utoipa::ToSchema;

use super::Row;
use crate::{
    model::{Account, Code, OperatorId, Reject, Role, limits},
    rest::{
        Rest,
        body::Body,
        caller::Caller,
        login::{required, text},
        problem::{Problem, Shown},
    },
};

/// What a new operator takes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read field by field, and described here")]
pub struct NewOperator {
    /// `guest` is taken: it is what guests are called.
    #[schema(min_length = 1, max_length = 128)]
    agent_id: String,
    /// As guests read it.
    #[schema(min_length = 1, max_length = 200)]
    agent_name: String,
    #[schema(value_type = Option<String>, schema_with = super::role_or_null)]
    role: Option<String>,
    #[schema(min_length = 10, max_length = 1024, format = Password)]
    password: String,
}

/// Add an operator with a password. For admins.
#[utoipa::path(
    post, path = "/api/v1/operators", tag = "Operators",
    request_body(content = inline(NewOperator)),
    responses(
        (status = 201, description = "Added", body = Row),
        (status = "default", description = "Refused; 409 if there is one of this id", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn add(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Body(fields): Body,
) -> Result<(StatusCode, Json<Row>), Problem> {
    caller.require(Role::Admin)?;
    let id = required(&fields, "agentId", limits::ID_BYTES)?;
    if id == "guest" {
        return Err(Reject::field("agentId", "guest is what guests are called").into());
    }
    let name = required(&fields, "agentName", limits::NAME_BYTES)?;
    let role = text(&fields, "role", limits::ID_BYTES)?.map_or(Some(Role::Agent), Role::named);
    let role =
        role.ok_or_else(|| Reject::field("role", "role must be agent, supervisor or admin"))?;
    let password = required(&fields, "password", limits::PASSWORD_BYTES)?.to_owned();
    rest.charge_change(&caller).await?;
    let account = Account {
        workspace: caller.workspace.clone(),
        id: OperatorId::new(id),
        name: name.into(),
        role,
        password: Some(rest.hashed(password).await?),
        disabled: false,
        valid_from: 0,
        created_at: rest.parts.clock.now(),
    };
    let added = rest.parts.accounts.add_operator(&account).await;
    if !added.map_err(|_| Reject::unavailable())? {
        let reject = Reject::new(Code::Conflict, "There is an operator of this id");
        return Err(Reject {
            field: Some("agentId"),
            ..reject
        }
        .into());
    }
    rest.note_change(&caller, "added", &account.id);
    Ok((StatusCode::CREATED, Json(Row::of(account, "offline"))))
}
