use super::{fields::SAFE_INTEGER, widget::PREFIX};
use crate::model::{Alias, Other, SessionId, WorkspaceId};

/// What a text may name. Ids that are given out are UUIDs, but those of what was imported are whatever they were.
pub(super) fn named(text: &str) -> Alias {
    let id = SessionId::new(text);
    let other = number(text).map(Other::Number).or_else(|| widget(text));
    match other {
        Some(other) => Alias::Text(id, other),
        None => Alias::Session(id),
    }
}

/// Written as numbers are: one with a leading zero is somebody's id.
fn number(text: &str) -> Option<u64> {
    let number = text.parse::<u64>().ok()?;
    (number <= SAFE_INTEGER && number.to_string() == text).then_some(number)
}

/// Pages in the field have stored it with its prefix doubled.
fn widget(text: &str) -> Option<Other> {
    let text = text.strip_prefix(PREFIX)?.trim_start_matches(PREFIX);
    let (workspace, session) = match text.rsplit_once(':') {
        Some((workspace, session)) => (Some(WorkspaceId::new(workspace)), session),
        None => (None, text),
    };
    (!session.is_empty()).then(|| Other::Widget(workspace, SessionId::new(session)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_an_id_first() {
        let uuid = "0190a5a0-0000-7000-8000-000000000000";
        let id = |text: &str| SessionId::new(text);
        for text in [
            uuid,
            "s-ann",
            "007",
            "+7",
            "-7",
            "99999999999999999999",
            "widget:",
            "widget",
        ] {
            assert_eq!(named(text), Alias::Session(id(text)), "{text}");
        }
        let number = Alias::Text(id("7"), Other::Number(7));
        assert_eq!(named("7"), number);
        assert_eq!(number.clone().untyped(), Alias::Untyped(id("7"), 7));
        let of = |workspace: Option<&str>| Other::Widget(workspace.map(WorkspaceId::new), id(uuid));
        for (prefix, workspace) in [
            ("widget:shop:", Some("shop")),
            ("widget:widget:shop:", Some("shop")),
            ("widget:", None),
        ] {
            let text = format!("{prefix}{uuid}");
            assert_eq!(named(&text), Alias::Text(id(&text), of(workspace)));
        }
    }
}
