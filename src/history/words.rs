//! How both backends write in a column what is a type here.

use serde_json::json;

use crate::model::{Content, SenderKind, Session};

pub fn sender_kind(kind: SenderKind) -> &'static str {
    match kind {
        SenderKind::Guest => "guest",
        SenderKind::Operator => "operator",
    }
}

/// JSON: never queried, only handed back as it was.
pub fn attachment_text(content: &Content) -> Option<String> {
    content.file().map(|file| json!(file).to_string())
}

/// `kind` and `attachment` as they are stored; `None` for what this release does not know.
pub fn content(kind: &str, text: String, attachment: Option<&str>) -> Option<Content> {
    let file = attachment.map(serde_json::from_str).transpose().ok()?;
    let content = match (kind, file) {
        ("text", None) => Content::Text { text },
        ("image", Some(file)) => Content::Image { text, file },
        ("file", Some(file)) => Content::File { text, file },
        _ => return None,
    };
    Some(content)
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
