use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde_json::{Map, Value, json};

use super::{Place, Staff};
use crate::{
    chat::Actor,
    dialect::widget,
    model::{
        Address, Command, DedupId, Direction, GuestCommand, HistoryMessage, HistoryQuery, Reject,
        Reply, StaffCommand, limits,
    },
    rest::{
        Rest,
        body::Body,
        document::SOME_TEXT,
        problem::{Problem, Shown},
        query::Query,
    },
};

/// What was said in a conversation, oldest first, to its visitor or to staff. `beforeSeq` leads to what was before.
#[utoipa::path(
    get, path = "/api/conversations/{convId}/messages", tag = "Widget", security((), ("token" = [])),
    params(
        ("convId" = String, Path, description = "What a lead was answered with, in either form; staff names the session", min_length = 1, max_length = 256),
        ("beforeSeq" = Option<u64>, Query, description = "Only messages below this number", minimum = 0, maximum = 9_007_199_254_740_991_u64),
        ("limit" = Option<u64>, Query, description = "Messages on the page; 50 if left out", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "A page", body = ref("#/components/schemas/WidgetMessages")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    staff: Staff,
    Path(id): Path<String>,
    Query(fields): Query,
) -> Result<Json<Map<String, Value>>, Problem> {
    let query = widget::page(&fields)?;
    let _turn = rest.page_turn(staff.0.as_ref(), address).await?;
    let place = rest.place(staff, address, &id).await?;
    let (messages, more) = rest.page(&place, query).await?;
    let rows = messages.iter().map(|it| place.row(it));
    let mut answer = place.named();
    answer.insert("messages".into(), rows.collect());
    answer.insert("more".into(), more.into());
    Ok(Json(answer))
}

/// Say something: as the visitor of the conversation, or with an operator's token as that operator.
#[utoipa::path(
    post, path = "/api/conversations/{convId}/messages", tag = "Widget", security((), ("token" = [])),
    params(("convId" = String, Path, description = "What a lead was answered with, in either form; staff names the session", min_length = 1, max_length = 256)),
    request_body(content = ref("#/components/schemas/WidgetSay")),
    responses(
        (status = 200, description = "Said", body = ref("#/components/schemas/WidgetSaid")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn send(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    staff: Staff,
    Path(id): Path<String>,
    Body(fields): Body,
) -> Result<Json<Map<String, Value>>, Problem> {
    let send = widget::message(&fields)?;
    let _turn = rest.page_turn(staff.0.as_ref(), address).await?;
    let place = rest.place(staff, address, &id).await?;
    let command = match &place.actor {
        Actor::Guest(_) => Command::Guest(GuestCommand::Send(send)),
        Actor::Operator(operator) => {
            rest.parts.chat.works_apart(operator).await?;
            let session = place.session.clone();
            Command::Staff(StaffCommand::Send { session, send })
        }
    };
    let chat = &rest.parts.chat;
    let done = chat.handle(&place.actor, command, &DedupId::draw()).await?;
    let Reply::Sent { id, seq, .. } = done.reply else {
        return Err(Reject::unavailable().into());
    };
    rest.acknowledge(done).await?;
    // As everybody reads it.
    let query = HistoryQuery {
        before_seq: Some(seq + 1),
        limit: 1,
    };
    let page = rest.page(&place, query).await;
    let mut answer = place.named();
    answer.insert("message_id".into(), id.to_string().into());
    // It is said, whether it can be read again just now or not.
    if let Some(message) = page.as_ref().ok().and_then(|(messages, _)| messages.last()) {
        answer.insert("message".into(), place.row(message));
    }
    Ok(Json(answer))
}

impl Rest {
    async fn page(
        &self,
        place: &Place,
        query: HistoryQuery,
    ) -> Result<(Vec<HistoryMessage>, bool), Problem> {
        let command = match &place.actor {
            Actor::Guest(_) => Command::Guest(GuestCommand::History(query)),
            Actor::Operator(_) => Command::Staff(StaffCommand::History {
                session: place.session.clone(),
                query,
            }),
        };
        let chat = &self.parts.chat;
        let mut done = chat.handle(&place.actor, command, &DedupId::draw()).await?;
        self.parts.files.link_done(&place.workspace, &mut done);
        match done.reply {
            Reply::History { messages, more } => Ok((messages, more)),
            _ => Err(Reject::unavailable().into()),
        }
    }
}

impl Place {
    fn named(&self) -> Map<String, Value> {
        let mut answer = Map::new();
        answer.insert("success".into(), true.into());
        answer.insert("conversation_id".into(), self.raw.as_str().into());
        let conv_id = widget::conv_id(&self.workspace, &self.customer);
        answer.insert("conv_id".into(), conv_id.into());
        answer
    }

    fn row(&self, written: &HistoryMessage) -> Value {
        let message = &written.message;
        let mut row = widget::row(&self.workspace, &self.customer, message);
        row.insert("conversation_id".into(), self.raw.as_str().into());
        if message.direction == Direction::In {
            row.insert("is_read".into(), (message.seq <= self.read).into());
        }
        Value::Object(row)
    }
}

/// As `WidgetMessages`, `WidgetSay` and `WidgetSaid` of the document.
pub fn schemas() -> [(&'static str, Value); 4] {
    let string = || json!({ "type": "string" });
    let row = json!({
        "type": "object",
        "required": ["id", "platform", "oa_id", "sender_id", "direction", "text", "metadata", "is_read", "conversation_id", "organization_id", "account_id", "created_at"],
        "properties": {
            "id": string(),
            "platform": { "const": "widget" },
            "oa_id": string(),
            "sender_id": { "type": "string", "description": "`widget:` and the visitor's id, or the operator's id." },
            "sender_name": string(),
            "direction": { "enum": ["in", "out"] },
            "text": string(),
            "metadata": { "type": "object" },
            "is_read": { "type": "boolean" },
            "conversation_id": string(),
            "conv_id": string(),
            "organization_id": string(),
            "account_id": { "type": ["string", "null"] },
            "created_at": string(),
            "seq": { "type": "integer" },
            "sender": { "enum": ["customer", "bot"] },
        },
    });
    let named = |more: Value| {
        let mut of = json!({
            "type": "object",
            "required": ["success", "conversation_id", "conv_id"],
            "properties": { "success": { "type": "boolean" }, "conversation_id": string(), "conv_id": string() },
        });
        if let (Some(properties), Value::Object(more)) = (of["properties"].as_object_mut(), more) {
            properties.extend(more);
        }
        of
    };
    let one = || json!({ "$ref": "#/components/schemas/WidgetMessage" });
    let text =
        json!({ "type": "string", "pattern": SOME_TEXT, "description": "As `message` too." });
    let say = json!({
        "type": "object",
        "required": ["text"],
        "properties": {
            "text": text,
            "clientMessageId": { "type": ["string", "null"], "minLength": 1, "maxLength": limits::ID_BYTES, "pattern": r"^[^\x00]*$" },
        },
    });
    [
        ("WidgetMessage", row),
        ("WidgetSay", say),
        (
            "WidgetSaid",
            named(json!({ "message": one(), "message_id": string() })),
        ),
        (
            "WidgetMessages",
            named(
                json!({ "messages": { "type": "array", "items": one() }, "more": { "type": "boolean" } }),
            ),
        ),
    ]
}
