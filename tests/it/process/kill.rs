//! `kill -9` under load.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{
    server::Server,
    talk::{Person, message},
};
use crate::support::folder::Folder;

const ROUNDS: usize = 3;
const GUESTS: usize = 6;
/// Answers that a guest waits for at a time.
const IN_FLIGHT: usize = 8;
/// Answers of a round, over all guests, before the process is killed.
const ANSWERS: usize = 250;

/// A guest over all rounds.
struct Writer {
    token: Option<String>,
    sent: usize,
    /// What was acknowledged, by the message's own number.
    stored: HashMap<usize, Value>,
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p3_what_was_acknowledged_survives_kill_9_once_and_in_order() {
    let folder = Folder::fresh();
    let new = || Writer {
        token: None,
        sent: 0,
        stored: HashMap::new(),
    };
    let mut writers: Vec<Writer> = (0..GUESTS).map(|_| new()).collect();
    for _ in 0..ROUNDS {
        let server = Server::start(folder.path()).await;
        let (answered, mut answers) = mpsc::channel(ANSWERS);
        let writing: Vec<_> = writers
            .into_iter()
            .map(|writer| tokio::spawn(write(writer, server.address, answered.clone())))
            .collect();
        for _ in 0..ANSWERS {
            answers.recv().await.unwrap();
        }
        server.kill().await;
        drop(answers);
        writers = Vec::new();
        for writer in writing {
            writers.push(writer.await.unwrap());
        }

        let server = Server::start(folder.path()).await;
        for writer in &mut writers {
            check(writer, &server).await;
        }
        server.kill().await;
    }
}

/// Sends until the server is gone.
async fn write(
    mut writer: Writer,
    address: std::net::SocketAddr,
    answered: mpsc::Sender<()>,
) -> Writer {
    let mut guest = Person::guest(address).await;
    let details = json!({ "name": "Marie", "token": writer.token });
    let started = guest.granted("guest:start", details).await;
    writer.token = Some(started["token"].as_str().unwrap().into());
    let mut waiting = VecDeque::new();
    loop {
        while waiting.len() < IN_FLIGHT {
            let (text, number) = (text(writer.sent), writer.sent);
            writer.sent += 1;
            let Ok(asked) = guest.emit("guest:message", &message(&text, &text)).await else {
                return writer;
            };
            waiting.push_back((number, asked));
        }
        let Some((number, asked)) = waiting.pop_front() else {
            return writer;
        };
        let Ok(answer) = guest.answer(asked).await else {
            return writer;
        };
        assert_eq!(
            (&answer["ok"], &answer["duplicate"]),
            (&json!(true), &json!(false))
        );
        writer.stored.insert(number, answer);
        // Nobody listens any more once there were enough.
        let _ = answered.send(()).await;
    }
}

/// The history has every acknowledged message, once, in order, as it was acknowledged; and what is
/// sent again is stored once, whether it had been stored or not.
async fn check(writer: &mut Writer, server: &Server) {
    let mut guest = Person::guest(server.address).await;
    guest
        .granted("guest:start", json!({ "token": writer.token }))
        .await;
    let found = guest.history("guest:history", None).await;
    let numbers = numbers(&found);
    for (number, answer) in &writer.stored {
        let at = numbers.iter().position(|known| known == number);
        let message = &found[at.unwrap_or_else(|| panic!("message {number} is lost"))];
        for field in ["messageId", "seq", "timestamp"] {
            assert_eq!(message[field], answer[field], "{field} of message {number}");
        }
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let seqs: Vec<u64> = found
        .iter()
        .map(|message| message["seq"].as_u64().unwrap())
        .collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");

    // As a client does that got no answer; and one that had got it.
    let last = numbers.last().map_or(0, |last| last - last.min(&3));
    for number in last..writer.sent {
        let text = text(number);
        let answer = guest.granted("guest:message", message(&text, &text)).await;
        assert_eq!(
            answer["duplicate"],
            numbers.contains(&number),
            "message {number}"
        );
        writer.stored.insert(number, answer);
    }
    let found = guest.history("guest:history", None).await;
    assert_eq!(self::numbers(&found), (0..writer.sent).collect::<Vec<_>>());
}

fn text(number: usize) -> String {
    format!("message {number}")
}

fn numbers(messages: &[Value]) -> Vec<usize> {
    let number = |message: &Value| {
        let text = message["message"].as_str().unwrap();
        text.strip_prefix("message ").unwrap().parse().unwrap()
    };
    messages.iter().map(number).collect()
}
