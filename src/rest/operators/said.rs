use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Map, Value};

use super::named;
use crate::{
    model::Role,
    rest::{
        Rest,
        caller::Caller,
        messages::page,
        problem::{Problem, Shown},
        query::Query,
    },
};

/// What an operator has said, in all sessions, newest first: one's own, or anybody's for supervisors.
#[utoipa::path(
    get, path = "/api/v1/operators/{agentId}/messages", tag = "Operators",
    params(
        ("agentId" = String, Path, description = "Which operator", min_length = 1, max_length = 128),
        ("cursor" = Option<String>, Query, description = "Where the page before ended", pattern = "^[0-9]{1,15}-[0-9]{1,9}$"),
        ("limit" = Option<u64>, Query, description = "Messages on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = ref("#/components/schemas/Found")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn said(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(operator): Path<String>,
    Query(fields): Query,
) -> Result<Json<Map<String, Value>>, Problem> {
    if operator != caller.id.as_str() {
        caller.require(Role::Supervisor)?;
    }
    let (before, limit) = page(&fields)?;
    let operator = named(operator)?;
    let _turn = rest.read_turn(&caller).await?;
    let said = rest
        .parts
        .chat
        .said_by(&caller.workspace, &operator, before, limit);
    Ok(Json(rest.found(&caller.workspace, said.await?, limit)))
}
