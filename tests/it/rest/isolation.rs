//! P6: no id of another workspace, or of another guest, reaches anything. Whatever a request names, it is answered as
//! if there were no such thing, and nothing of the others changes.

use std::collections::BTreeMap;

use proptest::{
    prelude::any,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use reqwest::Method;
use serde_json::{Map, Value, json};
use switchboard::dialect::{self, Audience};

use super::{
    client::{Answer, Client},
    house::{House, add},
};
use crate::process::talk::{Person, message};

/// Of each event or endpoint, with other fields left out each time.
const ROUNDS: usize = 6;

/// Names of things, by the field that names them.
type Names = BTreeMap<&'static str, String>;

/// What is somebody else's.
struct Theirs {
    names: Names,
    guest: Person,
    operator: Person,
}

impl Theirs {
    async fn of(house: &House, workspace: &str) -> Self {
        let password = add(house.folder.path(), "zoe", "agent", workspace).await;
        let credentials =
            json!({ "workspace": workspace, "operator": "zoe", "password": password });
        let login = house.nobody().post("/login", credentials).await.granted();
        let token = login["token"].as_str().unwrap();
        let mut operator = Person::operator(house.server.address, token).await;
        let mut guest = Person::guest(house.server.address).await;
        let named =
            json!({ "workspace": workspace, "name": "Zacharias", "email": "z@example.org" });
        let started = guest.granted("guest:start", named).await;
        let session = started["sessionId"].as_str().unwrap().to_owned();
        let claim = json!({ "sessionId": session });
        operator.granted("staff:connect_to_session", claim).await;
        let said = guest
            .granted("guest:message", message("Quittengelee", "c1"))
            .await;
        let names = Names::from([
            ("clientId", session.clone()),
            ("sessionId", session),
            ("messageId", said["messageId"].as_str().unwrap().to_owned()),
            ("agentId", "zoe".to_owned()),
            ("search", "Zacharias".to_owned()),
            ("q", "Quittengelee".to_owned()),
            ("clientMessageId", "c1".to_owned()),
        ]);
        Self {
            names,
            guest,
            operator,
        }
    }

    /// All that they can see of themselves.
    async fn world(&mut self) -> Value {
        let all = self.operator.granted("staff:sessions", json!({})).await;
        let own = |session: &&Value| session["sessionId"] == self.names["sessionId"];
        let sessions: Vec<&Value> = all["sessions"]
            .as_array()
            .unwrap()
            .iter()
            .filter(own)
            .collect();
        let operators = self.operator.granted("staff:operators", json!({})).await;
        let history = self.guest.history("guest:history", None).await;
        json!([sessions, operators, history])
    }
}

/// Names of the same form that nobody has.
fn nobodys() -> Names {
    let id = || uuid::Uuid::new_v4().to_string();
    Names::from([
        ("clientId", id()),
        ("sessionId", id()),
        ("messageId", uuid::Uuid::now_v7().to_string()),
        ("agentId", "yan".to_owned()),
        ("search", "Yacharias".to_owned()),
        ("q", "Yuittengelee".to_owned()),
        ("clientMessageId", "y1".to_owned()),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_event_of_staff_reaches_another_workspace() {
    let house = house().await;
    let mut theirs = Theirs::of(&house, "shop").await;
    let ours = add(house.folder.path(), "ada", "admin", "default").await;
    let token = super::house::login(&house.nobody(), "ada", &ours).await;
    let mut ada = Person::operator(house.server.address, &token).await;
    events(&mut ada, Audience::Operator, &mut theirs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_event_of_a_guest_reaches_another_guest() {
    let house = house().await;
    for workspace in ["default", "shop"] {
        let mut theirs = Theirs::of(&house, workspace).await;
        let mut eve = Person::guest(house.server.address).await;
        eve.granted("guest:start", json!({ "name": "Eve" })).await;
        events(&mut eve, Audience::Guest, &mut theirs).await;
    }
}

/// Every event of this side, with names of others and with names of nobody.
async fn events(asker: &mut Person, audience: Audience, theirs: &mut Theirs) {
    let before = theirs.world().await;
    let mut runner = TestRunner::deterministic();
    for event in dialect::native_events(audience).asked {
        // It ends what is needed for the others, and takes no id.
        if event == "guest:end" {
            continue;
        }
        let (schema, _) = dialect::asked(audience, event).unwrap();
        for _ in 0..ROUNDS {
            let which = any::<u64>().new_tree(&mut runner).unwrap().current();
            let named = payload(&schema, &theirs.names, which);
            let unknown = payload(&schema, &nobodys(), which);
            let answers = [
                asker.ask(event, named.clone()).await,
                asker.ask(event, unknown.clone()).await,
            ];
            let [theirs, nobodys] = answers.map(|answer| same(&answer));
            assert_eq!(theirs, nobodys, "{event} {named} {unknown}");
        }
    }
    assert_eq!(theirs.world().await, before);
    assert_eq!(theirs.guest.has_heard("staff:message"), 0);
    assert_eq!(theirs.operator.has_heard("session:updated"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_route_reaches_another_workspace() {
    let house = house().await;
    let mut theirs = Theirs::of(&house, "shop").await;
    let ada = house.operator("ada", "admin").await;
    let before = theirs.world().await;
    let (_, text) = house.server.page("/api/v1/openapi.json").await;
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut runner = TestRunner::deterministic();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        // Of visitors, whose ids are their tokens: tests/seeds/001.test.mjs.
        if !path.starts_with("/api/v1/") {
            continue;
        }
        // Its id is a signature, of which there is none here: tests/seeds/images.test.mjs.
        if path.starts_with("/api/v1/files/") {
            continue;
        }
        // Who asks is not named by an id there.
        if ["login", "logout", "password", "join"]
            .iter()
            .any(|name| path.ends_with(name) && !path.contains('{'))
        {
            continue;
        }
        for (method, operation) in methods.as_object().unwrap() {
            for _ in 0..ROUNDS {
                let which = any::<u64>().new_tree(&mut runner).unwrap().current();
                let ask = async |names: &Names| {
                    let request = Request::of(&document, (path, method), operation, names, which);
                    (request.send(&ada).await, format!("{request:?}"))
                };
                let (theirs, what) = ask(&theirs.names).await;
                let (nobodys, _) = ask(&nobodys()).await;
                assert_eq!(theirs.status, nobodys.status, "{what} {}", theirs.body);
                assert_eq!(same(&theirs.body), same(&nobodys.body), "{what}");
                asked += 1;
            }
        }
    }
    assert!(asked > 15 * ROUNDS, "only {asked}");
    assert_eq!(theirs.world().await, before);
    assert_eq!(theirs.guest.has_heard("staff:message"), 0);
}

async fn house() -> House {
    let limits = [
        "--rate-login",
        "0",
        "--rate-login-network",
        "0",
        "--workspaces",
        "shop",
    ];
    let house = House::start_with(&limits).await;
    let mut command = crate::process::server::switchboard();
    command
        .args(["workspace", "add", "shop", "--data-dir"])
        .arg(house.folder.path());
    let made = crate::process::server::run(&mut command).await;
    assert!(made.status.success(), "{made:?}");
    house
}

#[derive(Debug)]
struct Request {
    method: Method,
    path: String,
    body: Option<Value>,
    /// Of files, whose body is no JSON.
    is_form: bool,
}

impl Request {
    fn of(
        document: &Value,
        (path, method): (&str, &str),
        operation: &Value,
        names: &Names,
        which: u64,
    ) -> Self {
        let mut path = path.strip_prefix("/api/v1").unwrap().to_owned();
        let mut query = form_urlencoded::Serializer::new(String::new());
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for (n, parameter) in parameters.iter().enumerate() {
            let name = parameter["name"].as_str().unwrap();
            let value = names.get(name);
            match parameter["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), value.unwrap()),
                "query" if parameter["required"] == true || (which >> n) & 1 == 1 => {
                    if let Some(value) = value {
                        query.append_pair(name, value);
                    }
                }
                _ => {}
            }
        }
        let query = query.finish();
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = match body["$ref"].as_str() {
            Some(to) => document.pointer(to.strip_prefix('#').unwrap()).unwrap(),
            None => body,
        };
        Self {
            method: method.to_uppercase().parse().unwrap(),
            path,
            body: body.is_object().then(|| payload(body, names, which)),
            is_form: operation["requestBody"]["content"]["multipart/form-data"].is_object(),
        }
    }

    async fn send(&self, client: &Client) -> Answer {
        if self.is_form {
            return client.upload(&self.path, "file", b"a text".to_vec()).await;
        }
        client
            .ask(self.method.clone(), &self.path, self.body.clone())
            .await
    }
}

/// An object of that schema: with these names where it names something, and some of what it may leave out.
fn payload(schema: &Value, names: &Names, which: u64) -> Value {
    let mut fields = Map::new();
    let properties = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (n, (name, of)) in properties.iter().enumerate() {
        if required.iter().any(|it| it == name) || (which >> n) & 1 == 1 {
            let named = names.get(name.as_str()).map(|it| json!(it));
            if let Some(value) = named.or_else(|| sample(name, of)) {
                fields.insert(name.clone(), value);
            }
        }
    }
    Value::Object(fields)
}

/// Something of that shape; `None` for what proves who somebody is, which is no id.
fn sample(name: &str, of: &Value) -> Option<Value> {
    if ["token", "identity", "cursor", "attachmentId"].contains(&name) {
        return None;
    }
    if let Some(words) = of["enum"].as_array() {
        return Some(words[0].clone());
    }
    if let Some(example) = of["examples"].as_array().and_then(|all| all.first()) {
        return Some(example.clone());
    }
    let kind = of["type"].as_str().or_else(|| of["type"][0].as_str());
    Some(match kind {
        Some("integer") => json!(1),
        Some("boolean") => json!(true),
        Some("object") => json!({}),
        _ if name == "workspace" => json!("default"),
        _ => json!("a long password"),
    })
}

/// Without what differs in any two answers.
fn same(answer: &Value) -> Value {
    let names = [
        "createdAt",
        "lastActivity",
        "timestamp",
        "retryAfterMs",
        "agentId",
        "workspace",
        "token",
    ];
    // Of what the asker says itself.
    let own = ["messageId", "seq"];
    match answer {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(name, _)| !names.contains(&name.as_str()))
                .filter(|(name, _)| {
                    !fields.contains_key("duplicate") || !own.contains(&name.as_str())
                })
                .map(|(name, of)| (name.clone(), same(of)))
                .collect(),
        ),
        Value::Array(items) => items.iter().map(same).collect(),
        plain => plain.clone(),
    }
}
