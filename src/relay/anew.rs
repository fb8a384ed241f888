//! A guest that goes on writing in a chat that has ended. Front ends that say once who somebody is know of no end that
//! staff makes of it: what their guest says next begins another chat, with the same details.

use super::{Relay, RelaySocket, turn};
use crate::{
    chat::{Actor, Done},
    dialect::{Audience, Dialect},
    model::{
        Code, Command, DedupId, Given, GuestCommand, Reject, Reply, Resume, Session, SessionId,
        Start, WorkspaceId,
    },
    server::{Late, Named, Socket, Turn, What},
    wire::socket::Event,
};

/// A page that was open for so many chats of another one has missed too much to go on.
const FOLLOWED_MAX: usize = 16;

impl Relay {
    /// `None` for whatever is no message of such a guest.
    pub(super) async fn begin_anew(
        &self,
        socket: &Socket<RelaySocket>,
        spoken: Dialect,
        (event, command): (&Event, Command),
        named: &Named,
    ) -> Option<Result<Turn<RelaySocket>, Reject>> {
        let RelaySocket::Guest {
            session: Some(session),
            since,
            ..
        } = &socket.state
        else {
            return None;
        };
        // An upload is of its session. Nor does it lead on for whoever has not shown that it is its guest.
        let says = match &command {
            Command::Guest(GuestCommand::Send(send)) => {
                !matches!(send.given, Some(Given::Uploaded(_)))
            }
            _ => false,
        };
        if !says || !spoken.joins() || *since > 0 {
            return None;
        }
        let begun = match self.next(socket, session).await {
            Ok(Some(begun)) => begun,
            Ok(None) => return None,
            Err(reject) => return Some(Err(reject)),
        };
        let state = begun.bound.as_ref();
        let state = state.map(|bound| RelaySocket::bound(bound, spoken))?;
        let mut told = self.told(Audience::Guest, spoken, begun);
        // What is answered is the message. Nobody asks again for what is said beside it.
        told.say.retain(|it| !matches!(it.what, What::Ack(_)));
        for wait in told.say.iter_mut().filter_map(|it| it.wait.as_mut()) {
            wait.late = Late::Wait;
        }
        let sent = self.carry_out(&state.actor(socket), command, named).await;
        let sent = match sent {
            Ok(done) => self.told(Audience::Guest, spoken, done),
            // The chat is there all the same.
            Err(reject) => turn::refused((spoken, Audience::Guest), socket, event, &reject),
        };
        told.say.extend(sent.say);
        Some(Ok(told))
    }

    /// `None` if it is not for the guest of this socket alone.
    async fn next(
        &self,
        socket: &Socket<RelaySocket>,
        session: &SessionId,
    ) -> Result<Option<Done>, Reject> {
        self.chat.charge_signal(&socket.state.actor(socket)).await?;
        let over = self.session(socket, session).await?;
        if over.unverified {
            return Ok(None);
        }
        self.successor(socket, over).await.map(Some)
    }

    /// The chat that follows on one that is over: the same one for each tab of its guest, however often it is begun.
    async fn successor(
        &self,
        socket: &Socket<RelaySocket>,
        mut over: Session,
    ) -> Result<Done, Reject> {
        for _ in 0..FOLLOWED_MAX {
            let begins = begins(socket.state.workspace(), &over.id);
            let next = SessionId::from_seed(&begins);
            match self.session(socket, &next).await {
                Ok(next) if next.status.is_open() => {
                    return self.goes_on_with(socket, next.id).await;
                }
                Ok(next) => over = next,
                // Without the history it is not known whether there was one: it is not to be begun over.
                Err(reject) if reject.code == Code::NotFound => {
                    return self.begins_with(socket, over, &begins).await;
                }
                Err(reject) => return Err(reject),
            }
        }
        Err(Reject::new(Code::Ended, "The session has ended"))
    }

    async fn session(
        &self,
        socket: &Socket<RelaySocket>,
        session: &SessionId,
    ) -> Result<Session, Reject> {
        let found = self.chat.look(socket.state.workspace(), session).await?;
        match found.reply {
            Reply::Session { session, .. } => Ok(*session),
            _ => Err(Reject::unavailable()),
        }
    }

    /// Another tab has begun it.
    async fn goes_on_with(
        &self,
        socket: &Socket<RelaySocket>,
        session: SessionId,
    ) -> Result<Done, Reject> {
        // Twice does no harm, and a socket that is back is to be there again.
        let request = DedupId::draw();
        let resume = Resume {
            workspace: socket.state.workspace().clone(),
            session,
            since: 0,
        };
        let start = Start {
            resume: Some(resume),
            ..Start::default()
        };
        self.start(socket, start, &request).await
    }

    async fn begins_with(
        &self,
        socket: &Socket<RelaySocket>,
        over: Session,
        begins: &DedupId,
    ) -> Result<Done, Reject> {
        let start = same_guest(socket.state.workspace(), over);
        let begun = self.start(socket, start, begins).await?;
        // Of two tabs at the same moment one has begun it, and both are there.
        if let Some(bound) = &begun.bound
            && let Actor::Guest(guest) =
                RelaySocket::bound(bound, socket.state.dialect()).actor(socket)
        {
            self.chat.guest_arrived(&guest, &DedupId::draw()).await?;
        }
        Ok(begun)
    }

    async fn start(
        &self,
        socket: &Socket<RelaySocket>,
        start: Start,
        request: &DedupId,
    ) -> Result<Done, Reject> {
        let start = Command::Guest(GuestCommand::Start(Box::new(start)));
        let actor = socket.state.actor(socket);
        self.chat.handle(&actor, start, request).await
    }
}

/// Whoever the ended one was with.
fn same_guest(workspace: &WorkspaceId, over: Session) -> Start {
    let guest = over.guest;
    Start {
        workspace: Some(workspace.clone()),
        name: guest.name,
        email: guest.email,
        phone: guest.phone,
        page: guest.page,
        metadata: guest.metadata,
        identity: guest.identity,
        // Somebody who says the same of itself is not for it.
        separate: true,
        ..Start::default()
    }
}

/// No client names a request so.
fn begins(workspace: &WorkspaceId, over: &SessionId) -> DedupId {
    let workspace = workspace.as_str();
    DedupId::new(format!("anew:{}:{workspace}:{over}", workspace.len()))
}
