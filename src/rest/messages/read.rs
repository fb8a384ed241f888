use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
};

use crate::rest::{
    Rest,
    body::Body,
    caller::Caller,
    idempotency::Key,
    problem::{Problem, Shown},
};

/// Messages of the guest are read, up to a number: as `staff:read`. Who only looks on does not read.
#[utoipa::path(
    post, path = "/api/v1/sessions/{sessionId}/read", tag = "Messages",
    params(("sessionId" = String, Path, description = "Which conversation", min_length = 1, max_length = 128)),
    request_body(content = ref("#/components/schemas/Read")),
    responses(
        (status = 204, description = "Noted"),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn read(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Path(session): Path<String>,
    Body(mut fields): Body,
) -> Result<StatusCode, Problem> {
    fields.insert("sessionId".into(), session.into());
    rest.ask(&caller, "staff:read", fields, &Key(None)).await?;
    Ok(StatusCode::NO_CONTENT)
}
