//! The decoder and the document say the same of every field of every request.

use serde_json::{Map, Value, json};
use switchboard::{
    dialect::{Audience, Dialect, decode},
    model::{Code, Command, Reject},
};

use super::{Document, events};

/// A request as the document tells of it.
struct Request {
    audience: Audience,
    event: &'static str,
    schema: Value,
}

impl Request {
    fn all() -> Vec<Self> {
        let document = Document::new();
        let of_side = |(audience, events): (Audience, switchboard::dialect::Events)| {
            let request = |event| Self {
                audience,
                event,
                schema: document.asked(audience, event).clone(),
            };
            events.asked.into_iter().map(request).collect::<Vec<_>>()
        };
        events().into_iter().flat_map(of_side).collect()
    }

    fn fields(&self) -> &Map<String, Value> {
        self.schema["properties"].as_object().expect("properties")
    }

    fn is_required(&self, field: &str) -> bool {
        let required = self.schema["required"].as_array();
        required.is_some_and(|required| required.iter().any(|name| name == field))
    }

    /// With every field.
    fn whole(&self) -> Map<String, Value> {
        let fields = self.fields().iter();
        fields
            .map(|(name, schema)| (name.clone(), valid(schema)))
            .collect()
    }

    fn ask(&self, payload: &Map<String, Value>) -> Result<Command, Reject> {
        let payload = Value::Object(payload.clone());
        decode(Dialect::Native, self.audience, self.event, Some(&payload))
    }

    /// What is said of a request that is whole but for one field.
    fn with(&self, field: &str, value: Value) -> Result<Command, Reject> {
        let mut payload = self.whole();
        payload.insert(field.to_owned(), value);
        self.ask(&payload)
    }

    fn accepts(&self, field: &str, value: Value) {
        let heard = self.with(field, value.clone());
        assert!(heard.is_ok(), "{} {field} = {value}: {heard:?}", self.event);
    }

    fn refuses(&self, field: &str, value: Value) {
        let what = format!("{} {field} = {value}", self.event);
        let reject = self.with(field, value).expect_err(&what);
        assert_eq!(reject.code, Code::Invalid, "{what}");
        assert_eq!(reject.field, Some(field), "{what}");
    }
}

/// A value that fits.
fn valid(schema: &Value) -> Value {
    if let Some(example) = schema.pointer("/examples/0").or(schema.pointer("/enum/0")) {
        return example.clone();
    }
    let kind = kinds(schema).next();
    match (kind, schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => json!("018bcfe5-6800-7000-8000-000000000001"),
        (Some("string"), None) => json!("x"),
        (Some("boolean"), None) => json!(true),
        (Some("integer"), None) => schema["minimum"].clone(),
        (Some("object"), None) => json!({"k": 1}),
        _ => panic!("a field of a kind that no test knows: {schema}"),
    }
}

#[test]
fn a_request_needs_what_is_required_and_nothing_else() {
    for request in Request::all() {
        let whole = request.whole();
        assert!(request.ask(&whole).is_ok(), "{}", request.event);
        let mut least = whole.clone();
        least.retain(|field, _| request.is_required(field));
        assert!(request.ask(&least).is_ok(), "{}", request.event);
        for (field, value) in &whole {
            let mut one_more = least.clone();
            one_more.insert(field.clone(), value.clone());
            assert!(request.ask(&one_more).is_ok(), "{} {field}", request.event);
            let mut without = whole.clone();
            without.shift_remove(field);
            let heard = request.ask(&without);
            let null = request.with(field, Value::Null);
            assert_eq!(heard, null, "{} {field}: null is absent", request.event);
            let missing = heard.err().and_then(|reject| reject.field);
            let expected = request.is_required(field).then_some(field.as_str());
            assert_eq!(missing, expected, "{} {field}", request.event);
        }
    }
}

