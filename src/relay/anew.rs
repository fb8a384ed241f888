//! A guest that goes on writing in a chat that has ended. Front ends that say once who somebody is know of no end that
//! staff makes of it: what their guest says next begins another chat, with the same details.

use super::{Relay, RelaySocket, turn};
use crate::{
    chat::Done,
    dialect::{Audience, Dialect},
    model::{
        Code, Command, DedupId, GuestCommand, Reject, Reply, Resume, Session, SessionId, Start,
        WorkspaceId,
    },
    server::{Named, Socket, Turn, What},
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
            ..
        } = &socket.state
        else {
            return None;
        };
        let says = matches!(command, Command::Guest(GuestCommand::Send(_)));
        if !says || !spoken.joins() {
            return None;
        }
        let begun = match self.successor(socket, session).await {
            Ok(begun) => begun,
            Err(reject) => return Some(Err(reject)),
        };
        let state = begun.bound.as_ref();
        let state = state.map(|bound| RelaySocket::bound(bound, spoken))?;
        let mut told = self.told(Audience::Guest, spoken, begun);
        // What is answered is the message.
        told.say.retain(|it| !matches!(it.what, What::Ack(_)));
        let sent = self.carry_out(&state.actor(socket), command, named).await;
        let sent = match sent {
            Ok(done) => self.told(Audience::Guest, spoken, done),
            // The chat is there all the same.
            Err(reject) => turn::refused((spoken, Audience::Guest), socket, event, &reject),
        };
        told.say.extend(sent.say);
        Some(Ok(told))
    }

    /// The chat that follows on one that is over: the same one for each tab of its guest, however often it is begun.
    async fn successor(
        &self,
        socket: &Socket<RelaySocket>,
        session: &SessionId,
    ) -> Result<Done, Reject> {
        let workspace = socket.state.workspace();
        let mut over = session.clone();
        for _ in 0..FOLLOWED_MAX {
            let begins = begins(workspace, &over);
            let next = SessionId::from_seed(&begins);
            let start = match self.chat.look(workspace, &next).await {
                Ok(done) if is_open(&done) => Start {
                    resume: Some(Resume {
                        workspace: workspace.clone(),
                        session: next,
                        since: 0,
                    }),
                    ..Start::default()
                },
                Ok(_) => {
                    over = next;
                    continue;
                }
                Err(reject) if reject.code == Code::NotFound => {
                    self.same_guest(workspace, &over).await?
                }
                Err(reject) => return Err(reject),
            };
            let start = Command::Guest(GuestCommand::Start(Box::new(start)));
            return self
                .chat
                .handle(&socket.state.actor(socket), start, &begins)
                .await;
        }
        Err(Reject::new(Code::Ended, "The session has ended"))
    }

    /// As whoever the ended one was with.
    async fn same_guest(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Start, Reject> {
        let found = self.chat.look(workspace, session).await?;
        let guest = match found.reply {
            Reply::Session { session, .. } => {
                let Session { guest, .. } = *session;
                guest
            }
            _ => return Err(Reject::unavailable()),
        };
        Ok(Start {
            workspace: Some(workspace.clone()),
            name: guest.name,
            email: guest.email,
            phone: guest.phone,
            page: guest.page,
            metadata: guest.metadata,
            // Somebody who says the same of itself is not for it.
            separate: true,
            ..Start::default()
        })
    }
}

/// No client names a request so.
fn begins(workspace: &WorkspaceId, over: &SessionId) -> DedupId {
    let workspace = workspace.as_str();
    DedupId::new(format!("anew:{}:{workspace}:{over}", workspace.len()))
}

fn is_open(found: &Done) -> bool {
    matches!(&found.reply, Reply::Session { session, .. } if session.status.is_open())
}
