use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Map, Value};

use crate::rest::{
    Rest,
    caller::Caller,
    idempotency::Key,
    problem::{Problem, Shown},
};

/// Take a session: as `staff:connect_to_session`. Of two who take it, one gets it and the other is told `taken`.
/// Without a connection the sessions are kept for OPERATOR_GRACE after each claim and message.
#[utoipa::path(
    post, path = "/api/v1/sessions/{sessionId}/claim", tag = "Sessions",
    params(
        ("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same request", min_length = 1, max_length = 128, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "Taken", body = ref("#/components/schemas/OneSession")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn claim(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
    key: Key,
) -> Result<Json<Map<String, Value>>, Problem> {
    rest.parts.chat.works_apart(&caller.actor()).await?;
    rest.hand(&caller, "staff:connect_to_session", session, &key)
        .await
}

/// Give a session back to the queue: as `staff:disconnect_from_session`.
#[utoipa::path(
    post, path = "/api/v1/sessions/{sessionId}/leave", tag = "Sessions",
    params(
        ("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same request", min_length = 1, max_length = 128, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "Given back", body = ref("#/components/schemas/OneSession")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn leave(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
    key: Key,
) -> Result<Json<Map<String, Value>>, Problem> {
    rest.hand(&caller, "staff:disconnect_from_session", session, &key)
        .await
}

/// End a session for good: as `staff:end_session`.
#[utoipa::path(
    post, path = "/api/v1/sessions/{sessionId}/end", tag = "Sessions",
    params(
        ("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same request", min_length = 1, max_length = 128, pattern = "^[!-~]+$"),
    ),
    responses(
        (status = 200, description = "Ended", body = ref("#/components/schemas/OneSession")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn end(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
    key: Key,
) -> Result<Json<Map<String, Value>>, Problem> {
    rest.hand(&caller, "staff:end_session", session, &key).await
}

impl Rest {
    async fn hand(
        &self,
        caller: &Caller,
        event: &'static str,
        session: String,
        key: &Key,
    ) -> Result<Json<Map<String, Value>>, Problem> {
        let fields = Map::from_iter([("sessionId".to_owned(), session.into())]);
        Ok(Json(self.ask(caller, event, fields, key).await?.fields))
    }
}
