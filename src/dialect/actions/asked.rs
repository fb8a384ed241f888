use serde_json::{Map, Value};

use crate::{
    dialect::{
        Audience,
        fields::{Fields, SAFE_INTEGER, required},
        operator,
    },
    model::{
        Alias, Command, GuestCommand, HistoryQuery, MessageId, Reject, SenderKind, Start, Upload,
        limits,
    },
};

/// Rows of a conversation unless asked otherwise: as the seed has it.
const ROWS: usize = 100;

/// A message that a page shows, and of which it wants the row.
#[derive(Debug, PartialEq, Eq)]
pub struct Save {
    pub client: Alias,
    pub side: SenderKind,
    /// Who it says has said it, of an operator.
    pub operator: Option<String>,
    /// Of a picture mostly empty.
    pub text: String,
    pub picture: Option<Picture>,
    /// What its event has called it (`id`), if the page passes it on.
    pub message: Option<MessageId>,
    pub client_id: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Picture {
    /// By the address of it that a message had.
    Told(String),
    Sent(Upload),
}

#[derive(Debug, PartialEq, Eq)]
pub struct MarkRead {
    pub client: Alias,
    pub operator: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub client: Alias,
    /// Only of this one.
    pub session: Option<String>,
    pub query: HistoryQuery,
}

pub fn save(payload: &Map<String, Value>) -> Result<Save, Reject> {
    let payload = Value::Object(payload.clone());
    let fields = Fields::of(Some(&payload))?;
    let client = client(&fields)?;
    let side = match required("senderType", fields.text("senderType")?)? {
        "CLIENT" => SenderKind::Guest,
        "OPERATOR" => SenderKind::Operator,
        _ => {
            let says = "senderType must be CLIENT or OPERATOR";
            return Err(Reject::field("senderType", says));
        }
    };
    let picture = picture(&fields)?;
    let text = match picture {
        None => required("text", fields.spoken()?)?,
        Some(_) => fields.spoken()?.unwrap_or_default(),
    };
    if text.trim().is_empty() && picture.is_none() {
        return Err(Reject::field("text", "A message needs a text"));
    }
    // By other names the page has it already.
    fields.short("clientSocketId", limits::ID_BYTES)?;
    fields.short("sessionId", limits::ID_BYTES)?;
    let client_id = fields.id("clientMsgId", limits::ID_BYTES)?;
    Ok(Save {
        client,
        side,
        operator: fields.number_or_id("operatorId", limits::ID_BYTES)?,
        text: text.to_owned(),
        picture,
        message: fields.message_id("messageId")?,
        client_id: client_id.map(str::to_owned),
    })
}

/// By its address if that was told, else the picture itself.
fn picture(fields: &Fields<'_>) -> Result<Option<Picture>, Reject> {
    const URL: &str = "imageUrl";
    let (url, name) = (fields.text(URL)?, fields.text("imageName")?);
    let mime = fields.detail("mimeType", limits::NAME_BYTES)?;
    match required("messageType", fields.text("messageType")?)? {
        "TEXT" => return Ok(None),
        "IMAGE" => {}
        _ => {
            let says = "messageType must be TEXT or IMAGE";
            return Err(Reject::field("messageType", says));
        }
    }
    let url = required(URL, url)?;
    if !url.starts_with("data:") {
        return Ok(Some(Picture::Told(url.to_owned())));
    }
    let (bytes, said) = fields.data(URL)?;
    let upload = Upload {
        bytes,
        name: name.map(str::to_owned),
        mime: said.or(mime),
        is_picture: true,
        field: URL,
    };
    Ok(Some(Picture::Sent(upload)))
}

pub fn mark_read(payload: &Map<String, Value>) -> Result<MarkRead, Reject> {
    let payload = Value::Object(payload.clone());
    let fields = Fields::of(Some(&payload))?;
    Ok(MarkRead {
        client: client(&fields)?,
        operator: fields.number_or_id("operatorId", limits::ID_BYTES)?,
    })
}

/// Of a query, in which all is text.
pub fn page(query: &Map<String, Value>) -> Result<Page, Reject> {
    let query = Value::Object(query.clone());
    let fields = Fields::of(Some(&query))?;
    Ok(Page {
        client: client(&fields)?.untyped(),
        session: fields
            .short("sessionId", limits::ID_BYTES)?
            .map(str::to_owned),
        query: HistoryQuery {
            before_seq: fields.count("beforeSeq")?,
            limit: limit(&fields)?,
        },
    })
}

/// A guest comes without a socket, in the words of its `join`.
pub fn join(payload: &Map<String, Value>) -> Result<Start, Reject> {
    let payload = Value::Object(payload.clone());
    let decoded = operator::decode(Audience::Guest, "join", Some(&payload).into());
    match decoded {
        Some(Ok(Command::Guest(GuestCommand::Start(start)))) => Ok(*start),
        Some(Err(reject)) => Err(reject),
        _ => Err(Reject::field(
            "role",
            "role must be client: an operator needs no join to ask",
        )),
    }
}

/// Whoever asks for more gets a full page: the seed knows no most.
fn limit(fields: &Fields<'_>) -> Result<usize, Reject> {
    let asked = fields.number("limit", 1..=SAFE_INTEGER)?;
    let asked = asked.map(|asked| usize::try_from(asked).unwrap_or(usize::MAX));
    Ok(asked.unwrap_or(ROWS).min(limits::HISTORY_MAX))
}

/// `clientId` of a front end's own tables is a number, that of its socket the session.
fn client(fields: &Fields<'_>) -> Result<Alias, Reject> {
    required("clientId", fields.alias("clientId")?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Other, SessionId};

    fn saved(with: Value) -> Result<Save, Reject> {
        let mut fields = json!({ "clientId": 7, "senderType": "CLIENT", "messageType": "TEXT", "text": "Hello" });
        let all = fields.as_object_mut().unwrap();
        all.extend(with.as_object().unwrap().clone());
        save(all)
    }

    #[test]
    fn a_client_is_named_by_number_or_session() {
        let id = SessionId::new;
        let uuid = "0190a5a0-0000-7000-8000-000000000000";
        for (named, expected) in [
            (json!(7), Alias::Number(7)),
            (json!(7.0), Alias::Number(7)),
            (json!("7"), Alias::Text(id("7"), Other::Number(7))),
            (json!(uuid), Alias::Session(id(uuid))),
        ] {
            let saved = saved(json!({ "clientId": named })).unwrap();
            assert_eq!(saved.client, expected);
        }
    }

    #[test]
    fn of_a_query_nobody_knows_what_was_a_number_and_a_page_is_bounded() {
        let asked = |with: Value| page(with.as_object().unwrap());
        let of = asked(json!({ "clientId": "7", "limit": 1_000_000 })).unwrap();
        assert_eq!(of.client, Alias::Untyped(SessionId::new("7"), 7));
        assert_eq!(of.query.limit, limits::HISTORY_MAX);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (with, field) in [
            (json!({ "clientId": null }), "clientId"),
            (json!({ "clientId": -1 }), "clientId"),
            (json!({ "clientId": "" }), "clientId"),
            (json!({ "senderType": "client" }), "senderType"),
            (json!({ "senderType": null }), "senderType"),
            (json!({ "messageType": "IMAGE" }), "imageUrl"),
            (
                json!({ "messageType": "IMAGE", "imageUrl": "data:x" }),
                "imageUrl",
            ),
            (json!({ "messageType": "VIDEO" }), "messageType"),
            (json!({ "messageType": null }), "messageType"),
            (json!({ "text": " " }), "text"),
            (json!({ "text": null }), "text"),
            (json!({ "text": 5 }), "text"),
            (json!({ "imageUrl": 5 }), "imageUrl"),
            (json!({ "operatorId": true }), "operatorId"),
            (json!({ "messageId": "7" }), "messageId"),
        ] {
            assert_eq!(
                saved(with.clone()).unwrap_err().field,
                Some(field),
                "{with}"
            );
        }
    }
}
