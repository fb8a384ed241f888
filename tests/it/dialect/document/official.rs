//! Against the schema of AsyncAPI itself, as its own package has it.

use std::{fs, path::Path};

use serde_json::Value;

use super::{Document, check};

#[test]
fn the_document_is_an_asyncapi_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json");
    assert!(
        path.exists(),
        "run `make test`, or `npm ci` in tests/, first"
    );
    let text = fs::read_to_string(path).expect("a schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let official = jsonschema::draft7::new(&schema).expect("a schema");
    let document = Document::new().0;
    check(&official, &document, "the document");
    let mut wrong = document;
    wrong["operations"]["guests.connect"]["action"] = "shout".into();
    assert!(!official.is_valid(&wrong));
}

/// Whatever is referred to is there.
#[test]
fn every_reference_leads_somewhere() {
    let document = Document::new().0;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
