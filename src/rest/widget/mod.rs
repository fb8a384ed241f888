//! Routes of a front end that sends by HTTP (seed 001), for visitors without a socket too: whoever shows the id of a
//! conversation is its visitor, whoever shows an operator's token is that operator.

pub mod lead;
pub mod messages;

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use std::sync::Arc;

use super::{Rest, caller::Caller, problem::Problem};
use crate::{
    chat::{Actor, GuestActor},
    dialect::widget::Conversation,
    model::{
        Address, Code, Direction, Partition, RecoveryId, Reject, Reply, Session, SessionId, Sid,
        WorkspaceId,
    },
};

/// Of pages that name none.
const WORKSPACE: &str = "default";

/// An operator, if it shows a token. Not by the cookie of a login: staff may be its own site's visitor.
pub struct Staff(Option<Caller>);

impl FromRequestParts<Arc<Rest>> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Arc<Rest>) -> Result<Self, Problem> {
        // Another scheme is a proxy's.
        let named = parts.headers.get(AUTHORIZATION);
        let scheme = named.and_then(|it| it.to_str().ok()?.split(' ').next());
        if !scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
            return Ok(Self(None));
        }
        let caller = Caller::from_request_parts(parts, rest).await?;
        Ok(Self(Some(caller)))
    }
}

/// Who asks about which conversation.
struct Place {
    actor: Actor,
    workspace: WorkspaceId,
    session: SessionId,
    /// By what the asker knows it.
    customer: String,
    /// The same, as `conversation_id`.
    raw: String,
    /// Up to which of the visitor's messages staff has read.
    read: u64,
}

impl Rest {
    /// The workspace of a page: the one it names, if there is one of that name.
    fn workspace_of(&self, named: Option<&str>) -> WorkspaceId {
        // Organisations are often not of ours: the database is not asked about each.
        let named = named.map(WorkspaceId::new);
        let known = named.filter(|named| self.parts.directory.knows(named));
        known.unwrap_or_else(|| WorkspaceId::new(WORKSPACE))
    }

    async fn place(&self, staff: Staff, address: Address, id: &str) -> Result<Place, Problem> {
        let page = staff.0.as_ref().map_or_else(
            || WorkspaceId::new(WORKSPACE),
            |caller| caller.workspace.clone(),
        );
        let conversation = Conversation::parse(id, &page).ok_or_else(no_such_conversation)?;
        if !self.parts.directory.knows(&conversation.workspace) {
            return Err(no_such_conversation());
        }
        let Some(caller) = staff.0 else {
            let session = conversation.session();
            let found = self.session(&conversation.workspace, &session).await?;
            return Ok(Place {
                actor: visitor(&conversation, Some(&found), address),
                workspace: conversation.workspace.clone(),
                session,
                customer: conversation.visitor().to_string(),
                raw: raw(&conversation),
                read: found.marks.read(Direction::In),
            });
        };
        if conversation.workspace != caller.workspace {
            return Err(no_such_conversation());
        }
        // Staff knows a conversation by its session.
        let session = SessionId::new(conversation.visitor().to_string());
        let found = self.session(&caller.workspace, &session).await?;
        Ok(Place {
            read: found.marks.read(Direction::In),
            actor: Actor::Operator(caller.actor()),
            workspace: caller.workspace,
            customer: session.to_string(),
            raw: session.to_string(),
            session,
        })
    }

    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Session, Problem> {
        let done = self.parts.chat.look(workspace, session).await;
        match done.map(|done| done.reply) {
            Ok(Reply::Session { session, .. }) => Ok(*session),
            Ok(_) => Err(Reject::unavailable().into()),
            Err(reject) if reject.code == Code::NotFound => Err(no_such_conversation()),
            Err(reject) => Err(reject.into()),
        }
    }
}

/// Without a socket: it is present nowhere.
fn visitor(conversation: &Conversation, session: Option<&Session>, address: Address) -> Actor {
    let partition = Partition::of(&conversation.workspace);
    Actor::Guest(GuestActor {
        workspace: conversation.workspace.clone(),
        session: session.map(|session| session.id.clone()),
        name: session.map(|session| session.guest.display_name().to_owned()),
        since: 0,
        recovery: RecoveryId::draw(partition),
        sid: Sid::draw(partition),
        pod: None,
        address,
    })
}

/// The shorter form of an id: the same as the longer one where it would be taken for one of another workspace.
fn raw(conversation: &Conversation) -> String {
    if conversation.workspace.as_str() == WORKSPACE {
        conversation.visitor().to_string()
    } else {
        conversation.to_string()
    }
}

fn no_such_conversation() -> Problem {
    let reject = Reject::new(Code::NotFound, "No such conversation");
    Reject {
        field: Some("conv_id"),
        ..reject
    }
    .into()
}