#[test]
fn a_field_of_another_type_is_refused_by_name() {
    let others = [
        ("string", json!("nonsense")),
        ("integer", json!(3)),
        ("number", json!(1.5)),
        ("boolean", json!(true)),
        ("array", json!([])),
        ("object", json!({})),
    ];
    for request in Request::all() {
        for (field, schema) in request.fields() {
            for (kind, other) in &others {
                if !kinds(schema).any(|known| known == *kind) {
                    request.refuses(field, other.clone());
                }
            }
        }
    }
}

#[test]
fn a_word_is_one_of_those() {
    for request in Request::all() {
        for (field, schema) in request.fields() {
            for word in schema["enum"].as_array().into_iter().flatten() {
                request.accepts(field, word.clone());
            }
            if !schema["enum"].is_null() || !schema["format"].is_null() {
                request.refuses(field, json!("nonsense"));
                request.refuses(field, json!(""));
            }
        }
    }
}

#[test]
fn a_number_is_within_its_range() {
    for request in Request::all() {
        for (field, schema) in request.fields() {
            if schema["type"] != "integer" {
                continue;
            }
            let low = schema["minimum"].as_u64().expect("a least");
            let high = schema["maximum"].as_u64().expect("a most");
            request.accepts(field, json!(low));
            request.accepts(field, json!(high));
            request.refuses(field, json!(low.cast_signed() - 1));
            request.refuses(field, json!(high + 1));
        }
    }
}

/// In bytes: a text of fewer characters can be too long.
#[test]
fn p8_a_text_is_as_long_as_it_may_be() {
    for request in Request::all() {
        for (field, schema) in request.fields() {
            let (Some(max), Some("string")) = (size(schema), kinds(schema).next()) else {
                continue;
            };
            assert_eq!(schema["maxLength"], max, "{field}");
            // An emoji cannot be as long as it may be.
            if schema["examples"].is_null() {
                request.accepts(field, json!("x".repeat(max)));
            }
            request.refuses(field, json!("x".repeat(max + 1)));
            request.refuses(field, json!("é".repeat(max / 2 + 1)));
            request.refuses(field, json!("x\u{0}"));
            let is_empty_refused = schema["minLength"] == 1;
            if is_empty_refused {
                request.refuses(field, json!(""));
            } else {
                request.accepts(field, json!(""));
            }
        }
    }
}

#[test]
fn p8_an_object_is_as_large_as_it_may_be() {
    for request in Request::all() {
        for (field, schema) in request.fields() {
            let (Some(max), Some("object")) = (size(schema), schema["type"].as_str()) else {
                continue;
            };
            let of_size = |bytes: usize| json!({"k": "x".repeat(bytes - r#"{"k":""}"#.len())});
            request.accepts(field, of_size(max));
            request.refuses(field, of_size(max + 1));
        }
    }
}

/// No decoder reads a field that the document does not name for it.
#[test]
fn fields_of_other_requests_are_passed_over() {
    let requests = Request::all();
    let names = requests.iter().flat_map(|request| request.fields().keys());
    let names: Vec<_> = names
        .map(String::as_str)
        .chain(["resume", "agent"])
        .collect();
    for request in &requests {
        let plain = request.ask(&request.whole());
        for name in &names {
            if request.fields().contains_key(*name) {
                continue;
            }
            for value in [json!([]), json!("x"), json!(1), json!(true)] {
                assert_eq!(request.with(name, value), plain, "{} {name}", request.event);
            }
        }
    }
}

/// One type, or any of several, the simplest first.
fn kinds(schema: &Value) -> impl Iterator<Item = &str> {
    let one = schema["type"].as_str();
    let several = schema["type"].as_array().into_iter().flatten();
    one.into_iter().chain(several.filter_map(Value::as_str))
}

fn size(schema: &Value) -> Option<usize> {
    let bytes = schema["x-maxBytes"].as_u64()?;
    usize::try_from(bytes).ok()
}
