//! How both backends write in a column what is a type here.

use crate::model::{Content, SenderKind};

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
