use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Map, Value};

use crate::rest::{
    Rest,
    caller::Caller,
    idempotency::Key,
    problem::{Problem, Shown},
    query::Query,
};

/// A page of sessions, those in which something happened last first: as `staff:sessions`.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "Sessions",
    params(
        ("status" = Option<String>, Query, description = "Only `waiting`, `active` or `ended` ones", pattern = "^(waiting|active|ended)$"),
        ("mine" = Option<bool>, Query, description = "Only the caller's own"),
        ("search" = Option<String>, Query, description = "Part of the guest's name or e-mail address", max_length = 200),
        ("cursor" = Option<String>, Query, description = "Where the page before ended", pattern = "^[0-9]{1,15}:[!-~]{1,128}$"),
        ("limit" = Option<u64>, Query, description = "Sessions on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = ref("#/components/schemas/Sessions")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Query(fields): Query,
) -> Result<Json<Map<String, Value>>, Problem> {
    let _turn = rest.read_turn(&caller).await?;
    let answer = rest
        .ask(&caller, "staff:sessions", fields, &Key(None))
        .await?;
    Ok(Json(answer.fields))
}
