use serde_json::{Map, Value, json};

use crate::{dialect::native::view::object, model::Code};

const ALL: [Code; 11] = [
    Code::Invalid,
    Code::Unauthorized,
    Code::Forbidden,
    Code::NotFound,
    Code::Taken,
    Code::Ended,
    Code::Conflict,
    Code::TooLarge,
    Code::RateLimited,
    Code::Unavailable,
    Code::Pending,
];

/// What a client is to make of it.
fn meaning(code: Code) -> &'static str {
    match code {
        Code::Invalid => "The request is not understood; `field` says what is wrong with it.",
        Code::Unauthorized => "The token is missing or not ours.",
        Code::Forbidden => "This side, or this operator, may not ask it.",
        Code::NotFound => "There is no such thing, or it is not the asker's.",
        Code::Taken => "Another operator has the session.",
        Code::Ended => "The session is over.",
        Code::Conflict => {
            "It does not fit where things stand, or they changed at the same moment: look again first."
        }
        Code::TooLarge => "The text is longer than the relay takes.",
        Code::RateLimited => "Too much at once: ask again after `retryAfterMs`.",
        Code::Unavailable => {
            "Trouble that passes: ask again with the same ids after `retryAfterMs`."
        }
        Code::Pending => "Accepted, and not yet known to be stored: ask again with the same ids.",
    }
}

/// The refusals of requests and of connections.
pub(super) fn schemas() -> Map<String, Value> {
    let codes = ALL.map(|code| json!({ "const": code.as_str(), "description": meaning(code) }));
    let code = || json!({ "$ref": "#/components/schemas/ErrorCode" });
    object(json!({
        "ErrorCode": {
            "type": "string",
            "description": "The closed set of reasons.",
            "oneOf": codes,
        },
        "Refused": {
            "type": "object",
            "description": "The acknowledgement of a request that was refused, or, with `pending`, may have been carried out.",
            "required": ["ok", "error"],
            "properties": {
                "ok": { "type": "boolean", "const": false },
                "error": { "$ref": "#/components/schemas/Error" },
            },
        },
        "ConnectError": {
            "type": "object",
            "description": "Why a namespace was refused; the client does not try again by itself.",
            "required": ["message"],
            "properties": {
                "message": { "type": "string", "description": "`Authentication required`, `Invalid token` or `Invalid namespace`." },
                "data": {
                    "type": "object",
                    "description": "Left out for a namespace that is not there.",
                    "required": ["code"],
                    "properties": { "code": code() },
                },
            },
        },
    }))
}
