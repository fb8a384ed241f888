//! By whichever of its names staff calls a conversation, it reaches that one and no other (X14).

use std::{net::SocketAddr, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    auth::ends::page::{Page, Site, WAYS, Way},
    process::server::{Server, run, switchboard},
    process::talk::operator_token,
    rest::{client::Client, files::PNG},
    support::{folder::Folder, relay::Relays, token::token},
};

const CHAT: &str = "/chat/";
const NATIVE: &str = "/socket.io/";

/// A guest of 004, its session, and the number that a dashboard has of it.
async fn guest(site: &Site, way: Way, staff: &Client) -> (Page, String, u64) {
    let mut guest = Page::join(site, way, &json!({})).await.unwrap();
    let says = json!({ "role": "client", "name": "Ann" });
    let started = guest.granted("join", &says).await;
    let session = started["sessionId"].as_str().unwrap().to_owned();
    let number = number(staff, &session).await;
    (guest, session, number)
}

async fn number(staff: &Client, session: &str) -> u64 {
    let chats = staff.get("/compat/getRecentChats").await.granted();
    let mut chats = chats.as_array().unwrap().iter();
    let chat = chats.find(|it| it["client"]["clientSocketId"] == session);
    chat.unwrap()["client"]["id"].as_u64().unwrap()
}

/// As staff has them.
fn names(session: &str, number: u64) -> Vec<Value> {
    vec![
        json!(session),
        json!(number),
        json!(number.to_string()),
        json!(format!("widget:default:{session}")),
        json!(format!("widget:widget:default:{session}")),
        json!(format!("widget:{session}")),
    ]
}

fn text(to: &Value, says: &str) -> Value {
    json!({ "to": to, "type": "text", "message": says })
}

async fn refused(page: &mut Page, event: &str, payload: &Value) -> Value {
    let answer = page.ask(event, payload).await.unwrap();
    assert_eq!(answer["ok"], false, "{event} {payload}: {answer}");
    answer["error"].clone()
}

fn olga(relays: &Relays, workspace: &str) -> String {
    let secrets = relays.config.secrets().unwrap();
    token(&secrets, "7", "Olga", workspace, 3600)
}

#[tokio::test(flavor = "multi_thread")]
async fn x14_a_conversation_is_reached_by_any_of_its_names() {
    let relays = Relays::start_with(2, &[]).await;
    let pods = relays.addresses();
    let token = olga(&relays, "default");
    let staff = Client::with_token(pods[0], &token);
    let site = Site::new(&pods, CHAT);
    for way in WAYS {
        let (mut guest, session, number) = guest(&site, way, &staff).await;
        let shown = json!({ "token": token });
        let mut dashboard = Page::join(&site, way, &shown).await.unwrap();
        for name in names(&session, number) {
            let says = name.to_string();
            dashboard
                .granted("operatorMessage", &text(&name, &says))
                .await;
            assert_eq!(guest.hear("operatorMessage").await["message"], says);
        }
        // Its file is found before anything is decided: by then it is known where it belongs.
        let url = format!("data:image/png;base64,{}", STANDARD.encode(PNG));
        let picture = json!({ "to": number, "type": "image", "image": url });
        dashboard.granted("operatorMessage", &picture).await;
        assert_eq!(guest.hear("operatorMessage").await["type"], "image");
        // A guest that polls misses what is told between two polls.
        if way == Way::WebSocket {
            for on in [true, false] {
                let typing = json!({ "to": number, "isTyping": on });
                dashboard.granted("operatorTyping", &typing).await;
                // Who has sent a message has stopped before that.
                while guest.hear("operatorTyping").await["isTyping"] != on {}
            }
        }
    }
    relays.stop().await;
}

