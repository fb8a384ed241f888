//! The query string, which carries everything Engine.IO says in a request line.

use serde::{Deserialize, Serialize};

use super::error::RequestError;

/// The query of one request, taken apart and not yet judged.
///
/// Empty values count as absent, and of a reserved name given twice the first counts. A value
/// that is longer than any the product hands out is kept from going further: see
/// [`MAX_SID`](Self::MAX_SID) and [`MAX_T`](Self::MAX_T). The length of the whole is bounded by
/// the request head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// `None` for a missing revision as for one that nobody speaks here.
    pub eio: Option<Revision>,
    /// `None` for a missing transport as for an unknown one: both get the same answer.
    pub transport: Option<Transport>,
    pub sid: Option<String>,
    /// Drawn anew by official clients for each polling request; a repetition is a retransmission.
    pub t: Option<String>,
    /// The client cannot take binary frames: send `b` and base64 on the WebSocket too. Any value
    /// sets it.
    pub b64: bool,
    /// The answer is to be a script that calls the client back (`j`).
    pub jsonp: bool,
    /// What the application put there, in order, without the reserved names (`EIO`, `transport`,
    /// `sid`, `t`, `b64`, `j`).
    pub params: Vec<(String, String)>,
    /// There were more than [`MAX_PARAMS`](Self::MAX_PARAMS) parameters and the rest was not read.
    pub overflow: bool,
}

/// Protocol revision asked for with `EIO`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revision {
    #[default]
    V4,
    /// Of clients of Socket.IO 2: see [`v3`](super::v3).
    V3,
}

/// How packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Polling,
    Websocket,
}

impl Query {
    /// Parameters read, reserved ones included.
    pub const MAX_PARAMS: usize = 64;
    /// Longest connection id in bytes; a longer one is none of ours, and never becomes a key.
    pub const MAX_SID: usize = 128;
    /// Longest `t` in bytes; a longer one is ignored, which only costs the deduplication it is
    /// for.
    pub const MAX_T: usize = 64;

    /// Reads any string; a leading `?` is skipped, bytes that are no UTF-8 after percent-decoding
    /// become U+FFFD.
    pub fn parse(raw: &str) -> Self {
        let raw = raw.strip_prefix('?').unwrap_or(raw);
        let mut query = Self::default();
        let mut pairs = form_urlencoded::parse(raw.as_bytes());
        for (name, value) in pairs.by_ref().take(Self::MAX_PARAMS) {
            query.take(&name, &value);
        }
        query.overflow = pairs.next().is_some();
        query
    }

    /// Whether the query keeps its bounds, before anything in it is used.
    pub fn check(&self) -> Result<(), RequestError> {
        if self.overflow {
            return Err(RequestError::BadRequest);
        }
        match &self.sid {
            Some(sid) if sid.len() > Self::MAX_SID => Err(RequestError::UnknownSid),
            _ => Ok(()),
        }
    }

    fn take(&mut self, name: &str, value: &str) {
        let given = Some(value).filter(|value| !value.is_empty());
        match name {
            "EIO" => self.eio = self.eio.or(given.and_then(Revision::parse)),
            "transport" => self.transport = self.transport.or(given.and_then(Transport::parse)),
            "sid" => set_first(&mut self.sid, given),
            "t" => set_first(&mut self.t, given.filter(|t| t.len() <= Self::MAX_T)),
            "b64" => self.b64 |= given.is_some(),
            "j" => self.jsonp |= given.is_some(),
            _ => self.params.push((name.to_owned(), value.to_owned())),
        }
    }
}

impl Revision {
    /// What needs not be written down of a connection.
    pub fn is_newest(&self) -> bool {
        *self == Self::V4
    }

    fn parse(value: &str) -> Option<Self> {
        match value {
            "4" => Some(Self::V4),
            "3" => Some(Self::V3),
            _ => None,
        }
    }
}

impl Transport {
    /// The name in queries and in `upgrades`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Websocket => "websocket",
        }
    }

    fn parse(value: &str) -> Option<Self> {
        match value {
            "polling" => Some(Self::Polling),
            "websocket" => Some(Self::Websocket),
            _ => None,
        }
    }
}

fn set_first(slot: &mut Option<String>, given: Option<&str>) {
    if slot.is_none() {
        *slot = given.map(str::to_owned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_leave_the_application_its_own() {
        let query = Query::parse("?EIO=4&transport=polling&sid=s&t=x&b64=1&j=0&token=a%20b&e=");
        let params = vec![
            ("token".to_owned(), "a b".to_owned()),
            ("e".to_owned(), String::new()),
        ];
        let expected = Query {
            eio: Some(Revision::V4),
            transport: Some(Transport::Polling),
            sid: Some("s".to_owned()),
            t: Some("x".to_owned()),
            b64: true,
            jsonp: true,
            params,
            overflow: false,
        };
        assert_eq!(query, expected);
    }

    #[test]
    fn bounds_are_kept() {
        let full = "a=1&".repeat(Query::MAX_PARAMS);
        assert_eq!(Query::parse(&full).check(), Ok(()));
        assert_eq!(
            Query::parse(&format!("{full}b=1")).check(),
            Err(RequestError::BadRequest)
        );
        let long = format!("sid={}", "x".repeat(Query::MAX_SID + 1));
        assert_eq!(Query::parse(&long).check(), Err(RequestError::UnknownSid));
        assert_eq!(
            Query::parse(&format!("t={}", "x".repeat(Query::MAX_T + 1))).t,
            None
        );
    }

    #[test]
    fn the_first_of_two_counts_and_empty_is_absent() {
        let query = Query::parse("sid=&sid=a&sid=b&transport=&EIO=&t=&b64=&j=");
        assert_eq!(
            query,
            Query {
                sid: Some("a".to_owned()),
                ..Query::default()
            }
        );
    }
}
