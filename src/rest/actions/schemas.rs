use serde_json::{Value, json};

use crate::{model::limits, rest::document::SOME_TEXT};

const NO_NUL: &str = r"^[^\x00]*$";
const MAX: u64 = (1 << 53) - 1;

/// What the server actions take and return, by the names in the document.
pub fn schemas() -> [(&'static str, Value); 9] {
    let of = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let list = |of: Value| json!({ "type": "array", "items": of });
    [
        ("SaveChatMessage", save()),
        ("ChatMessage", message()),
        ("ChatHistory", list(of("ChatMessage"))),
        ("MarkMessagesAsRead", mark_read()),
        ("MessagesRead", counted()),
        ("RecentChat", recent()),
        ("RecentChats", list(of("RecentChat"))),
        ("Join", join()),
        ("Joined", joined()),
    ]
}

fn save() -> Value {
    let text =
        json!({ "type": ["string", "null"], "pattern": NO_NUL, "maxLength": limits::ID_BYTES });
    let told =
        |says: &str| json!({ "type": ["string", "null"], "pattern": NO_NUL, "description": says });
    json!({
        "type": "object",
        "required": ["clientId", "senderType", "messageType", "text"],
        "properties": {
            "clientId": client_id(),
            "clientSocketId": text,
            "senderType": { "enum": ["CLIENT", "OPERATOR"] },
            "operatorId": operator_id(),
            "messageType": { "enum": ["TEXT"], "description": "Or `IMAGE`: then `imageUrl` is required, and `text` is not." },
            "text": { "type": "string", "pattern": SOME_TEXT },
            "imageUrl": told("Of an image: the address that its event told, or the picture itself as a data URL."),
            "imageName": told("What it is called."),
            "mimeType": { "type": ["string", "null"], "maxLength": limits::NAME_BYTES, "pattern": NO_NUL, "description": "What it is taken for." },
            "sessionId": text,
            "messageId": { "type": ["string", "null"], "format": "uuid", "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", "description": "`id` of its event." },
            "clientMsgId": { "type": ["string", "null"], "minLength": 1, "maxLength": limits::ID_BYTES, "pattern": NO_NUL, "description": "What its sender has called it." },
        },
    })
}

fn client_id() -> Value {
    json!({
        "type": ["integer", "string"],
        "minimum": 0, "maximum": MAX, "minLength": 1, "maxLength": limits::CONVERSATION_BYTES, "pattern": NO_NUL,
        "description": "The conversation: its number (`client.id` of a chat), or what events call it (`clientId`, `from`). A text is what events call it wherever there is a conversation of that name, else it may be the number.",
    })
}

fn operator_id() -> Value {
    json!({
        "type": ["integer", "string", "null"],
        "minimum": 0, "maximum": MAX, "minLength": 1, "maxLength": limits::ID_BYTES, "pattern": NO_NUL,
    })
}

fn mark_read() -> Value {
    json!({
        "type": "object",
        "required": ["clientId"],
        "properties": { "clientId": client_id(), "operatorId": operator_id() },
    })
}

fn counted() -> Value {
    json!({
        "type": "object",
        "required": ["count"],
        "properties": { "count": { "type": "integer", "minimum": 0 } },
    })
}

fn message() -> Value {
    let (number, text) = (
        json!({ "type": "integer", "minimum": 1 }),
        json!({ "type": "string" }),
    );
    let nullable = json!({ "type": ["string", "null"] });
    let time = json!({ "type": "string", "format": "date-time" });
    let operator = json!({ "type": ["integer", "string", "null"], "description": "A number if the operator's id is one." });
    json!({
        "type": "object",
        "required": [
            "id", "clientId", "clientSocketId", "senderType", "operatorId", "messageType", "text", "imageUrl", "imageName",
            "mimeType", "sessionId", "isRead", "readAt", "createdAt", "updatedAt", "operator", "senderName", "messageId", "clientMsgId", "seq",
        ],
        "properties": {
            "id": number,
            "clientId": number,
            "clientSocketId": text,
            "senderType": { "enum": ["CLIENT", "OPERATOR"] },
            "operatorId": operator,
            "messageType": { "enum": ["TEXT", "IMAGE"] },
            "text": nullable,
            "imageUrl": nullable,
            "imageName": nullable,
            "mimeType": nullable,
            "sessionId": text,
            "isRead": { "type": "boolean", "description": "The other side has read it." },
            "readAt": { "type": ["string", "null"], "format": "date-time" },
            "createdAt": time,
            "updatedAt": time,
            "operator": {
                "type": ["object", "null"],
                "required": ["id", "name"],
                "properties": { "id": operator, "name": text },
            },
            "senderName": text,
            "messageId": { "type": "string", "description": "`id` of its events." },
            "clientMsgId": nullable,
            "seq": number,
        },
    })
}

fn recent() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["client", "lastMessage", "unreadCount"],
        "properties": {
            "client": {
                "type": "object",
                "required": ["id", "username", "phone", "status", "clientSocketId"],
                "properties": {
                    "id": { "type": "integer", "minimum": 1 },
                    "username": text,
                    "phone": { "type": ["string", "null"] },
                    "status": { "enum": ["waiting", "active", "ended"] },
                    "clientSocketId": { "type": "string", "description": "What events call it: `clientId`, `from`." },
                },
            },
            "lastMessage": {
                "type": ["object", "null"],
                "required": ["text", "senderType", "messageType", "createdAt"],
                "properties": {
                    "text": { "type": "string", "description": "Its first 120 letters." },
                    "senderType": { "enum": ["CLIENT", "OPERATOR"] },
                    "messageType": { "enum": ["TEXT"] },
                    "createdAt": { "type": "string", "format": "date-time" },
                },
            },
            "unreadCount": { "type": "integer", "minimum": 0 },
        },
    })
}

fn join() -> Value {
    let text =
        |max: usize| json!({ "type": ["string", "null"], "maxLength": max, "pattern": NO_NUL });
    json!({
        "type": "object",
        "required": ["role"],
        "properties": {
            "role": { "enum": ["client"] },
            "name": text(limits::NAME_BYTES),
            "username": text(limits::NAME_BYTES),
            "email": text(limits::EMAIL_BYTES),
            "phone": text(limits::PHONE_BYTES),
            "page": text(limits::PAGE_BYTES),
            "metadata": { "type": ["object", "null"] },
            "workspace": text(limits::ID_BYTES),
            "token": { "type": ["string", "null"], "maxLength": limits::TOKEN_BYTES, "pattern": NO_NUL, "description": "Of an answer before." },
        },
    })
}

fn joined() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["clientId", "sessionId", "token", "reconnected", "status"],
        "properties": {
            "clientId": { "type": "string", "description": "The same as `sessionId`." },
            "sessionId": text,
            "token": { "type": "string", "description": "Whoever has it is the guest of this conversation: `Authorization: Bearer`." },
            "reconnected": { "type": "boolean" },
            "status": { "enum": ["waiting", "active"] },
            "queuePosition": { "type": "integer", "minimum": 1 },
        },
    })
}
