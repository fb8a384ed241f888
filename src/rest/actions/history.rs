use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Map, Value};

use super::Place;
use crate::{
    chat::Actor,
    dialect::actions,
    model::{
        Address, Command, DedupId, GuestCommand, HistoryQuery, Message, Reject, Reply, StaffCommand,
    },
    rest::{
        Rest,
        problem::{Problem, Shown},
        query::Query,
        who::Who,
    },
};

/// What was said in a conversation, oldest first, with who has said it: `getChatHistoryAction`. The newest messages, as
/// many as `limit` says; `beforeSeq` leads to what was before.
#[utoipa::path(
    get, path = "/api/v1/compat/getChatHistory", tag = "Server actions",
    params(
        ("clientId" = String, Query, description = "Which conversation, by its number or its session. What is the number of one and the session of another is refused (`conflict`)", min_length = 1, max_length = 256, pattern = r"^[^\x00]*$"),
        ("sessionId" = Option<String>, Query, description = "Only what was said in this session: a conversation has one", max_length = 128, pattern = r"^[^\x00]*$"),
        ("beforeSeq" = Option<u64>, Query, description = "Only messages below this number", minimum = 0, maximum = 9_007_199_254_740_991_u64),
        ("limit" = Option<u64>, Query, description = "Messages; 100 if left out. More than 200 are never told at once: whoever asks for more gets 200", minimum = 1, maximum = 9_007_199_254_740_991_u64),
    ),
    responses(
        (status = 200, description = "Rows", body = ref("#/components/schemas/ChatHistory")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn history(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    who: Who,
    Query(fields): Query,
) -> Result<Json<Vec<Map<String, Value>>>, Problem> {
    let page = actions::page(&fields)?;
    let turn = rest.page_turn(who.operator(), address).await?;
    let place = rest.place_of(&who, address, page.client).await?;
    let number = place.number.to_string();
    let is_it = |named: &String| *named == number || *named == place.session.id.as_str();
    if !page.session.as_ref().is_none_or(is_it) {
        return Ok(Json(Vec::new()));
    }
    let messages = rest.page_of(&place, page.query).await?;
    // Nobody else has to wait until it is stored.
    drop(turn);
    Ok(Json(rest.rows(&place, &messages).await?))
}

impl Rest {
    /// As far as the asker may see.
    pub(super) async fn page_of(
        &self,
        place: &Place,
        query: HistoryQuery,
    ) -> Result<Vec<Message>, Problem> {
        let command = match &place.actor {
            Actor::Guest(_) => Command::Guest(GuestCommand::History(query)),
            Actor::Operator(_) => Command::Staff(StaffCommand::History {
                session: place.session.id.clone(),
                query,
            }),
        };
        let chat = &self.parts.chat;
        let mut done = chat.handle(&place.actor, command, &DedupId::draw()).await?;
        let workspace = &place.session.workspace;
        self.parts.files.link_done(workspace, &mut done);
        match done.reply {
            Reply::History { messages, .. } => {
                Ok(messages.into_iter().map(|it| it.message).collect())
            }
            _ => Err(Reject::unavailable().into()),
        }
    }
}
