use std::collections::HashSet;

use super::source::{Conversation, MessageRow, Wrong};
use crate::model::Millis;

/// Looks at what no row says by itself.
pub struct Sieve {
    /// What is said from now on has to come after all of it.
    now: Millis,
    /// Ids that were seen: with the session, unless they are of the whole world.
    ids: HashSet<(Option<String>, String)>,
    /// That have gone through.
    pub rows: u64,
}

impl Sieve {
    pub fn new(now: Millis) -> Self {
        Self {
            now,
            ids: HashSet::new(),
            rows: 0,
        }
    }

    /// What can be taken of it.
    pub fn sift(
        &mut self,
        read: Result<Conversation, Wrong>,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Conversation> {
        let mut conversation = match read {
            Ok(conversation) => conversation,
            Err(why) => {
                self.rows += 1;
                wrong.push(why);
                return None;
            }
        };
        let has_row = u64::from(!conversation.is_orphan);
        self.rows += conversation.messages.len() as u64 + has_row;
        if conversation.session.created_at > self.now {
            let id = &conversation.session.id;
            wrong.push(format!("session {id}: created_at has not come yet"));
            return None;
        }
        conversation.messages.retain(|message| {
            let why = self.trouble(message);
            let is_fine = why.is_none();
            let told = why.map(|why| format!("the message in row {}: {why}", message.row));
            wrong.extend(told);
            is_fine
        });
        Some(conversation)
    }

    fn trouble(&mut self, message: &MessageRow) -> Option<&'static str> {
        if message.at > self.now {
            return Some("its time has not come yet");
        }
        let id = message.id.clone()?;
        // However it is written.
        let (session, id) = match uuid::Uuid::try_parse(&id) {
            Ok(uuid) => (None, uuid.to_string()),
            Err(_) => (Some(message.session.clone()), id),
        };
        let is_new = self.ids.insert((session, id));
        (!is_new).then_some("another has its id")
    }
}
