use std::{collections::HashMap, sync::Arc};

use axum::{Json, extract::State};
use serde_json::Value;

use crate::{
    chat::Actor,
    dialect::actions,
    model::{
        Command, DedupId, Reject, Reply, Session, SessionId, SessionQuery, StaffCommand, limits,
    },
    rest::{
        Rest,
        caller::Caller,
        problem::{Problem, Shown},
    },
};

/// The latest chats, the last active first, with what is unread in each: `getRecentChatsAction`. At most 200.
#[utoipa::path(
    get, path = "/api/v1/compat/getRecentChats", tag = "Server actions",
    responses(
        (status = 200, description = "Chats", body = ref("#/components/schemas/RecentChats")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn recent(State(rest): State<Arc<Rest>>, caller: Caller) -> Result<Json<Value>, Problem> {
    let _turn = rest.read_turn(&caller).await?;
    let query = SessionQuery {
        limit: limits::SESSIONS_MAX,
        ..SessionQuery::default()
    };
    let (actor, chat) = (Actor::Operator(caller.actor()), &rest.parts.chat);
    let command = Command::Staff(StaffCommand::Sessions(query));
    let done = chat.handle(&actor, command, &DedupId::draw()).await?;
    let Reply::Sessions { sessions, .. } = done.reply else {
        return Err(Reject::unavailable().into());
    };
    let sessions: Vec<Session> = sessions.into_iter().map(|(session, _)| session).collect();
    let ids: Vec<SessionId> = sessions.iter().map(|it| it.id.clone()).collect();
    let numbers = chat.session_numbers(&caller.workspace, &ids).await?;
    let numbers: HashMap<SessionId, u64> = numbers.into_iter().collect();
    let chats = sessions.iter().filter_map(|session| {
        let number = numbers.get(&session.id)?;
        Some(actions::recent(session, *number))
    });
    Ok(Json(chats.collect()))
}
