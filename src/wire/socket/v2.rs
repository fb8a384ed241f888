//! Socket.IO as clients of version 2 speak it (the fourth revision of its protocol), where it differs
//! from v5. They come by Engine.IO v3.
//!
//! * Nobody asks to join the root namespace: the server lets every client in by itself. Another one is
//!   asked for without an auth object; what a client has to show is in the namespace's query.
//! * CONNECT is answered without an id, and refused by a mere text.
//! * Nothing is recovered: there is no pid, and an event has no offset, which would reach the client's
//!   listeners as one argument too many.

use serde_json::{Map, Value};

use super::encode::head;
use crate::wire::engine::Query;

/// What a client shows with the CONNECT that this text is, where v5 has the auth object: the query of
/// the namespace, of which as many parameters are read as of a URL. Nothing for any other packet.
pub fn shown(text: &str) -> Map<String, Value> {
    let full = text.strip_prefix('0').filter(|nsp| nsp.starts_with('/'));
    let nsp = full.map_or("", |full| full.split(',').next().unwrap_or(full));
    let query = nsp.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .take(Query::MAX_PARAMS)
        .map(|(name, value)| (name.into_owned(), Value::from(value)))
        .collect()
}

/// Lets a client into a namespace.
pub fn connect(nsp: &str) -> String {
    head('0', 0, nsp, None)
}

/// Refuses a CONNECT. What refuses the root namespace is told to all sockets of the client.
pub fn error(nsp: &str, message: &str) -> String {
    let mut text = head('4', 0, nsp, None);
    text.push_str(&Value::from(message).to_string());
    text
}

/// Whether this is a refusal of the root namespace.
pub fn is_root_error(text: &str) -> bool {
    text.starts_with("44\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_of_a_namespace_is_what_a_client_shows() {
        let pair = |name: &str, value: &str| Map::from_iter([(name.to_owned(), value.into())]);
        assert_eq!(shown("0/a?token=x%20y"), pair("token", "x y"));
        assert_eq!(shown("0/a?token=x+y,"), pair("token", "x y"));
        assert_eq!(shown("0/a?b=c?d,{\"e\":1}"), pair("b", "c?d"));
        for nothing in ["", "0", "0/a", "0/a,", "0?a=b", "2/a?b=c,[\"m\"]"] {
            assert_eq!(shown(nothing), Map::new(), "{nothing}");
        }
        let many: String = (0..=Query::MAX_PARAMS)
            .map(|name| format!("{name}=&"))
            .collect();
        assert_eq!(shown(&format!("0/a?{many}")).len(), Query::MAX_PARAMS);
    }

    #[test]
    fn refusals_of_the_root_namespace_are_known() {
        assert!(is_root_error(&error("/", "no")));
        assert!(!is_root_error(&error("/a", "no")));
        assert!(!is_root_error(&connect("/")));
    }
}
