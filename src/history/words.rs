//! How both backends write in a column what is a type here.

use serde_json::json;

use crate::model::{Content, SenderKind, Session};

pub fn sender_kind(kind: SenderKind) -> &'static str {
    match kind {
        SenderKind::Guest => "guest",
        SenderKind::Operator => "operator",
    }
}

pub fn content_type(content: &Content) -> &'static str {
    match content {
        Content::Text { .. } => "text",
    }
}

pub fn offer_text(session: &Session) -> Option<String> {
    session.offer.as_ref().map(|offer| json!(offer).to_string())
}

pub fn receipts_text(session: &Session) -> String {
    json!(session.receipts).to_string()
}

/// What a search looks in: a letter is folded the same wherever it stands, so that a part of a
/// folded text is the folded part of the text.
pub fn search_text(parts: &[Option<&str>]) -> String {
    let parts: Vec<_> = parts.iter().flatten().copied().collect();
    parts
        .join("\n")
        .chars()
        .flat_map(char::to_lowercase)
        .collect()
}
