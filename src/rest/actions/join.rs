use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Map, Value};

use crate::{
    chat::{Actor, Done, GuestActor},
    dialect::{self, Audience, actions},
    model::{
        Address, Code, Command, DedupId, GuestCommand, Partition, RecoveryId, Reject, Reply,
        Resume, Sid, Start, WorkspaceId,
    },
    rest::{
        Rest,
        body::Body,
        problem::{Problem, Shown},
    },
    server::auth::GuestClaims,
};

/// Of pages that name none.
const WORKSPACE: &str = "default";

/// A guest whose network lets no socket through begins its conversation, or with its `token` goes on with it: as the
/// event `join`. With the `token` in the answer it says and reads by the two routes of messages.
#[utoipa::path(
    post, path = "/api/v1/compat/join", tag = "Server actions", security(()),
    request_body(content = ref("#/components/schemas/Join")),
    responses(
        (status = 200, description = "The conversation", body = ref("#/components/schemas/Joined")),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn join(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    Body(fields): Body,
) -> Result<Json<Map<String, Value>>, Problem> {
    let start = rest.with_proof(actions::join(&fields)?)?;
    let _turn = rest.page_turn(None, address).await?;
    let page = WorkspaceId::new(WORKSPACE);
    let came = newcomer(start.workspace_or(&page).clone(), address);
    let (actor, chat) = (Actor::Guest(came.clone()), &rest.parts.chat);
    let start = Command::Guest(GuestCommand::Start(Box::new(start)));
    let done = chat.handle(&actor, start, &DedupId::draw()).await?;
    let token = rest.token_of(&done);
    let (Reply::Started { session, .. }, Some(token)) = (&done.reply, token) else {
        return Err(Reject::unavailable().into());
    };
    let mut answer = Map::new();
    answer.insert("clientId".into(), session.id.as_str().into());
    let reply = dialect::encode_reply(Audience::Guest, &done.reply, Some(&token));
    if let Value::Object(reply) = reply {
        answer.extend(reply.into_iter().filter(|(name, _)| name != "ok"));
    }
    // It has come without a connection, and is nowhere. If this is lost, it is looked after by a deadline.
    let gone = Actor::Guest(GuestActor {
        workspace: session.workspace.clone(),
        session: Some(session.id.clone()),
        ..came
    });
    let _ = chat.gone(&gone, &DedupId::draw(), None).await;
    rest.acknowledge(done).await?;
    Ok(Json(answer))
}

impl Rest {
    /// A token selects a conversation only once its signature is found to be ours.
    fn with_proof(&self, mut start: Start) -> Result<Start, Problem> {
        let Some(token) = start.token.take() else {
            return Ok(start);
        };
        let claims = GuestClaims::verify(&self.parts.signing, &token);
        let is_here = |claims: &GuestClaims| {
            let named = start.workspace.as_ref();
            named.is_none_or(|named| *named == claims.workspace)
        };
        let claims = claims.filter(is_here).ok_or_else(|| {
            let reject = Reject::new(Code::Unauthorized, "Invalid token");
            Reject {
                field: Some("token"),
                ..reject
            }
        })?;
        start.resume = Some(Resume {
            workspace: claims.workspace,
            session: claims.session,
            since: claims.since,
        });
        Ok(start)
    }

    fn token_of(&self, done: &Done) -> Option<String> {
        let bound = done.bound.as_ref()?;
        let now = self.parts.clock.now() / 1000;
        let claims = GuestClaims::new(bound.workspace.clone(), bound.session.clone(), now);
        let claims = claims.since(bound.since).verified(bound.verified);
        self.parts.signing.sign(&claims)
    }
}

fn newcomer(workspace: WorkspaceId, address: Address) -> GuestActor {
    let partition = Partition::of(&workspace);
    GuestActor {
        workspace,
        session: None,
        name: None,
        since: 0,
        recovery: RecoveryId::draw(partition),
        sid: Sid::draw(partition),
        pod: None,
        address,
    }
}
