use serde_json::{Map, Value, json};

use crate::{
    dialect,
    history::StoredMessage,
    model::{EntryId, Reject, WorkspaceId},
    rest::{Rest, login::text, operators::limit, problem::Problem},
};

/// Longest place in a list of messages, in bytes.
const CURSOR_BYTES: usize = 64;

/// Which page of messages that were found: before which entry, and how many.
pub fn page(fields: &Map<String, Value>) -> Result<(Option<EntryId>, usize), Problem> {
    let before = match text(fields, "cursor", CURSOR_BYTES)? {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Reject::field("cursor", "cursor is not one that a page before has told")
        })?),
    };
    Ok((before, limit(fields)?))
}

impl Rest {
    /// `{messages, cursor?}`, newest first. `found` may be one more than fits, which tells that there are more.
    pub fn found(
        &self,
        workspace: &WorkspaceId,
        mut found: Vec<StoredMessage>,
        limit: usize,
    ) -> Map<String, Value> {
        let more = found.len() > limit;
        found.truncate(limit);
        let cursor = found.last().filter(|_| more).map(|it| it.entry.to_string());
        for it in &mut found {
            self.parts.files.link(workspace, &mut it.message, false);
        }
        let messages = found.iter().map(|it| dialect::encode_message(&it.message));
        let mut fields = Map::new();
        fields.insert("messages".into(), messages.collect());
        if let Some(cursor) = cursor {
            fields.insert("cursor".into(), json!(cursor));
        }
        fields
    }
}
