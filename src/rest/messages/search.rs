use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Map, Value};

use super::page;
use crate::{
    model::limits,
    rest::{
        Rest,
        caller::Caller,
        login::required,
        problem::{Problem, Shown},
        query::Query,
    },
};

/// Messages of the workspace that have all the words, newest first. The last word may be the beginning of one.
/// What was said a moment ago may not be found yet.
#[utoipa::path(
    get, path = "/api/v1/messages/search", tag = "Messages",
    params(
        ("q" = String, Query, description = "Words", min_length = 1, max_length = 200),
        ("cursor" = Option<String>, Query, description = "Where the page before ended", pattern = "^[0-9]{1,15}-[0-9]{1,9}$"),
        ("limit" = Option<u64>, Query, description = "Messages on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = ref("#/components/schemas/Found")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn search(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Query(fields): Query,
) -> Result<Json<Map<String, Value>>, Problem> {
    let words = required(&fields, "q", limits::SEARCH_BYTES)?;
    let (before, limit) = page(&fields)?;
    let _turn = rest.read_turn(&caller).await?;
    let found = rest
        .parts
        .chat
        .search(&caller.workspace, words, before, limit);
    Ok(Json(rest.found(&caller.workspace, found.await?, limit)))
}
