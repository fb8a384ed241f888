use std::collections::HashSet;

use ammonia::Builder;

use crate::model::{Reject, Send, WorkspaceId, WorkspaceSet};

/// What is left is HTML without a tag, for front ends that put it into a page as such: `&`, `<` and `>` are written
/// as entities. A text that was nothing but tags is none.
pub(in crate::chat) fn strip(
    tags: &WorkspaceSet,
    workspace: &WorkspaceId,
    send: Send,
) -> Result<Send, Reject> {
    if !tags.holds(workspace) {
        return Ok(send);
    }
    let text = without_tags(&send.text);
    if text.trim().is_empty() && send.file.is_none() {
        return Err(Reject::field("message", "A message needs a text"));
    }
    Ok(Send { text, ..send })
}

/// What a guest calls itself stands beside all that it says. A name that was nothing but tags is none.
pub(in crate::chat) fn strip_name(
    tags: &WorkspaceSet,
    workspace: &WorkspaceId,
    name: Option<String>,
) -> Option<String> {
    if !tags.holds(workspace) {
        return name;
    }
    let name = without_tags(&name?);
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn without_tags(text: &str) -> String {
    let mut builder = Builder::empty();
    builder.clean_content_tags(HashSet::from(["script", "style"]));
    builder.clean(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(tags: &WorkspaceSet, text: &str) -> Option<String> {
        let send = Send {
            text: text.into(),
            ..Send::default()
        };
        let stripped = strip(tags, &WorkspaceId::new("shop"), send);
        stripped.ok().map(|send| send.text)
    }

    #[test]
    fn tags_are_taken_out_where_it_is_asked_for() {
        let shop = WorkspaceSet {
            of: HashSet::from([WorkspaceId::new("shop")]),
            ..WorkspaceSet::default()
        };
        let everywhere = WorkspaceSet::all();
        let cases = [
            ("hello", Some("hello")),
            ("<b onclick=x()>hi</b> <i>you</i>", Some("hi you")),
            ("<img src=x onerror=alert(1)>", None),
            ("a<script>alert(1)</script>b<style>*{}</style>", Some("ab")),
            ("1 < 2 & 3", Some("1 &lt; 2 &amp; 3")),
            ("<a href=\"javascript:x\">link", Some("link")),
        ];
        for (text, left) in cases {
            for tags in [&shop, &everywhere] {
                assert_eq!(stripped(tags, text).as_deref(), left, "{text}");
            }
        }
    }

    #[test]
    fn a_name_is_one_without_its_tags() {
        let everywhere = WorkspaceSet::all();
        for (name, expected) in [
            ("Marie", Some("Marie")),
            (" <b>Marie</b> & co", Some("Marie &amp; co")),
            ("<img src=x onerror=alert(1)>", None),
        ] {
            let of = |tags| strip_name(tags, &WorkspaceId::new("shop"), Some(name.into()));
            assert_eq!(of(&everywhere).as_deref(), expected);
            assert_eq!(of(&WorkspaceSet::default()).as_deref(), Some(name));
        }
        assert_eq!(
            strip_name(&everywhere, &WorkspaceId::new("shop"), None),
            None
        );
    }

    #[test]
    fn elsewhere_a_text_stays_as_it_was_written() {
        let other = WorkspaceSet {
            of: HashSet::from([WorkspaceId::new("other")]),
            ..WorkspaceSet::default()
        };
        let text = "<img src=x onerror=alert(1)> & <b>";
        assert_eq!(stripped(&other, text).as_deref(), Some(text));
        assert_eq!(
            stripped(&WorkspaceSet::default(), text).as_deref(),
            Some(text)
        );
    }
}
