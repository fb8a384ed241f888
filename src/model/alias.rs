use super::{SessionId, WorkspaceId};

/// By what a front end names a conversation. A text is the id of a session wherever there is a session of that id,
/// whatever else it reads as; a number is never an id. So no name leads to another conversation once one is imported
/// whose id looks like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alias {
    Session(SessionId),
    /// Of its row in a list of chats.
    Number(u64),
    /// An id, if there is such a session, else the other name.
    Text(SessionId, Other),
    /// From where numbers come as texts: refused if it names two conversations.
    Untyped(SessionId, u64),
}

/// What a text reads as that looks like no id of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    Number(u64),
    /// As staff knows conversations of the widget; without a workspace it is the asker's.
    Widget(Option<WorkspaceId>, SessionId),
}

impl Alias {
    /// Of a query, in which all is text.
    #[must_use]
    pub fn untyped(self) -> Self {
        match self {
            Self::Text(id, Other::Number(number)) => Self::Untyped(id, number),
            other => other,
        }
    }

    /// The id that it may be.
    pub fn id(&self) -> Option<&SessionId> {
        match self {
            Self::Session(id) | Self::Text(id, _) | Self::Untyped(id, _) => Some(id),
            Self::Number(_) => None,
        }
    }

    /// The number that it may be.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number)
            | Self::Text(_, Other::Number(number))
            | Self::Untyped(_, number) => Some(*number),
            Self::Session(_) | Self::Text(_, Other::Widget(..)) => None,
        }
    }
}
