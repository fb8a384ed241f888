use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Map, Value};

use crate::{
    model::SessionId,
    rest::{
        Rest,
        caller::Caller,
        problem::{Problem, Shown},
    },
};

/// One session, whether it goes on or is over.
#[utoipa::path(
    get, path = "/api/v1/sessions/{sessionId}", tag = "Sessions",
    params(("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128)),
    responses(
        (status = 200, description = "The session", body = ref("#/components/schemas/OneSession")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn one(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
) -> Result<Json<Map<String, Value>>, Problem> {
    let session = SessionId::new(session);
    let done = rest.parts.chat.look(&caller.workspace, &session).await?;
    Ok(Json(rest.acknowledge(done).await?.fields))
}
