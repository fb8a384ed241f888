use std::collections::HashMap;

use super::{StoredMessage, StoredReaction};
use crate::model::MessageId;

/// Those of a page of messages, as they are read: in the order of their entries.
#[derive(Default)]
pub struct Reactions(HashMap<MessageId, Vec<StoredReaction>>);

impl Reactions {
    pub fn add(&mut self, (message, reaction): (MessageId, StoredReaction)) {
        self.0.entry(message).or_default().push(reaction);
    }

    pub fn give(mut self, messages: &mut [StoredMessage]) {
        for stored in messages {
            stored.reactions = self.0.remove(&stored.message.id).unwrap_or_default();
        }
    }
}
