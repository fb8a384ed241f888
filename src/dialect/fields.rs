use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value};

use uuid::fmt::Hyphenated;

use super::alias::named;
use crate::model::{Alias, Given, MessageId, Reject, Upload, limits};

/// Largest whole number that every client counts exactly.
pub(super) const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The fields of a payload, read by name; every refusal names the field. A field that is `null`
/// counts as absent: clients write so what they do not know.
pub(super) struct Fields<'a> {
    named: Option<&'a Map<String, Value>>,
    binary: &'a [Bytes],
}

/// What comes with an event, or in a request: a value, and the bytes that placeholders in it stand for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payload<'a> {
    pub value: Option<&'a Value>,
    pub binary: &'a [Bytes],
}

impl<'a> From<Option<&'a Value>> for Payload<'a> {
    fn from(value: Option<&'a Value>) -> Self {
        Self { value, binary: &[] }
    }
}

impl<'a> Fields<'a> {
    /// An absent payload has no fields.
    pub fn of(payload: impl Into<Payload<'a>>) -> Result<Self, Reject> {
        let Payload { value, binary } = payload.into();
        let named = match value {
            None | Some(Value::Null) => None,
            Some(Value::Object(fields)) => Some(fields),
            Some(_) => return Err(Reject::field("payload", "The payload must be an object")),
        };
        Ok(Self { named, binary })
    }

