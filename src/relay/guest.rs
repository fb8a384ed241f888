//! What a guest's start has to prove, before anybody decides anything about it.

use serde_json::Value;

use super::{Relay, RelaySocket, param, ready, socket::Shown};
use crate::{
    chat::Actor,
    dialect::{Dialect, widget::Conversation},
    hub::{Log, Subject},
    model::{
        Code, Command, DedupId, GuestCommand, Offset, Reject, Reply, Resume, SocketId, Start,
        WorkspaceId, limits,
    },
    server::{
        Arrival, ConnectRequest, Refusal, Socket, Topic, Trouble,
        auth::{GuestClaims, Identity},
    },
    wire::engine::Revision,
};

impl Relay {
    /// A page of the widget: with the id of its conversation, or with none yet. Its workspace is the organisation that
    /// it names, if there is one of that name.
    pub(super) async fn visitor(
        &self,
        request: &ConnectRequest<'_>,
    ) -> Result<RelaySocket, Refusal> {
        let said = |name: &str| {
            let said = request.auth.get(name).and_then(Value::as_str);
            let said = said.or_else(|| param(request, name));
            said.filter(|it| !it.is_empty() && it.len() <= limits::CONVERSATION_BYTES)
        };
        let named = said("workspace").or(said("orgId")).or(said("org_id"));
        // Organisations are often not of ours: the database is not asked about each.
        let named = WorkspaceId::new(named.unwrap_or("default"));
        let workspace = if self.directory.knows(&named) {
            named
        } else {
            WorkspaceId::new("default")
        };
        let id = said("conv_id").or(said("conversationId"));
        let known = id.and_then(|id| Conversation::parse(id, &workspace));
        let known = known.filter(|it| self.directory.knows(&it.workspace));
        let charged = self.chat.charge_page(request.handshake.address).await;
        // Also of one too many: told by a refusal its client would stay away.
        charged.map_err(|_| Refusal::Trouble)?;
        let workspace = known.as_ref().map_or(workspace, |it| it.workspace.clone());
        let (visitor, over) = match known {
            Some(known) if self.goes_on(&known).await => (Some(known.visitor()), None),
            Some(known) => (None, Some(known.visitor())),
            None => (None, None),
        };
        let shown = Shown::Page { visitor, over };
        Ok(RelaySocket::newcomer(workspace, Dialect::Widget, shown))
    }

    /// In one that is over, or never was, nobody answers: who shows its id begins another one. What cannot be known
    /// just now is taken for what the page says.
    async fn goes_on(&self, conversation: &Conversation) -> bool {
        let (workspace, session) = (&conversation.workspace, conversation.session());
        let found = self.chat.look(workspace, &session).await;
        match found.map(|done| done.reply) {
            Ok(Reply::Session { session, .. }) => session.status.is_open(),
            Ok(_) => false,
            Err(reject) => reject.code != Code::NotFound,
        }
    }

    /// It hears its conversation from now on, whether that has begun or not.
    pub(super) async fn page(
        &self,
        socket: &Socket<RelaySocket>,
        at: Offset,
        dedup: &DedupId,
    ) -> Result<Arrival<RelaySocket>, Trouble> {
        let workspace = socket.state.workspace().clone();
        let conversation = match socket.state.visitor() {
            Some(visitor) => Conversation::of_visitor(workspace, visitor),
            None => Conversation::of_socket(workspace, &called(socket)),
        };
        let visitor = Some(conversation.visitor());
        let state = RelaySocket::Guest {
            workspace: conversation.workspace.clone(),
            session: Some(conversation.session()),
            name: None,
            since: 0,
            dialect: Dialect::Widget,
            shown: Shown::Page {
                visitor,
                over: None,
            },
            join_by: None,
        };
        if let Actor::Guest(guest) = state.actor(socket) {
            let arrived = self.chat.guest_arrived(&guest, dedup).await;
            arrived.map_err(|_| Trouble)?;
        }
        let topic = Topic {
            log: Log::Session(conversation.workspace.clone(), conversation.session()),
            from: at.clone(),
            subject: Subject::Guest(conversation.session()),
        };
        Ok(Arrival {
            topic: Some(topic),
            say: vec![ready(at)],
            state: Some(state),
        })
    }

    /// A resume token selects a session, and an identity a guest, only once its signature is found to be ours,
    /// or that of the workspace that the guest is to start in.
    pub(super) fn verified(&self, page: &WorkspaceId, command: Command) -> Result<Command, Reject> {
        let Command::Guest(GuestCommand::Start(mut start)) = command else {
            return Ok(command);
        };
        if let Some(token) = start.token.take() {
            let claims = GuestClaims::verify(&self.signing, &token);
            // A guest that names no workspace goes where its token leads.
            let elsewhere = |it: &GuestClaims| {
                start
                    .workspace
                    .as_ref()
                    .is_some_and(|at| *at != it.workspace)
            };
            let claims = claims.filter(|claims| !elsewhere(claims));
            let claims = claims.ok_or_else(|| invalid("token", "Invalid token"))?;
            start.resume = Some(Resume {
                workspace: claims.workspace,
                session: claims.session,
                since: claims.since,
            });
        }
        self.identify(page, &mut start)?;
        Ok(Command::Guest(GuestCommand::Start(start)))
    }

    /// What the site has signed of its visitor goes before what the visitor says.
    fn identify(&self, page: &WorkspaceId, start: &mut Start) -> Result<(), Reject> {
        let Some(proof) = start.proof.take() else {
            return Ok(());
        };
        let (workspace, now) = (start.workspace_or(page), self.clock.now() / 1000);
        let identity = Identity::verify(&self.signing, workspace, &proof, now);
        let identity =
            identity.ok_or_else(|| invalid("identity", "Invalid or expired identity"))?;
        start.name = identity.name.or(start.name.take());
        start.email = identity.email.or(start.email.take());
        start.identity = Some(identity.id);
        Ok(())
    }
}

/// As its client has it for `socket.id`: one of the third revision is told no id but that of its connection.
fn called(socket: &Socket<RelaySocket>) -> SocketId {
    match socket.revision {
        Revision::V4 => socket.id.clone(),
        Revision::V3 => SocketId::new(socket.sid.as_str()),
    }
}

fn invalid(field: &'static str, message: &str) -> Reject {
    Reject {
        field: Some(field),
        ..Reject::new(Code::Unauthorized, message)
    }
}
