use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Map, Value, json};

use super::{no_such_conversation, raw, visitor};
use crate::{
    chat::Actor,
    dialect::widget::{self, Conversation, Known},
    model::{Address, Code, Command, DedupId, GuestCommand, Reject, Reply, Send, Session, Start},
    rest::{
        Rest,
        body::Body,
        problem::{Problem, Shown},
    },
};

/// A visitor begins a conversation, with a first message or without, or goes on with the one that it names. `conv_id`
/// in the answer is the visitor's token for it: its page stores it, sends by it, and compares it with what its socket
/// hears. With `socket_id` the page's socket hears a new one at once, if it has connected with none that goes on. One that
/// is over is followed by a new one.
#[utoipa::path(
    post, path = "/api/widget/lead", tag = "Widget", security(()),
    request_body(content = ref("#/components/schemas/Lead")),
    responses(
        (status = 200, description = "The conversation", body = ref("#/components/schemas/LeadMade")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn lead(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    Body(fields): Body,
) -> Result<Json<Map<String, Value>>, Problem> {
    let lead = widget::lead(&fields)?;
    let _turn = rest.page_turn(None, address).await?;
    let workspace = rest.workspace_of(lead.told.workspace.as_deref());
    let known = lead.told.known(&workspace).ok_or_else(|| {
        Reject::field(
            "conv_id",
            "conv_id is not one that a lead was answered with",
        )
    })?;
    if !rest.parts.directory.knows(&known.workspace) {
        return Err(no_such_conversation());
    }
    // A message that cannot be is to leave no conversation behind.
    if let Some(send) = &lead.send {
        rest.parts.chat.check(&known.workspace, send)?;
    }
    let (conversation, session) = rest.begun(known, lead.start, address).await?;
    let mut answer = Map::new();
    answer.insert("success".into(), true.into());
    answer.insert("conversation_id".into(), raw(&conversation).into());
    answer.insert("conv_id".into(), conversation.to_string().into());
    if let Some(send) = lead.send {
        let actor = visitor(&conversation, Some(&session), address);
        answer.insert("message_id".into(), rest.says(&actor, send).await?.into());
    }
    Ok(Json(answer))
}

impl Rest {
    /// The one that goes on, or a new one: that which the page's socket hears, if that has not begun before.
    async fn begun(
        &self,
        known: Known,
        start: Start,
        address: Address,
    ) -> Result<(Conversation, Session), Problem> {
        let mut new = None;
        for conversation in known.stored.into_iter().chain(known.heard) {
            let (workspace, session) = (&conversation.workspace, conversation.session());
            let found = self.parts.chat.look(workspace, &session).await;
            new = match found.map(|done| done.reply) {
                Ok(Reply::Session { session, .. }) if session.status.is_open() => {
                    return Ok((conversation, *session));
                }
                Ok(_) => None,
                Err(reject) if reject.code == Code::NotFound => Some(conversation),
                Err(reject) => return Err(reject.into()),
            };
        }
        let new = new.unwrap_or_else(|| Conversation::draw(known.workspace));
        self.begin(new, start, address).await
    }

    /// Its session is there from now on.
    async fn begin(
        &self,
        conversation: Conversation,
        start: Start,
        address: Address,
    ) -> Result<(Conversation, Session), Problem> {
        let start = Command::Guest(GuestCommand::Start(Box::new(start)));
        let (actor, chat) = (visitor(&conversation, None, address), &self.parts.chat);
        let done = chat.handle(&actor, start, &conversation.request()).await?;
        let Reply::Started { session, .. } = &done.reply else {
            return Err(Reject::unavailable().into());
        };
        let session = session.as_ref().clone();
        // It has come without a connection, and is nowhere.
        let gone = visitor(&conversation, Some(&session), address);
        let gone = match (gone, actor) {
            (Actor::Guest(gone), Actor::Guest(came)) => Actor::Guest(crate::chat::GuestActor {
                sid: came.sid,
                ..gone
            }),
            (gone, _) => gone,
        };
        // If this is lost, it is looked after by a deadline.
        let _ = chat.gone(&gone, &DedupId::draw(), None).await;
        self.acknowledge(done).await?;
        Ok((conversation, session))
    }

    /// Says something for a visitor; the message's id.
    pub(super) async fn says(&self, actor: &Actor, send: Send) -> Result<String, Problem> {
        let command = Command::Guest(GuestCommand::Send(send));
        let done = self
            .parts
            .chat
            .handle(actor, command, &DedupId::draw())
            .await?;
        let id = match &done.reply {
            Reply::Sent { id, .. } => id.to_string(),
            _ => String::new(),
        };
        self.acknowledge(done).await?;
        Ok(id)
    }
}

/// As `Lead` and `LeadMade` of the document.
pub fn schemas() -> [(&'static str, Value); 2] {
    let id = || json!({ "type": ["string", "null"], "minLength": 1, "maxLength": 128, "pattern": r"^[^\x00]*$" });
    let conversation = || json!({ "type": ["string", "null"], "pattern": r"^(widget:)*([^\s:]{1,100}:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", "maxLength": 256 });
    let text = |max: usize| json!({ "type": ["string", "null"], "maxLength": max, "pattern": r"^[^\x00]*$" });
    let said = json!({ "type": ["string", "null"], "pattern": r"^[^\x00]*$", "description": "Its first message; as `text` too." });
    let asks = json!({
        "type": "object",
        "properties": {
            "name": text(200),
            "email": text(320),
            "phone": text(64),
            "page": text(2048),
            "metadata": { "type": ["object", "null"] },
            "message": said,
            "clientMessageId": id(),
            "org_id": text(128),
            "conv_id": conversation(),
            "conversation_id": conversation(),
            "socket_id": id(),
        },
    });
    let told = json!({
        "type": "object",
        "required": ["success", "conversation_id", "conv_id"],
        "properties": {
            "success": { "type": "boolean" },
            "conversation_id": { "type": "string", "description": "The same as `conv_id`, shorter. Both are accepted wherever one of them is asked for." },
            "conv_id": { "type": "string", "description": "`widget:WORKSPACE:UUID`. Whoever has it is the visitor of this conversation." },
            "message_id": { "type": "string" },
        },
    });
    [("Lead", asks), ("LeadMade", told)]
}