    /// Any text, of whatever length: only what the transport admits gets here.
    pub fn text(&self, name: &'static str) -> Result<Option<&'a str>, Reject> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Reject::field(name, format!("{name} must be a string"))),
        }
    }

    /// A text that is stored or looked up.
    pub fn short(&self, name: &'static str, max_bytes: usize) -> Result<Option<&'a str>, Reject> {
        let text = self.text(name)?;
        match text {
            Some(text) if text.len() > max_bytes => Err(Reject::field(
                name,
                format!("{name} must be at most {max_bytes} bytes long"),
            )),
            Some(text) if text.contains('\0') => Err(nul(name)),
            _ => Ok(text),
        }
    }

    /// As [`Fields::short`]; a form that was left blank counts as absent.
    pub fn detail(&self, name: &'static str, max_bytes: usize) -> Result<Option<String>, Reject> {
        let text = self.short(name, max_bytes)?;
        Ok(text
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned))
    }

    /// As [`Fields::short`], and not empty.
    pub fn id(&self, name: &'static str, max_bytes: usize) -> Result<Option<&'a str>, Reject> {
        match self.short(name, max_bytes)? {
            Some("") => Err(Reject::field(name, format!("{name} must not be empty"))),
            id => Ok(id),
        }
    }

    /// As [`Fields::id`], of a row that others number.
    pub fn number_or_id(
        &self,
        name: &'static str,
        max_bytes: usize,
    ) -> Result<Option<String>, Reject> {
        match self.get(name) {
            Some(Value::Number(_)) => Ok(self.count(name)?.map(|number| number.to_string())),
            _ => Ok(self.id(name, max_bytes)?.map(str::to_owned)),
        }
    }

    /// A conversation, by any of its names.
    pub fn alias(&self, name: &'static str) -> Result<Option<Alias>, Reject> {
        match self.get(name) {
            Some(Value::Number(_)) => Ok(self.count(name)?.map(Alias::Number)),
            _ => Ok(self.id(name, limits::CONVERSATION_BYTES)?.map(named)),
        }
    }

    /// What is said, by any of the names that front ends have for it.
    pub fn spoken(&self) -> Result<Option<&'a str>, Reject> {
        let mut spoken = None;
        for name in ["message", "text", "body"] {
            match self.text(name)? {
                Some(text) if text.contains('\0') => return Err(nul(name)),
                Some(text) => spoken = spoken.or(Some(text)),
                None => {}
            }
        }
        Ok(spoken)
    }

    /// A file: its upload by `attachmentId`, or itself in one of these fields, as a data URL or in binary. `name` and
    /// `mimeType` tell of it.
    pub fn given(&self, names: &[&'static str], is_picture: bool) -> Result<Option<Given>, Reject> {
        if let Some(id) = self.id("attachmentId", limits::ATTACHMENT_ID_BYTES)? {
            return Ok(Some(Given::Uploaded(id.to_owned())));
        }
        for name in names.iter().copied() {
            if let Some(found) = self.get(name) {
                let (bytes, mime) = self.bytes(name, found)?;
                let said = self.detail("mimeType", limits::NAME_BYTES)?;
                return Ok(Some(Given::Bytes(Box::new(Upload {
                    bytes,
                    name: self.text("name")?.map(str::to_owned),
                    mime: mime.map(str::to_owned).or(said),
                    is_picture,
                    field: name,
                }))));
            }
        }
        Ok(None)
    }

    /// A file in a field of its own, and what it is said to be.
    pub fn data(&self, name: &'static str) -> Result<(Bytes, Option<String>), Reject> {
        let found = required(name, self.get(name))?;
        let (bytes, mime) = self.bytes(name, found)?;
        Ok((bytes, mime.map(str::to_owned)))
    }

    fn bytes(
        &self,
        name: &'static str,
        found: &'a Value,
    ) -> Result<(Bytes, Option<&'a str>), Reject> {
        let wrong = || {
            Reject::field(
                name,
                format!("{name} must be a data URL in base64, or binary"),
            )
        };
        match found {
            Value::String(url) => {
                let (head, data) = url.split_once(',').ok_or_else(wrong)?;
                let head = head.strip_prefix("data:").ok_or_else(wrong)?;
                let mime = head.strip_suffix(";base64").ok_or_else(wrong)?;
                let bytes = STANDARD.decode(data.trim_end()).map_err(|_| wrong())?;
                let mime = mime.split(';').next().filter(|it| !it.is_empty());
                Ok((bytes.into(), mime))
            }
            Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
                let number = fields.get("num").and_then(Value::as_u64);
                let number = number.and_then(|number| usize::try_from(number).ok());
                let bytes = number.and_then(|number| self.binary.get(number));
                bytes.map(|bytes| (bytes.clone(), None)).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    pub fn number(
        &self,
        name: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Result<Option<u64>, Reject> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match whole(value) {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (low, high) = range.into_inner();
                Err(Reject::field(
                    name,
                    format!("{name} must be a whole number, {low} to {high}"),
                ))
            }
        }
    }

    /// A counter that clients got from us.
    pub fn count(&self, name: &'static str) -> Result<Option<u64>, Reject> {
        self.number(name, 0..=SAFE_INTEGER)
    }

    /// The number of a message: there is none before the first.
    pub fn seq(&self, name: &'static str) -> Result<Option<u64>, Reject> {
        self.number(name, 1..=SAFE_INTEGER)
    }

    /// The size of a page.
    pub fn limit(&self, unless_asked: usize, max: usize) -> Result<usize, Reject> {
        let asked = self.number("limit", 1..=u64::try_from(max).unwrap_or(u64::MAX))?;
        Ok(asked
            .and_then(|asked| asked.try_into().ok())
            .unwrap_or(unless_asked))
    }

    /// As we write it: with hyphens.
    pub fn message_id(&self, name: &'static str) -> Result<Option<MessageId>, Reject> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse::<Hyphenated>() {
            Ok(id) => Ok(Some(MessageId(id.into_uuid()))),
            Err(_) => Err(Reject::field(name, format!("{name} must be a UUID"))),
        }
    }

    /// Exactly one. Some can be written with and without the sign that asks for the picture; they are
    /// one emoji, so that it can be taken away in either form.
    pub fn emoji(&self, name: &'static str) -> Result<Option<&'static str>, Reject> {
        let Some(text) = self.short(name, limits::EMOJI_BYTES)? else {
            return Ok(None);
        };
        match emojis::get(text) {
            Some(emoji) => Ok(Some(emoji.as_str())),
            None => Err(Reject::field(name, format!("{name} must be one emoji"))),
        }
    }

    pub fn flag(&self, name: &'static str) -> Result<Option<bool>, Reject> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Reject::field(name, format!("{name} must be true or false"))),
        }
    }

    /// An object of the site's own; kept as it is.
    pub fn object(&self, name: &'static str, max_bytes: usize) -> Result<Option<Value>, Reject> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if !value.is_object() {
            return Err(Reject::field(name, format!("{name} must be an object")));
        }
        if value.to_string().len() > max_bytes {
            return Err(Reject::field(
                name,
                format!("{name} must be at most {max_bytes} bytes long"),
            ));
        }
        if holds_nul(value) {
            return Err(nul(name));
        }
        Ok(Some(value.clone()))
    }

    /// The fields of one that is an object.
    pub fn inner(&self, name: &str) -> Option<Self> {
        let fields = self.get(name)?.as_object();
        fields.map(|fields| Self {
            named: Some(fields),
            binary: self.binary,
        })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.named?.get(name).filter(|value| !value.is_null())
    }
}

/// For a field that has to be there.
pub(super) fn required<T>(name: &'static str, value: Option<T>) -> Result<T, Reject> {
    value.ok_or_else(|| Reject::field(name, format!("{name} is missing")))
}

/// As JSON counts: `7.0` is 7, and some programs write it so.
fn whole(value: &Value) -> Option<u64> {
    let plain = || {
        let number = value.as_f64()?;
        let fits = number.fract() == 0.0 && (0.0..=SAFE_INTEGER as f64).contains(&number);
        fits.then_some(number as u64)
    };
    value.as_u64().or_else(plain)
}

/// No text column of a database takes it, nor does its JSON.
fn nul(name: &'static str) -> Reject {
    Reject::field(name, format!("{name} cannot hold the character NUL"))
}

/// As deep as the value, which is as deep as the parser of JSON lets it be.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, it)| key.contains('\0') || holds_nul(it)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
