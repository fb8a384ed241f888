use std::fmt;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid, fmt::Hyphenated};

use crate::model::{DedupId, SessionId, SocketId, WorkspaceId};

pub(in crate::dialect) const PREFIX: &str = "widget:";

/// A conversation by the id that its visitor has: `widget:WORKSPACE:UUID`. The UUID has 122 random bits and is the
/// visitor's token for this conversation, so it is told nobody else; the session is made of it, and leads to it in no
/// way.
#[derive(Clone, PartialEq, Eq)]
pub struct Conversation {
    pub workspace: WorkspaceId,
    visitor: Uuid,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

impl Conversation {
    pub fn draw(workspace: WorkspaceId) -> Self {
        let visitor = Uuid::new_v4();
        Self { workspace, visitor }
    }

    /// Of a page that has connected before it has a conversation: whoever knows the id of its socket, which is as
    /// random and told to nobody but itself, may begin one that this socket hears.
    pub fn of_socket(workspace: WorkspaceId, socket: &SocketId) -> Self {
        let digest = Sha256::digest(format!("widget:{socket}"));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let visitor = Builder::from_random_bytes(bytes).into_uuid();
        Self { workspace, visitor }
    }

    /// Either form, the longer one also with its prefix doubled, as pages in the field have stored it. `None` for
    /// anything else.
    pub fn parse(text: &str, page: &WorkspaceId) -> Option<Self> {
        let text = text.trim_start_matches(PREFIX);
        let (workspace, visitor) = match text.rsplit_once(':') {
            Some((workspace, visitor)) => (WorkspaceId::new(workspace), visitor),
            None => (page.clone(), text),
        };
        let visitor = visitor.parse::<Hyphenated>().ok()?.into_uuid();
        Some(Self { workspace, visitor })
    }

    pub fn of_visitor(workspace: WorkspaceId, visitor: Uuid) -> Self {
        Self { workspace, visitor }
    }

    pub fn visitor(&self) -> Uuid {
        self.visitor
    }

    /// The request that begins its session: the same one however often it comes.
    pub fn request(&self) -> DedupId {
        let workspace = self.workspace.as_str();
        DedupId::new(format!(
            "widget:{}:{workspace}:{}",
            workspace.len(),
            self.visitor
        ))
    }

    pub fn session(&self) -> SessionId {
        SessionId::from_seed(&self.request())
    }
}

/// As pages compare it.
impl fmt::Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}:{}", self.workspace, self.visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_every_form_is_the_same_conversation() {
        let shop = WorkspaceId::new("shop");
        let conversation = Conversation::draw(shop.clone());
        let raw = conversation.visitor().to_string();
        let long = conversation.to_string();
        for text in [raw.clone(), long.clone(), format!("widget:{long}")] {
            assert_eq!(
                Conversation::parse(&text, &shop),
                Some(conversation.clone())
            );
        }
        let elsewhere = Conversation::parse(&raw, &WorkspaceId::new("other")).unwrap();
        assert_ne!(elsewhere.session(), conversation.session());
    }

    #[test]
    fn what_is_no_id_is_none() {
        let page = WorkspaceId::new("default");
        for text in [
            "",
            "widget:",
            "widget:default",
            "widget:default:7",
            "5",
            "a:b:c",
        ] {
            assert_eq!(Conversation::parse(text, &page), None, "{text}");
        }
    }

    #[test]
    fn the_session_does_not_tell_the_visitor() {
        let page = WorkspaceId::new("default");
        let conversation = Conversation::of_socket(page, &SocketId::new("abc"));
        let session = conversation.session();
        assert_ne!(session.as_str(), conversation.visitor().to_string());
        assert!(!format!("{conversation:?}").contains(&conversation.visitor().to_string()));
    }
}
