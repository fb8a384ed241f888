use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::Place;
use crate::{
    dialect::actions,
    model::{
        Address, Code, Command, DedupId, Direction, HistoryQuery, Message, Receipt, Reject, Reply,
        StaffCommand, limits,
    },
    rest::{
        Rest,
        body::Body,
        caller::Caller,
        problem::{Problem, Shown},
        who::Who,
    },
};

/// Pages of messages that are counted: of more it is told so many.
const PAGES: usize = 50;

/// All that a guest has said so far is read, as by `staff:read`, and how many messages were not before:
/// `markMessagesAsReadAction`. Who only looks on at a colleague's session does not read: then it is none.
#[utoipa::path(
    post, path = "/api/v1/compat/markMessagesAsRead", tag = "Server actions",
    request_body(content = ref("#/components/schemas/MarkMessagesAsRead")),
    responses(
        (status = 200, description = "Noted", body = ref("#/components/schemas/MessagesRead")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn read(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    caller: Caller,
    Body(fields): Body,
) -> Result<Json<Value>, Problem> {
    let asked = actions::mark_read(&fields)?;
    if asked.operator.is_some_and(|it| it != caller.id.as_str()) {
        let says = "operatorId is another operator's than the token";
        let reject = Reject::new(Code::Forbidden, says);
        return Err(Reject {
            field: Some("operatorId"),
            ..reject
        }
        .into());
    }
    rest.charge_page(Some(&caller), address).await?;
    let who = Who::Operator(caller);
    let place = rest.place_of(&who, address, asked.client).await?;
    let session = &place.session;
    let count = if session.last_seq == 0 {
        0
    } else {
        rest.mark_all(&place).await?
    };
    Ok(Json(json!({ "count": count })))
}

impl Rest {
    async fn mark_all(&self, place: &Place) -> Result<usize, Problem> {
        let (chat, session) = (&self.parts.chat, &place.session);
        let command = Command::Staff(StaffCommand::Receipt {
            session: session.id.clone(),
            receipt: Receipt::Read,
            seq: session.last_seq,
        });
        let done = chat.handle(&place.actor, command, &DedupId::draw()).await?;
        // Whoever asks for the rows now is to find when they were read.
        if let Some(mark) = &done.mark {
            self.written(mark).await?;
        }
        let now = chat.look(&session.workspace, &session.id).await?;
        let Reply::Session { session: now, .. } = now.reply else {
            return Err(Reject::unavailable().into());
        };
        let [before, after] = [session, &*now].map(|it| it.marks.read(Direction::In));
        self.said_between(place, before, after).await
    }

    /// Messages of the guest above a number, up to another.
    async fn said_between(&self, place: &Place, above: u64, upto: u64) -> Result<usize, Problem> {
        let (mut count, mut before) = (0, upto.saturating_add(1));
        for _ in 0..PAGES {
            if before <= above.saturating_add(1) {
                break;
            }
            let query = HistoryQuery {
                before_seq: Some(before),
                limit: limits::HISTORY_MAX,
            };
            let page = self.page_of(place, query).await?;
            let Some(first) = page.first() else { break };
            before = first.seq;
            let is_new = |it: &&Message| it.direction == Direction::In && it.seq > above;
            count += page.iter().filter(is_new).count();
        }
        Ok(count)
    }
}
