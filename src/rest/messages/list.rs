use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Map, Value, json};

use crate::{
    model::Reject,
    rest::{
        Rest,
        caller::Caller,
        idempotency::Key,
        login::text,
        problem::{Problem, Shown},
        query::Query,
    },
};

/// Longest place in a history, in bytes: a number.
const CURSOR_BYTES: usize = 20;

/// A page of what was said in a session, ascending: as `staff:history`. Without a cursor the newest; `cursor` leads
/// to what was before.
#[utoipa::path(
    get, path = "/api/v1/sessions/{sessionId}/messages", tag = "Messages",
    params(
        ("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128),
        ("cursor" = Option<String>, Query, description = "From the page after; the same as `beforeSeq`", pattern = "^[1-9][0-9]{0,14}$"),
        ("beforeSeq" = Option<u64>, Query, description = "Only messages below this number", minimum = 0, maximum = 9_007_199_254_740_991_u64),
        ("limit" = Option<u64>, Query, description = "Messages on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = ref("#/components/schemas/History")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
    Query(mut fields): Query,
) -> Result<Json<Map<String, Value>>, Problem> {
    if let Some(cursor) = text(&fields, "cursor", CURSOR_BYTES)? {
        let before = cursor.parse::<u64>().ok().filter(|before| *before > 0);
        let before = before
            .ok_or_else(|| Reject::field("cursor", "cursor is not one that a page has told"))?;
        fields.insert("beforeSeq".into(), before.into());
    }
    fields.insert("sessionId".into(), session.into());
    let _turn = rest.read_turn(&caller).await?;
    let mut page = rest
        .ask(&caller, "staff:history", fields, &Key(None))
        .await?
        .fields;
    if page.get("more") == Some(&Value::Bool(true))
        && let Some(first) = page["messages"][0]["seq"].as_u64()
    {
        page.insert("cursor".into(), json!(first.to_string()));
    }
    Ok(Json(page))
}
