//! What an inbox has asked to be told of: a filter on the feed that its socket replays anyway, so that a room costs
//! neither a subscription nor a place in the hub.

use serde::{Deserialize, Serialize};

use super::{Relay, RelaySocket};
use crate::{
    chat::Done,
    dialect::Dialect,
    model::{Code, Command, GuestCommand, Reject, Reply, SessionId, Start, Watch, limits},
    server::Socket,
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

    fn join(&mut self, session: SessionId) -> Result<(), Reject> {
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
    ) -> Result<Watched, Reject> {
        match (&socket.state, watch) {
            (RelaySocket::Operator { workspace, .. }, Watch::Session(session)) => {
                self.chat.look(workspace, &session).await?;
                self.with_rooms(&socket.state, |rooms| rooms.join(session))
            }
            (RelaySocket::Operator { workspace, .. }, Watch::Workspace(other)) => {
                if *workspace != other {
                    return Err(not_yours());
                }
                self.with_rooms(&socket.state, |rooms| {
                    rooms.all = true;
                    Ok(())
                })
            }
            (guest, Watch::Session(session)) => own(guest, &session),
            (_, Watch::Workspace(_)) => Err(not_yours()),
        }
    }

    fn with_rooms(
        &self,
        socket: &RelaySocket,
        change: impl FnOnce(&mut Rooms) -> Result<(), Reject>,
    ) -> Result<Watched, Reject> {
        let mut socket = socket.clone().speaking(Dialect::Livechat);
        if let RelaySocket::Operator {
            rooms: Some(rooms), ..
        } = &mut socket
        {
            change(rooms)?;
        }
        Ok(Watched::Joined(socket))
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
            rooms.join(id(n)).unwrap();
        }
        rooms.join(id(0)).unwrap();
        let refused = rooms.join(id(limits::ROOMS_MAX)).unwrap_err();
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
