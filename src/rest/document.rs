//! What there is, as an OpenAPI document: paths from the endpoints, and schemas from the vocabulary of the events,
//! so that both say the same of a session or a message.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Rest, actions, chats, files, login, me, messages, operators, sessions, widget, workspaces,
};
use crate::{
    dialect::{self, Audience},
    server::{auth::LOGIN_COOKIE, document},
};

/// Not only blanks, and no NUL.
pub const SOME_TEXT: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";
const PATH: &str = "/api/v1/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Switchboard",
        description = "Live chat between the guests of a site and the operators who answer them: what operators, and programs of theirs, may do without a socket. Rules, refusals and limits are those of the events, which `GET /api/v1/asyncapi.json` describes. A field that is not known is passed over; expect new ones.",
    ),
    modifiers(&Security),
    security(("token" = []), ("cookie" = [])),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT");
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(LOGIN_COOKIE));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// Every endpoint, with its part of the document.
pub fn endpoints() -> OpenApiRouter<Arc<Rest>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
        .routes(routes!(me::me))
        .routes(routes!(me::change_password))
        .routes(routes!(workspaces::list, workspaces::add))
        .routes(routes!(operators::list::list, operators::add::add))
        .routes(routes!(operators::change::disable))
        .routes(routes!(operators::change::enable))
        .routes(routes!(operators::change::set_password))
        .routes(routes!(operators::said::said))
        .routes(routes!(sessions::list::list))
        .routes(routes!(sessions::one::one))
        .routes(routes!(sessions::hands::claim))
        .routes(routes!(sessions::hands::leave))
        .routes(routes!(sessions::hands::end))
        .routes(routes!(messages::list::list, messages::send::send))
        .routes(routes!(messages::read::read))
        .routes(routes!(messages::search::search))
        .routes(routes!(files::open::open))
        .routes(routes!(chats::chats))
        .routes(routes!(widget::lead::lead))
        .routes(routes!(widget::messages::list, widget::messages::send))
        .routes(routes!(actions::history::history))
        .routes(routes!(actions::recent::recent))
        .routes(routes!(actions::read::read))
        .routes(routes!(actions::join::join))
}

/// Those whose bodies are larger, and take longer, than those of others.
pub fn uploads() -> OpenApiRouter<Arc<Rest>> {
    OpenApiRouter::new()
        .routes(routes!(files::upload::upload))
        // With a picture in it.
        .routes(routes!(actions::save::save))
}

/// Serves the document.
pub fn routes(paths: utoipa::openapi::OpenApi) -> Router {
    document(PATH, &whole(paths))
}

fn whole(paths: utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(paths).unwrap_or_default();
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    bodies_are_required(&mut document["paths"]);
    let schemas = document["components"]["schemas"].as_object_mut();
    if let Some(schemas) = schemas {
        schemas.extend(dialect::schemas());
        schemas.extend(asked());
        schemas.insert("Chats".into(), chats::schema());
        let of_others = widget::lead::schemas()
            .into_iter()
            .chain(widget::messages::schemas())
            .chain(actions::schemas())
            .chain(files::upload::schemas());
        schemas.extend(of_others.map(|(name, of)| (name.to_owned(), of)));
    }
    document
}

/// Bodies and answers of the events behind the endpoints; what the path says is no part of a body.
fn asked() -> Map<String, Value> {
    let names = [
        ("staff:sessions", None, Some("Sessions")),
        ("staff:connect_to_session", None, Some("OneSession")),
        ("staff:message", Some("Say"), Some("Said")),
        ("staff:read", Some("Read"), None),
        ("staff:history", None, Some("History")),
    ];
    let mut schemas = Map::new();
    for (event, body, answer) in names {
        let Some((mut asks, mut told)) = dialect::asked(Audience::Operator, event) else {
            continue;
        };
        if let Some(name) = body {
            without(&mut asks, "sessionId");
            // It is a header here.
            without(&mut asks, "clientMessageId");
            if let Some(kind) = asks.pointer_mut("/properties/type") {
                // `attachmentId` says the rest.
                kind["enum"] = json!(["text"]);
            }
            may_be_null(&mut asks);
            if let Some(message) = asks["properties"]["message"].as_object_mut() {
                message.insert("pattern".into(), json!(SOME_TEXT));
            }
            schemas.insert(name.into(), asks);
        }
        if let Some(name) = answer {
            if name == "History" {
                told["properties"]["cursor"] = json!({ "type": "string", "description": "Leads to what was before; left out on the first page of all." });
            }
            schemas.insert(name.into(), told);
        }
    }
    let message = ["GuestMessage", "StaffMessage"];
    let message = message.map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
    schemas.insert(
        "Found".into(),
        json!({
            "type": "object",
            "required": ["messages"],
            "properties": {
                "messages": { "type": "array", "items": { "oneOf": message }, "description": "Newest first." },
                "cursor": { "type": "string", "description": "Where the next page begins; left out on the last." },
            },
        }),
    );
    schemas
}

fn bodies_are_required(paths: &mut Value) {
    let paths = paths.as_object_mut().into_iter().flatten();
    let operations = paths.flat_map(|(_, methods)| methods.as_object_mut().into_iter().flatten());
    for (_, operation) in operations {
        if let Some(body) = operation.get_mut("requestBody") {
            body["required"] = json!(true);
        }
    }
}

/// What is not required counts as left out where it is `null`.
fn may_be_null(schema: &mut Value) {
    let required = schema["required"].clone();
    let is_required = |name: &str| {
        required
            .as_array()
            .is_some_and(|it| it.iter().any(|it| it == name))
    };
    let Some(properties) = schema["properties"].as_object_mut() else {
        return;
    };
    for (_, of) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        of["type"] = json!([of["type"], "null"]);
        if let Some(words) = of.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
    }
}

fn without(schema: &mut Value, name: &str) {
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.shift_remove(name);
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|it| it != name);
    }
}
