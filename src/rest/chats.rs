use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Map, Value, json};

use super::{
    Rest,
    caller::Caller,
    idempotency::Key,
    problem::{Problem, Shown},
    query::Query,
};

/// Recent chats with what is unread in each, and how much is unread in all open ones together. The totals are those
/// of the history, which may be a moment behind; left out while it is away.
#[utoipa::path(
    get, path = "/api/v1/chats", tag = "Sessions",
    params(
        ("cursor" = Option<String>, Query, description = "Where the page before ended", pattern = "^[0-9]{1,15}:[!-~]{1,128}$"),
        ("limit" = Option<u64>, Query, description = "Chats on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = ref("#/components/schemas/Chats")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn chats(
    State(rest): State<Arc<Rest>>,
    caller: Caller,
    Query(fields): Query,
) -> Result<Json<Map<String, Value>>, Problem> {
    let wanted = ["cursor", "limit"].into_iter();
    let page = wanted.filter_map(|name| Some((name.to_owned(), fields.get(name)?.clone())));
    let _turn = rest.read_turn(&caller).await?;
    let mut page = rest
        .ask(&caller, "staff:sessions", page.collect(), &Key(None))
        .await?
        .fields;
    let mut answer = Map::new();
    let sessions = page.shift_remove("sessions");
    answer.insert("chats".into(), sessions.unwrap_or_default());
    if let Ok(unread) = rest.parts.chat.unread(&caller.workspace).await {
        let unread = json!({ "chats": unread.sessions, "messages": unread.messages });
        answer.insert("unread".into(), unread);
    }
    answer.extend(page);
    Ok(Json(answer))
}

/// As `Chats` of the document.
pub fn schema() -> Value {
    let count = || json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "required": ["chats"],
        "properties": {
            "chats": { "type": "array", "items": { "$ref": "#/components/schemas/Session" } },
            "unread": {
                "type": "object",
                "required": ["chats", "messages"],
                "properties": { "chats": count(), "messages": count() },
            },
            "cursor": { "type": "string", "description": "Where the next page begins; left out on the last." },
            "incomplete": { "type": "boolean", "description": "The history did not answer: what is over, or idle for long, is not in it." },
        },
    })
}
