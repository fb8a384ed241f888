use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Map, Value};

use super::Place;
use crate::{
    chat::{Actor, Shown as Wanted},
    dialect::actions::{self, Picture},
    files,
    model::{
        Address, Command, DedupId, Given, GuestCommand, HistoryQuery, Message, MessageId,
        OperatorId, Reject, Reply, Send, StaffCommand,
    },
    rest::{
        Rest,
        body::Body,
        idempotency::Key,
        problem::{Problem, Shown},
        who::Who,
    },
};

/// The row of a message that a page has shown: `saveChatMessageAction`. What is said is stored as it is said, so the
/// row is there already; it is found by `messageId` (the `id` of its event) or `clientMsgId`, else by who has said what
/// within a minute, each message given once to each asker. What the asker itself has said and nobody has heard, since
/// its socket was down, is said now, by whomever the token names; with the same `Idempotency-Key` it is said once.
#[utoipa::path(
    post, path = "/api/v1/compat/saveChatMessage", tag = "Server actions",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same request", min_length = 1, max_length = 128, pattern = "^[!-~]+$")),
    request_body(content = ref("#/components/schemas/SaveChatMessage")),
    responses(
        (status = 200, description = "Its row", body = ref("#/components/schemas/ChatMessage")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn save(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    who: Who,
    key: Key,
    Body(fields): Body,
) -> Result<Json<Map<String, Value>>, Problem> {
    let save = actions::save(&fields)?;
    rest.charge_page(who.operator(), address).await?;
    let place = rest.place_of(&who, address, save.client).await?;
    let (file, given) = rest.pictured(&place, save.picture).await?;
    let shown = Wanted {
        side: save.side,
        operator: save.operator.map(OperatorId::new),
        text: save.text,
        file,
        id: save.message,
        client_id: save.client_id,
        // One that has none is not sent again, and is named all the same.
        key: key.0.or_else(|| Some(MessageId::draw().to_string())),
    };
    let chat = &rest.parts.chat;
    let known = chat
        .recognised(&place.actor, &place.session, &shown)
        .await?;
    let message = match known {
        Some(mut message) => {
            let workspace = &place.session.workspace;
            rest.parts.files.link(workspace, &mut message, false);
            message
        }
        None => rest.say(&place, shown, given).await?,
    };
    let rows = rest.rows(&place, &[message]).await?;
    let row = rows.into_iter().next();
    Ok(Json(row.ok_or_else(Reject::unavailable)?))
}

const NEVER_SENT: &str =
    "No message here has this picture, or its address has ended: send it as a data URL";

impl Rest {
    /// By which a message with that picture is known, and the picture itself, if it is there.
    async fn pictured(
        &self,
        place: &Place,
        picture: Option<Picture>,
    ) -> Result<(Option<String>, Option<Given>), Problem> {
        let of = files::Place {
            workspace: &place.session.workspace,
            session: &place.session.id,
        };
        match picture {
            None => Ok((None, None)),
            Some(Picture::Told(url)) => {
                let id = self.parts.files.told(of, &url);
                let id = id.ok_or_else(|| Reject::field("imageUrl", NEVER_SENT))?;
                Ok((Some(id), None))
            }
            Some(Picture::Sent(upload)) => {
                let id = self.parts.files.id(&upload).await?;
                Ok((Some(id), Some(Given::Bytes(Box::new(upload)))))
            }
        }
    }

    /// As if it had been sent over the socket.
    async fn say(
        &self,
        place: &Place,
        shown: Wanted,
        given: Option<Given>,
    ) -> Result<Message, Problem> {
        if shown.file.is_some() && given.is_none() {
            return Err(Reject::field("imageUrl", NEVER_SENT).into());
        }
        let send = Send {
            text: shown.text.clone(),
            client_id: shown.name(),
            given,
            file: None,
        };
        let chat = &self.parts.chat;
        let session = place.session.id.clone();
        let command = match &place.actor {
            Actor::Guest(_) => Command::Guest(GuestCommand::Send(send)),
            Actor::Operator(operator) => {
                chat.works_apart(operator).await?;
                let session = session.clone();
                Command::Staff(StaffCommand::Send { session, send })
            }
        };
        let files = &self.parts.files;
        let command = files.resolve(chat, &place.actor, command).await?;
        let done = chat.handle(&place.actor, command, &DedupId::draw()).await?;
        let Reply::Sent { id, seq, .. } = done.reply else {
            return Err(Reject::unavailable().into());
        };
        chat.take_shown(&place.actor, &place.session, id).await?;
        if let (Actor::Operator(operator), None) = (&place.actor, &shown.client_id)
            && shown.file.is_none()
        {
            chat.note_said(operator, &place.session.id, &shown.text)
                .await?;
        }
        // As everybody reads it.
        let query = HistoryQuery {
            before_seq: Some(seq + 1),
            limit: 1,
        };
        let mut page = self.page_of(place, query).await?;
        let said = page.pop().filter(|it| it.id == id);
        said.ok_or_else(|| Reject::unavailable().into())
    }
}
