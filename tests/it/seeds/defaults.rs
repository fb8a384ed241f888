//! What the documents of front ends have in their code is what nobody has to set.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as Frame,
};

use crate::{
    process::{
        server::{LONG, Server, run, switchboard},
        talk::{Person, message},
    },
    support::folder::Folder,
};

/// Of a guest in a second.
const GUEST: usize = 5;
/// Far more than get in, however slowly they are taken.
const MANY: usize = 60;
/// More than the 8 MB of who has set nothing.
const LARGE: usize = 9_000_000;

/// Somebody else may serve there already: whoever it is, the relay says that it cannot.
#[tokio::test]
async fn x20_without_any_setting_it_serves_on_3001() {
    let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 3001));
    let folder = Folder::fresh();
    let mut command = switchboard();
    command
        .args(["--metrics-listen=127.0.0.1:0", "--data-dir"])
        .arg(folder.path());
    let output = run(&mut command).await;
    drop(taken);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot listen on 0.0.0.0:3001"), "{said}");
}

/// As they are told by the command itself; what they do is for other tests.
#[tokio::test]
async fn x9_x16_grace_rates_and_times_are_those_of_the_documents() {
    let output = run(switchboard().env_clear().arg("--help")).await;
    let help = String::from_utf8(output.stdout).unwrap();
    for (name, default) in [
        ("GUEST_GRACE", "60s"),
        ("RATE_GUEST", "5/1s"),
        ("RATE_OPERATOR", "100/60s"),
        ("PING_INTERVAL", "25s"),
        ("CHAT_PING_TIMEOUT", "60s"),
        ("CHAT_UPGRADE_TIMEOUT", "30s"),
    ] {
        let (_, after) = help
            .split_once(&format!("[env: {name}="))
            .unwrap_or_else(|| panic!("no {name} in {help}"));
        let told = format!("]\n          [default: {default}]");
        let told = [told, format!("] [default: {default}]")];
        assert!(
            told.iter().any(|told| after.starts_with(told)),
            "{name}: {}",
            &after[..after.len().min(80)]
        );
    }
}

#[tokio::test]
async fn p8_x16_five_messages_of_a_guest_pass_in_a_second_and_more_when_it_is_over() {
    let folder = Folder::fresh();
    let mut command = switchboard();
    command
        .env_remove("RATE_GUEST")
        .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
        .arg("--data-dir")
        .arg(folder.path());
    let server = Server::spawn(command).await;
    let mut guest = Person::guest(server.address).await;
    guest.granted("guest:start", json!({})).await;
    let begun = Instant::now();
    let mut asked = Vec::new();
    for number in 0..MANY {
        let said = message(&number.to_string(), &number.to_string());
        asked.push(guest.emit("guest:message", &said).await.unwrap());
    }
    let mut passed = Vec::new();
    let mut wait = 0;
    for (number, asked) in asked.into_iter().enumerate() {
        let answer = guest.answer(asked).await.unwrap();
        if answer["ok"] == true {
            passed.push(number);
        } else {
            assert_eq!(answer["error"]["code"], "rate_limited", "{answer}");
            wait = answer["error"]["retryAfterMs"].as_u64().unwrap();
            assert!((1..=1000).contains(&wait), "{answer}");
        }
    }
    let windows = 1 + usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert_eq!(passed[..GUEST], [0, 1, 2, 3, 4]);
    assert!(passed.len() <= GUEST * windows, "{passed:?} of {windows}");
    sleep(Duration::from_millis(wait)).await;
    guest
        .granted("guest:message", message("now", "and now"))
        .await;
    server.stop().await;
}

#[tokio::test]
async fn x22_payloads_of_chat_are_as_large_as_in_the_documents_once_that_is_set() {
    for (setting, largest) in [(None, 8_000_000), (Some("100000000"), 100_000_000)] {
        let folder = Folder::fresh();
        let mut command = switchboard();
        command
            .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
            .arg("--data-dir")
            .arg(folder.path())
            .envs(setting.map(|it| ("CHAT_MAX_PAYLOAD", it)));
        let server = Server::spawn(command).await;
        let mut page = Chat::join(server.address).await;
        assert_eq!(page.opened["maxPayload"], largest);
        let answer = page.ask("join", &json!({ "role": "client" })).await;
        assert_eq!(answer.unwrap()[0]["ok"], true);
        let image = format!("data:image/png;base64,{}", "A".repeat(LARGE));
        let message = json!({ "type": "image", "image": image });
        let answer = page.ask("clientMessage", &message).await;
        if setting.is_none() {
            assert_eq!(answer, None, "it is cut off");
        } else {
            // It has come as a whole. What an image may have is another limit, and the connection stays.
            let answer = answer.expect("it stays");
            assert_eq!(answer[0]["error"]["code"], "too_large", "{answer}");
            let text = json!({ "type": "text", "message": "still here" });
            let answer = page.ask("clientMessage", &text).await.unwrap();
            assert_eq!(answer[0]["ok"], true, "{answer}");
        }
        server.stop().await;
    }
}

/// One socket on `/chat`.
struct Chat {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    opened: Value,
    asked: u64,
}

impl Chat {
    async fn join(address: SocketAddr) -> Self {
        let url = format!("ws://{address}/chat/?EIO=4&transport=websocket");
        let (stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
        let mut chat = Self {
            stream,
            opened: Value::Null,
            asked: 0,
        };
        let opened = chat.packet().await.unwrap();
        chat.opened = serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap();
        chat.stream.send(Frame::text("40")).await.unwrap();
        chat
    }

    /// `None` once it is cut off.
    async fn ask(&mut self, event: &str, payload: &Value) -> Option<Value> {
        self.asked += 1;
        let packet = format!("42{}{}", self.asked, json!([event, payload]));
        // What is too large is cut off while it is on its way.
        let _ = self.stream.send(Frame::text(packet)).await;
        let answer = format!("43{}", self.asked);
        loop {
            let packet = self.packet().await?;
            if let Some(answer) = packet.strip_prefix(&answer) {
                return Some(serde_json::from_str(answer).unwrap());
            }
        }
    }

    async fn packet(&mut self) -> Option<String> {
        match timeout(LONG, self.stream.next()).await.expect("silence") {
            Some(Ok(Frame::Text(packet))) => Some(packet.to_string()),
            Some(Ok(Frame::Close(_)) | Err(_)) | None => None,
            Some(Ok(other)) => panic!("{other:?}"),
        }
    }
}