/// The inbox of 002 joins the room of a contact.
#[tokio::test(flavor = "multi_thread")]
async fn x14_a_room_is_joined_by_any_name_of_its_contact() {
    let relays = Relays::start_with(2, &[]).await;
    let pods = relays.addresses();
    let token = olga(&relays, "default");
    let staff = Client::with_token(pods[0], &token);
    let (site, native) = (Site::new(&pods, CHAT), Site::new(&pods, NATIVE));
    let (mut guest, session, number) = guest(&site, Way::WebSocket, &staff).await;
    for name in names(&session, number) {
        let shown = json!({ "token": token, "dialect": "livechat" });
        let mut inbox = Page::join(&native, Way::WebSocket, &shown).await.unwrap();
        let room = json!({ "contactId": name });
        inbox.granted("join_contact", &room).await;
        let says = json!({ "type": "text", "message": name.to_string() });
        guest.granted("clientMessage", &says).await;
        let told = inbox.hear("new_message").await;
        assert_eq!(told["contact_id"], session);
        assert_eq!(told["body"], name.to_string());
    }
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_name_leads_into_another_workspace() {
    let relays = Relays::start_with(1, &[]).await;
    let pods = relays.addresses();
    let site = Site::new(&pods, CHAT);
    let staff = Client::with_token(pods[0], &olga(&relays, "default"));
    let (mut guest, session, number) = guest(&site, Way::WebSocket, &staff).await;
    let elsewhere = olga(&relays, "other");
    let shown = json!({ "token": elsewhere });
    let mut dashboard = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    let inbox = json!({ "token": elsewhere, "dialect": "livechat" });
    let native = Site::new(&pods, NATIVE);
    let mut inbox = Page::join(&native, Way::WebSocket, &inbox).await.unwrap();
    for name in names(&session, number) {
        let message = text(&name, "from elsewhere");
        let why = refused(&mut dashboard, "operatorMessage", &message).await;
        assert_eq!(why["code"], "not_found", "{name}");
        let typing = json!({ "to": name, "isTyping": true });
        let answer = dashboard.ask("operatorTyping", &typing).await.unwrap();
        // To nobody, by an id that is none here: nobody is told.
        assert!(answer["ok"] == true || answer["error"]["code"] == "not_found");
        let room = json!({ "contactId": name });
        let why = refused(&mut inbox, "join_contact", &room).await;
        assert_eq!(why["code"], "not_found", "{name}");
    }
    let there = Client::with_token(pods[0], &elsewhere);
    for name in [session.clone(), number.to_string()] {
        let history = format!("/compat/getChatHistory?clientId={name}");
        let refused = there.get(&history).await.refused(404, "not_found");
        assert_eq!(refused["field"], "clientId");
    }
    let shown = json!({ "token": olga(&relays, "default") });
    let mut own = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    own.granted("operatorMessage", &text(&json!(number), "from here"))
        .await;
    assert_eq!(
        guest.hear("operatorMessage").await["message"],
        "from here",
        "the first that it hears"
    );
    assert!(!guest.has_heard("operatorTyping"));
    relays.stop().await;
}

/// Of a message these front ends are told in a sentence of their own, of anything else which field it is.
#[tokio::test(flavor = "multi_thread")]
async fn x14_a_refusal_names_the_field_that_is_at_fault() {
    let relays = Relays::start_with(1, &[]).await;
    let pods = relays.addresses();
    let site = Site::new(&pods, CHAT);
    let token = olga(&relays, "default");
    let staff = Client::with_token(pods[0], &token);
    let (_, session, number) = guest(&site, Way::WebSocket, &staff).await;
    let shown = json!({ "token": token });
    let mut dashboard = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    const FORMAT: &str = "Invalid message format";
    let long = "x".repeat(300);
    for (payload, code, field, says) in [
        (text(&json!(session), ""), "invalid", "message", FORMAT),
        (
            json!({ "to": session, "type": "sound", "message": "Hello" }),
            "invalid",
            "type",
            FORMAT,
        ),
        (
            text(&json!(true), "Hello"),
            "invalid",
            "to",
            "to must be a string",
        ),
        (
            text(&json!(null), "Hello"),
            "invalid",
            "to",
            "to is missing",
        ),
        (
            text(&json!(""), "Hello"),
            "invalid",
            "to",
            "to must not be empty",
        ),
        (
            text(&json!(1.5), "Hello"),
            "invalid",
            "to",
            "to must be a whole number, 0 to 9007199254740991",
        ),
        (
            text(&json!(long), "Hello"),
            "invalid",
            "to",
            "to must be at most 256 bytes long",
        ),
        (
            text(&json!(number + 1000), "Hello"),
            "not_found",
            "to",
            "No such conversation",
        ),
    ] {
        let why = refused(&mut dashboard, "operatorMessage", &payload).await;
        assert_eq!((&why["code"], &why["field"]), (&json!(code), &json!(field)));
        let told = dashboard.hear("error").await;
        assert_eq!(told["message"], says, "{payload}");
        assert_eq!(told["field"], field);
    }
    relays.stop().await;
}

/// Two chats of another program, whose ids look like numbers, and one of them like the number that the other gets here.
async fn imported(folder: &Path) {
    let path = folder.join("chat.db");
    let file = Connection::open(&path).unwrap();
    file.execute_batch(
        "CREATE TABLE public_chat_sessions (
            session_id TEXT PRIMARY KEY, status TEXT, created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
            visitor_name TEXT, visitor_email TEXT);
        CREATE TABLE public_chat_messages (
            message_id TEXT, session_id TEXT, message TEXT, type TEXT, sender_type TEXT, sender_name TEXT,
            created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
        INSERT INTO public_chat_sessions (session_id, status) VALUES ('1', 'waiting'), ('2', 'waiting');
        INSERT INTO public_chat_messages VALUES
            ('a', '1', 'of one', 'text', 'guest', NULL, CURRENT_TIMESTAMP),
            ('b', '2', 'of two', 'text', 'guest', NULL, CURRENT_TIMESTAMP);",
    )
    .unwrap();
    let mut command = switchboard();
    command.arg("import").arg(&path);
    command.arg("--data-dir").arg(folder.join("data"));
    let output = run(&mut command).await;
    assert!(output.status.success(), "{output:?}");
}

async fn first_text(staff: &Client, client: &str) -> String {
    let history = format!("/compat/getChatHistory?clientId={client}");
    let rows = staff.get(&history).await.granted();
    rows[0]["text"].as_str().unwrap().to_owned()
}

/// Session `2` has the number 1 here.
#[tokio::test(flavor = "multi_thread")]
async fn x14_p6_a_text_that_is_an_id_leads_to_no_other_by_number() {
    let folder = Folder::fresh();
    imported(folder.path()).await;
    let data = folder.path().join("data");
    let token = operator_token(&data).await;
    let server = Server::start(&data).await;
    let staff = Client::with_token(server.address, &token);
    // Numbers are given out as they are asked for.
    assert_eq!(first_text(&staff, "2").await, "of two");
    let other = staff.get("/compat/getChatHistory?clientId=2").await;
    assert_eq!(other.granted()[0]["clientId"], 1);
    // In a query nobody can tell which is meant, in an event or a body one can.
    let both = staff.get("/compat/getChatHistory?clientId=1").await;
    assert_eq!(both.refused(409, "conflict")["field"], "clientId");
    for (name, session) in [(json!("1"), "1"), (json!(1), "2"), (json!("2"), "2")] {
        let save = json!({ "clientId": name, "senderType": "OPERATOR", "messageType": "TEXT", "text": format!("to {name}") });
        let row = staff.post("/compat/saveChatMessage", save).await.granted();
        assert_eq!(row["sessionId"], session, "{name}");
        let at = said_to(server.address, &token, &name).await;
        assert_eq!(at, session, "{name}");
    }
    server.stop().await;
}

/// Where a message goes that is said to this one, as a colleague is told.
async fn said_to(pod: SocketAddr, token: &str, to: &Value) -> Value {
    let site = Site::new(&[pod], CHAT);
    let shown = json!({ "token": token, "dialect": "operator-b" });
    let mut colleague = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    let mut dashboard = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    dashboard
        .granted("operatorMessage", &text(to, "Hello"))
        .await;
    colleague.hear("operatorBroadcast").await["clientId"].take()
}
