use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Map, Value};

use crate::rest::{
    Rest,
    body::Body,
    caller::Caller,
    idempotency::Key,
    problem::{Problem, Shown},
};

const CLIENT_ID: &str = "clientMessageId";

/// Say something to the guest: as `staff:message`. Always send `Idempotency-Key`: the same one again is the same
/// message, and answers what it was told the first time. It is what sockets call `clientMessageId`.
#[utoipa::path(
    post, path = "/api/v1/sessions/{sessionId}/messages", tag = "Messages",
    params(
        ("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128),
        ("Idempotency-Key" = Option<String>, Header, description = "The sender's own id of the message", min_length = 1, max_length = 128, pattern = "^[!-~]+$"),
    ),
    request_body(content = ref("#/components/schemas/Say")),
    responses(
        (status = 201, description = "Said", body = ref("#/components/schemas/Said")),
        (status = 200, description = "It had been said before", body = ref("#/components/schemas/Said")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn send(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
    key: Key,
    Body(mut fields): Body,
) -> Result<(StatusCode, Json<Map<String, Value>>), Problem> {
    if let Some(key) = &key.0 {
        fields.insert(CLIENT_ID.into(), key.as_str().into());
    }
    fields.insert("sessionId".into(), session.into());
    rest.parts.chat.works_apart(&caller.actor()).await?;
    // The message's own id makes a repeat the same message, whatever the request is called.
    let answer = rest
        .ask(&caller, "staff:message", fields, &Key(None))
        .await?;
    let status = if answer.duplicate {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(answer.fields)))
}
