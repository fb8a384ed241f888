use std::fmt;

use serde_json::Value;

use super::{Alias, Attachment, Given, MessageId, OperatorId, SessionId, Status, WorkspaceId};

/// What a client asks for, decoded by its dialect. Ids in it select; they never authorise.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Guest(GuestCommand),
    Staff(StaffCommand),
    /// Of a socket that came in without saying who it is.
    Join(Join),
    /// Of an operator who is told of what it asks for only.
    Watch(Watch),
    /// Of a conversation that is called by another name than its session's: found before anything is decided.
    Toward(Toward),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Toward {
    pub alias: Alias,
    /// In which it was named.
    pub field: &'static str,
    pub asks: Asks,
}

/// What an operator asks of a conversation by any of its names.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    Send(Send),
    Typing { on: bool },
}

impl Asks {
    pub fn of(self, session: SessionId) -> StaffCommand {
        match self {
            Self::Send(send) => StaffCommand::Send { session, send },
            Self::Typing { on } => StaffCommand::Typing { session, on },
        }
    }
}

/// It says that it is an operator's, and is to show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Join {
    /// Still to be verified; without one, what came with the connection counts.
    pub token: Option<String>,
    /// Who it says it is: has to be whom the token names.
    pub id: Option<OperatorId>,
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("id", &self.id).finish()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// One conversation.
    Contact(Alias),
    Workspace(WorkspaceId),
}

#[derive(Clone, Debug, PartialEq)]
pub enum GuestCommand {
    Start(Box<Start>),
    Send(Send),
    History(HistoryQuery),
    Typing { on: bool },
    Receipt { receipt: Receipt, seq: u64 },
    React(React),
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StaffCommand {
    /// Take the session.
    Connect {
        session: SessionId,
    },
    Send {
        session: SessionId,
        send: Send,
    },
    Sessions(SessionQuery),
    History {
        session: SessionId,
        query: HistoryQuery,
    },
    /// Give the session back to the queue.
    Leave {
        session: SessionId,
    },
    /// Offer the session to a colleague.
    Transfer {
        session: SessionId,
        to: OperatorId,
    },
    /// Answer such an offer.
    Answer {
        session: SessionId,
        accept: bool,
    },
    Typing {
        session: SessionId,
        on: bool,
    },
    Receipt {
        session: SessionId,
        receipt: Receipt,
        seq: u64,
    },
    React {
        /// Found by the message if it is not named.
        session: Option<SessionId>,
        react: React,
    },
    Status {
        away: bool,
    },
    Operators,
    End {
        session: SessionId,
    },
}

/// What a side says of the other side's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Delivered,
    Read,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct React {
    pub message: MessageId,
    pub emoji: String,
    pub on: bool,
}

#[derive(Clone, Default, PartialEq)]
pub struct Start {
    pub workspace: Option<WorkspaceId>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub page: Option<String>,
    pub metadata: Option<Value>,
    /// A resume token, still to be verified.
    pub token: Option<String>,
    /// What a verified token names. No dialect fills this in.
    pub resume: Option<Resume>,
    /// What the site's backend has signed of its visitor, still to be verified.
    pub proof: Option<Proof>,
    /// By which the site knows it, once that is verified. No dialect fills this in.
    pub identity: Option<String>,
    /// Who it says it is leads to no other session than its own.
    pub separate: bool,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("workspace", &self.workspace)
            .field("name", &self.name)
            .field("email", &self.email)
            .field("phone", &self.phone)
            .field("page", &self.page)
            .field("metadata", &self.metadata)
            .field("token", &self.token.as_ref().map(|_| Hidden))
            .field("resume", &self.resume)
            .field("proof", &self.proof)
            .field("identity", &self.identity)
            .field("separate", &self.separate)
            .finish()
    }
}

/// Of a secret: that there is one.
struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Start {
    /// Where to start: the workspace of the page unless another one is named.
    pub fn workspace_or<'a>(&'a self, page: &'a WorkspaceId) -> &'a WorkspaceId {
        self.workspace.as_ref().unwrap_or(page)
    }
}

/// That a visitor is who the site knows by an id.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// A JWT.
    Token(String),
    /// The digest of the id and the end, in seconds.
    Digest {
        id: String,
        expires_at: u64,
        hmac: Vec<u8>,
    },
}

impl fmt::Debug for Proof {
    /// Without what a signature is: with that, whoever reads it could show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.debug_tuple("Token").field(&Hidden).finish(),
            Self::Digest { id, expires_at, .. } => f
                .debug_struct("Digest")
                .field("id", id)
                .field("expires_at", expires_at)
                .finish_non_exhaustive(),
        }
    }
}

/// A session that a guest may go on with, and which of its messages are for this guest: those above
/// a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    pub workspace: WorkspaceId,
    pub session: SessionId,
    pub since: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Send {
    /// May be empty if something comes with it.
    pub text: String,
    /// What comes with it.
    pub given: Option<Given>,
    /// The same, once it is looked at and stored. No dialect fills this in.
    pub file: Option<Box<Attachment>>,
    /// The client's own id of the message: a repeat with the same one is the same message.
    pub client_id: Option<String>,
}

/// Messages below `before_seq` (all if `None`), the newest `limit` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    pub before_seq: Option<u64>,
    pub limit: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionQuery {
    pub status: Option<Status>,
    /// Only those assigned to this operator.
    pub agent: Option<OperatorId>,
    pub mine: bool,
    /// Part of the guest's name or e-mail address, any case.
    pub search: Option<String>,
    /// Where the page before ended; opaque to the client.
    pub cursor: Option<String>,
    pub limit: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_shows_is_not_printed() {
        let digest = Proof::Digest {
            id: "7".into(),
            expires_at: 1,
            hmac: vec![201, 202, 203],
        };
        for proof in [Proof::Token("secret-proof".into()), digest] {
            let start = Start {
                name: Some("Marie".into()),
                token: Some("secret-token".into()),
                proof: Some(proof),
                ..Start::default()
            };
            let command = Command::Guest(GuestCommand::Start(Box::new(start)));
            let printed = format!("{command:?}");
            for told in ["Marie", "token: Some(..)", "proof: Some("] {
                assert!(printed.contains(told), "{printed}");
            }
            for secret in ["secret", "201"] {
                assert!(!printed.contains(secret), "{printed}");
            }
        }
        let join = Join {
            token: Some("secret-token".into()),
            id: None,
        };
        assert_eq!(format!("{join:?}"), "Join { id: None }");
    }
}
