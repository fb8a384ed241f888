//! What an inbox has asked to be told of: a filter on the feed that its socket replays anyway, so that a room costs
//! neither a subscription nor a place in the hub.

use serde::{Deserialize, Serialize};

use super::{
    Relay, RelaySocket,
    socket::Shown,
    staff::{Denial, Joined, operator},
};
use crate::{
    chat::Done,
    dialect::Dialect,
    model::{
        Code, Command, DedupId, GuestCommand, Join, Reject, Reply, SessionId, Start, Watch, limits,
    },
    server::{Socket, Topic},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// All of its workspace.
    all: bool,
    /// At most [`limits::ROOMS_MAX`].
    sessions: Vec<SessionId>,
}

impl Rooms {
    pub fn hold(&self, session: Option<&SessionId>) -> bool {
        self.all || session.is_some_and(|session| self.sessions.contains(session))
    }

    /// `None`: all of the workspace.
    fn join(&mut self, session: Option<SessionId>) -> Result<(), Reject> {
        let Some(session) = session else {
            self.all = true;
            return Ok(());
        };
        if self.sessions.contains(&session) {
            return Ok(());
        }
        if self.sessions.len() >= limits::ROOMS_MAX {
            let most = limits::ROOMS_MAX;
            let reject = Reject::new(Code::TooLarge, format!("At most {most} rooms at a time"));
            return Err(Reject {
                field: Some("contactId"),
                ..reject
            });
        }
        self.sessions.push(session);
        Ok(())
    }
}

/// What becomes of a request for a room.
pub(super) enum Watched {
    /// The socket is this from now on.
    Joined(RelaySocket),
    /// And has come in by it, as the operator that its connection has shown.
    Entered(RelaySocket, Topic),
    /// It could not any more, and has to leave.
    Refused,
    /// A guest joins its room by going on with its session.
    Goes(Command),
    Done(Done),
}

impl Relay {
    /// An operator may be told of any session of its workspace, a guest of its own.
    pub(super) async fn watch(
        &self,
        socket: &Socket<RelaySocket>,
        watch: Watch,
        dedup: &DedupId,
    ) -> Result<Watched, Reject> {
        match (&socket.state, watch) {
            (RelaySocket::Operator { .. }, watch) => {
                let joined = self.within(socket, socket.state.clone(), watch).await;
                joined.map(Watched::Joined)
            }
            // No guest's: it would be in no room before it has a session.
            (
                RelaySocket::Guest {
                    session: None,
                    shown: Shown::Operator(verified),
                    ..
                },
                watch,
            ) => {
                match self.shown_again(verified).await {
                    Ok(()) => {}
                    Err(Denial::Trouble) => return Err(Reject::unavailable()),
                    Err(Denial::Missing | Denial::Invalid) => return Ok(Watched::Refused),
                }
                let who = operator(verified.as_ref().clone(), Dialect::Livechat);
                // Before it comes in: who is refused a room stays what it was.
                let within = self.within(socket, who, watch).await?;
                let join = Join {
                    token: None,
                    id: None,
                };
                Ok(
                    match self.join(socket, Dialect::Livechat, join, dedup).await? {
                        Joined::Now { topic, .. } => Watched::Entered(within, topic),
                        Joined::Before(_) | Joined::Renewed(_) | Joined::Refused => {
                            Watched::Refused
                        }
                    },
                )
            }
            (guest, Watch::Contact(alias)) => {
                self.chat.charge_signal(&guest.actor(socket)).await?;
                own(guest, alias.id().ok_or_else(not_yours)?)
            }
            (_, Watch::Workspace(_)) => Err(not_yours()),
        }
    }

    /// An operator in one room more.
    async fn within(
        &self,
        socket: &Socket<RelaySocket>,
        operator: RelaySocket,
        watch: Watch,
    ) -> Result<RelaySocket, Reject> {
        self.chat.charge_signal(&operator.actor(socket)).await?;
        let workspace = operator.workspace();
        let session = match watch {
            Watch::Contact(alias) => {
                let session = self.chat.find(workspace, alias, "contactId").await?;
                let found = self.chat.look(workspace, &session).await;
                found.map_err(|reject| Reject {
                    field: reject.field.and(Some("contactId")),
                    ..reject
                })?;
                Some(session)
            }
            Watch::Workspace(asked) if asked != *workspace => return Err(not_yours()),
            Watch::Workspace(_) => None,
        };
        let mut operator = operator.speaking(Dialect::Livechat);
        if let RelaySocket::Operator {
            rooms: Some(rooms), ..
        } = &mut operator
        {
            let joined = rooms.join(session);
            joined.inspect_err(|_| self.chat.hit_limit("rooms"))?;
        }
        Ok(operator)
    }
}

/// A guest's own session, by what it has shown when it came.
fn own(guest: &RelaySocket, asked: &SessionId) -> Result<Watched, Reject> {
    let RelaySocket::Guest { session, shown, .. } = guest else {
        return Err(not_yours());
    };
    if session.as_ref() == Some(asked) {
        return Ok(Watched::Done(Done::of(Reply::Done)));
    }
    let resume = shown.resume().filter(|resume| resume.session == *asked);
    let start = Start {
        resume: Some(resume.ok_or_else(not_yours)?),
        ..Start::default()
    };
    let start = GuestCommand::Start(Box::new(start));
    Ok(Watched::Goes(Command::Guest(start)))
}

fn not_yours() -> Reject {
    Reject::new(Code::Forbidden, "This room is not yours to join")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkspaceId;

    #[test]
    fn rooms_are_bounded() {
        let mut rooms = Rooms::default();
        let id = |n: usize| SessionId::new(n.to_string());
        for n in 0..limits::ROOMS_MAX {
            rooms.join(Some(id(n))).unwrap();
        }
        rooms.join(Some(id(0))).unwrap();
        let refused = rooms.join(Some(id(limits::ROOMS_MAX)));
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, Code::TooLarge);
        assert!(rooms.hold(Some(&id(7))) && !rooms.hold(None));
        assert!(!rooms.hold(Some(&id(limits::ROOMS_MAX))));
    }

    #[test]
    fn a_guest_is_in_its_own_room_only() {
        let mine = SessionId::new("mine");
        let workspace = WorkspaceId::new("default");
        let shown = crate::relay::socket::Shown::Guest {
            workspace: workspace.clone(),
            session: mine.clone(),
            since: 3,
        };
        let guest = RelaySocket::newcomer(workspace, Dialect::Livechat, shown);
        let Ok(Watched::Goes(Command::Guest(GuestCommand::Start(start)))) = own(&guest, &mine)
        else {
            panic!("goes on with its session")
        };
        assert_eq!(start.resume.unwrap().since, 3);
        assert!(own(&guest, &SessionId::new("other")).is_err());
    }
}
