//! Every field of every event: absent, of another type, out of its range.

use serde_json::{Map, Value, json};

use super::{
    house::MARK,
    offender::{Case, Expect::Refused, Offender, Side},
    try_all,
};

/// What a field may be.
#[derive(Clone, Copy)]
enum Kind {
    /// So many bytes at most, and blank is as good as absent.
    Text(usize),
    /// So many bytes at most, and not empty.
    Id(usize),
    /// The text of a message; its length is a matter of its own.
    Message,
    /// One of a few words.
    Word,
    /// A whole number from the first to the second.
    Number(u64, u64),
    Flag,
    Object(usize),
}
use Kind::{Flag, Id, Message, Number, Object, Text, Word};

const COUNT: Kind = Number(0, (1 << 53) - 1);
const PAGE: Kind = Number(1, 200);

struct Field(&'static str, Kind, bool);
const fn required(name: &'static str, kind: Kind) -> Field {
    Field(name, kind, true)
}
const fn optional(name: &'static str, kind: Kind) -> Field {
    Field(name, kind, false)
}

const SESSION: Field = required("sessionId", Id(128));
const GUEST: &[(&str, &[Field])] = &[
    (
        "guest:start",
        &[
            optional("workspace", Text(128)),
            optional("name", Text(200)),
            optional("email", Text(320)),
            optional("phone", Text(64)),
            optional("page", Text(2048)),
            optional("metadata", Object(8 * 1024)),
            optional("token", Text(4096)),
        ],
    ),
    (
        "guest:message",
        &[
            required("message", Message),
            optional("type", Word),
            optional("clientMessageId", Id(128)),
        ],
    ),
    (
        "guest:history",
        &[optional("beforeSeq", COUNT), optional("limit", PAGE)],
    ),
];
const STAFF: &[(&str, &[Field])] = &[
    ("staff:connect_to_session", &[SESSION]),
    (
        "staff:message",
        &[
            SESSION,
            required("message", Message),
            optional("type", Word),
            optional("clientMessageId", Id(128)),
        ],
    ),
    (
        "staff:sessions",
        &[
            optional("status", Word),
            optional("mine", Flag),
            optional("search", Text(800)),
            optional("cursor", Id(152)),
            optional("limit", PAGE),
        ],
    ),
    (
        "staff:history",
        &[
            SESSION,
            optional("beforeSeq", COUNT),
            optional("limit", PAGE),
        ],
    ),
    ("staff:end_session", &[SESSION]),
];

/// Values that no such field takes.
fn wrong(kind: Kind) -> Vec<Value> {
    let mut wrong = vec![json!([]), json!([MARK]), json!(1.5), json!(-1)];
    let texts = |max: usize| {
        let long = MARK.repeat(max / MARK.len() + 1);
        // The last character does not fit, though as characters they are few enough.
        let wide = format!("{}é", "x".repeat(max - 1));
        [
            json!(long),
            json!(wide),
            json!(format!("{MARK}\0")),
            json!("\0"),
        ]
    };
    if !matches!(kind, Object(_)) {
        wrong.push(json!({ "a": MARK }));
    }
    if !matches!(kind, Flag) {
        wrong.push(json!(true));
    }
    if !matches!(kind, Number(..)) {
        wrong.push(json!(5));
    } else {
        wrong.push(json!("5"));
    }
    match kind {
        Text(max) => wrong.extend(texts(max)),
        Id(max) => {
            wrong.push(json!(""));
            wrong.extend(texts(max));
        }
        Message => wrong.extend([
            json!(""),
            json!(" \n\t\u{a0}"),
            json!(format!("{MARK}\0{MARK}")),
        ]),
        Word => wrong.extend([
            json!(MARK),
            json!(""),
            json!("TEXT"),
            json!("text\0"),
            json!("waiting "),
        ]),
        Number(low, high) => {
            wrong.extend([
                json!(high + 1),
                json!(u64::MAX),
                json!(i64::MIN),
                json!(1e300),
                json!(MARK),
            ]);
            wrong.extend(low.checked_sub(1).map(Value::from));
        }
        Flag => wrong.extend([json!("true"), json!(0), json!(MARK)]),
        Object(max) => wrong.extend([
            json!(MARK),
            json!({ "a": MARK.repeat(max / MARK.len() + 1) }),
            json!({ "a": ["b", { "c": format!("{MARK}\0") }] }),
            json!({ format!("{MARK}\0"): 1 }),
        ]),
    }
    wrong
}

/// With every field that has to be there.
fn sample(fields: &[Field], session: &str) -> Map<String, Value> {
    let mut payload = Map::new();
    for Field(name, kind, needed) in fields {
        if *needed {
            let value = if matches!(kind, Message) {
                MARK
            } else {
                session
            };
            payload.insert((*name).to_owned(), value.into());
        }
    }
    payload
}

fn cases(events: &[(&str, &[Field])], offender: &Offender) -> Vec<Case> {
    let mut cases = Vec::new();
    for (event, fields) in events {
        for Field(name, kind, needed) in *fields {
            let mut push = |what: String, payload: Map<String, Value>| {
                let shown: String = what.chars().take(60).collect();
                let title = format!("{event} with {name} {shown}");
                let args = json!([event, payload]).to_string();
                cases.push(Case::event(title, args, Refused("invalid", Some(name))));
            };
            let valid = sample(fields, &offender.session);
            for value in wrong(*kind) {
                let mut payload = valid.clone();
                payload.insert((*name).to_owned(), value.clone());
                push(value.to_string(), payload);
            }
            if *needed {
                let mut payload = valid.clone();
                payload.insert((*name).to_owned(), Value::Null);
                push("null".into(), payload);
                let mut payload = valid;
                payload.remove(*name);
                push("missing".into(), payload);
            }
        }
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_field_of_a_guest_that_is_wrong_is_named() {
    try_all(Side::Guest, |offender| cases(GUEST, offender)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_field_of_an_operator_that_is_wrong_is_named() {
    try_all(Side::Operator, |offender| cases(STAFF, offender)).await;
}
