use serde_json::{Map, Value, json};

use crate::dialect::native::{
    view::{object, put},
    vocabulary::{Field, Presence, Record, Shape},
};

pub(super) fn record(record: &Record) -> Value {
    let mut schema = object(fields(record.fields));
    put(&mut schema, "description", record.says);
    Value::Object(schema)
}

pub(super) fn fields(fields: &[Field]) -> Value {
    let properties: Map<_, _> = fields
        .iter()
        .map(|field| (field.name.to_owned(), of(field)))
        .collect();
    let required: Vec<_> = fields
        .iter()
        .filter(|field| field.presence == Presence::Required)
        .map(|field| field.name)
        .collect();
    let mut schema = object(json!({ "type": "object", "properties": properties }));
    // Drafts before the sixth had no empty list, and neither have tools.
    if !required.is_empty() {
        put(&mut schema, "required", required);
    }
    Value::Object(schema)
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn of(field: &Field) -> Value {
    // What stands beside a `$ref` is not read.
    let mut schema = match &field.shape {
        Shape::Record(record) => object(json!({ "allOf": [reference(record.name)] })),
        Shape::Code => object(json!({ "allOf": [reference("ErrorCode")] })),
        shape => object(plain(shape)),
    };
    put(&mut schema, "description", field.says);
    Value::Object(schema)
}

fn plain(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Short(bytes) => json!({ "type": "string", "maxLength": bytes, "x-maxBytes": bytes }),
        Shape::Id(bytes) => {
            json!({ "type": "string", "minLength": 1, "maxLength": bytes, "x-maxBytes": bytes })
        }
        Shape::Emoji(bytes) => json!({
            "type": "string",
            "minLength": 1,
            "maxLength": bytes,
            "x-maxBytes": bytes,
            "examples": ["👍"],
        }),
        Shape::Uuid => json!({ "type": "string", "format": "uuid" }),
        Shape::Time => json!({ "type": "string", "format": "date-time" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Number { low, high } => {
            json!({ "type": "integer", "minimum": low, "maximum": high })
        }
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        // What is said of texts goes for texts alone, and so it is with objects.
        Shape::TextOr(bytes, parts) => {
            let mut schema = object(fields(parts));
            put(&mut schema, "type", json!(["string", "object"]));
            put(&mut schema, "minLength", 1);
            put(&mut schema, "maxLength", *bytes);
            put(&mut schema, "x-maxBytes", *bytes);
            Value::Object(schema)
        }
        Shape::Object(None) => json!({ "type": "object" }),
        Shape::Object(Some(bytes)) => json!({ "type": "object", "x-maxBytes": bytes }),
        Shape::Code => reference("ErrorCode"),
        Shape::Record(record) => reference(record.name),
        Shape::List(record) => json!({ "type": "array", "items": reference(record.name) }),
        Shape::ListOf(records) => {
            let each = records.map(|record| reference(record.name));
            json!({ "type": "array", "items": { "oneOf": each } })
        }
    }
}
