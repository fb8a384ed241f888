use axum::{extract::FromRequestParts, http::request::Parts};
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::model::{Reject, limits};

/// The query of a URL, as the fields that the same request has as an event: where these are numbers or flags, what
/// looks like one is one. A name that comes twice is a mistake.
pub struct Query(pub Map<String, Value>);

const NUMBERS: [&str; 2] = ["limit", "beforeSeq"];
const FLAGS: [&str; 1] = ["mine"];
/// In characters, of what is searched for.
const SEARCHES: [&str; 2] = ["q", "search"];
/// More than any endpoint has.
const PARAMETERS_MAX: usize = 32;

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read(query: &str) -> Result<Map<String, Value>, Problem> {
    let mut fields = Map::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        if fields.len() >= PARAMETERS_MAX {
            return Err(Reject::field("query", "Too many parameters").into());
        }
        if let Some(name) = SEARCHES.into_iter().find(|it| *it == name)
            && text.chars().count() > limits::SEARCH_CHARS
        {
            let says = format!("{name} has at most {} characters", limits::SEARCH_CHARS);
            return Err(Reject::field(name, says).into());
        }
        let value = value(&name, &text);
        if fields.insert(name.into_owned(), value).is_some() {
            return Err(Reject::field("query", "A parameter comes twice").into());
        }
    }
    Ok(fields)
}

/// Anything else stays a text, and is refused as one by whoever expects a number.
fn value(name: &str, text: &str) -> Value {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if NUMBERS.contains(&name) && is_plain {
        return text.parse::<u64>().map_or(text.into(), Value::from);
    }
    match text {
        "true" if FLAGS.contains(&name) => true.into(),
        "false" if FLAGS.contains(&name) => false.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_flags_are_what_they_look_like() {
        let cases = [
            (
                "limit=5&beforeSeq=7&mine=true&search=5",
                json!({"limit": 5, "beforeSeq": 7, "mine": true, "search": "5"}),
            ),
            ("limit=-5&mine=1", json!({"limit": "-5", "mine": "1"})),
            (
                "limit=+5&beforeSeq=",
                json!({"limit": " 5", "beforeSeq": ""}),
            ),
            (
                "limit=99999999999999999999",
                json!({"limit": "99999999999999999999"}),
            ),
            ("", json!({})),
        ];
        for (query, expected) in cases {
            assert_eq!(Value::Object(read(query).unwrap()), expected, "{query}");
        }
        assert!(read("limit=1&limit=2").is_err());
    }
}
