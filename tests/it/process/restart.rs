//! The next process on the same data goes on where the one before has ended.

use serde_json::{Value, json};

use super::{
    server::Server,
    talk::{EMAIL, GUEST, Person, Talk, message, operator_token},
};
use crate::support::folder::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn p1_p7_a_conversation_goes_on_after_a_restart() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    let mut talk = Talk::begin(&server, folder.path()).await;
    // As it was shown while it was said.
    let mut shown = Vec::new();
    for number in 0..30 {
        shown.push(talk.guest_says(&format!("question {number} ☎")).await);
        shown.push(talk.operator_says(&format!("answer {number} ☏")).await);
    }
    let (session, operator_token) = (talk.session.clone(), talk.operator_token.clone());
    let before = talk.operator.granted("staff:sessions", json!({})).await;
    let seen = talk.guest.history("guest:history", None).await;
    server.stop().await;

    let server = Server::start(folder.path()).await;
    let mut operator = Person::operator(server.address, &operator_token).await;
    let after = operator.granted("staff:sessions", json!({})).await;
    assert_eq!(fixed(&after["sessions"][0]), fixed(&before["sessions"][0]));
    assert_eq!(after["sessions"].as_array().unwrap().len(), 1);
    let mut guest = Person::guest(server.address).await;
    let start = json!({ "name": GUEST, "email": EMAIL, "token": talk.token });
    let started = guest.granted("guest:start", start).await;
    assert_eq!(started["sessionId"], session);
    assert_eq!(started["reconnected"], true);

    let guest_reads = guest.history("guest:history", None).await;
    assert_eq!(guest_reads, seen);
    let operator_reads = operator.history("staff:history", Some(&session)).await;
    for history in [&guest_reads, &operator_reads] {
        assert_eq!(lines(history), lines(&shown));
    }

    let mut talk = Talk {
        guest,
        operator,
        session,
        token: talk.token,
        operator_token,
    };
    let claim = json!({ "sessionId": talk.session });
    talk.operator
        .granted("staff:connect_to_session", claim)
        .await;
    let last = shown.last().unwrap()["seq"].as_u64().unwrap();
    shown.push(talk.guest_says("and now?").await);
    shown.push(talk.operator_says("now as well").await);
    for (step, message) in shown.iter().rev().take(2).rev().enumerate() {
        assert_eq!(message["seq"], last + 1 + step as u64);
    }
    assert_eq!(
        lines(&talk.guest.history("guest:history", None).await),
        lines(&shown)
    );
}

/// Its guest may come back all the same, to a session that is new.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_waited_too_long_is_not_in_the_queue_after_a_restart() {
    let folder = Folder::fresh();
    let operator_token = operator_token(folder.path()).await;
    let server = Server::start(folder.path()).await;
    let mut guest = Person::guest(server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    server.stop().await;

    let server = Server::start_with(folder.path(), &["--waiting-life=1ms"]).await;
    let told =
        |line: &str| line.contains("open sessions are back") && line.contains("\"given_up\":1");
    server.err().wait(told).await;
    let mut operator = Person::operator(server.address, &operator_token).await;
    let waiting = json!({ "status": "waiting" });
    let listed = operator.granted("staff:sessions", waiting).await;
    assert_eq!(listed["sessions"], json!([]));
    let mut guest = Person::guest(server.address).await;
    let token = json!({ "token": started["token"] });
    let again = guest.granted("guest:start", token).await;
    assert_ne!(again["sessionId"], started["sessionId"]);
    assert_eq!(again["reconnected"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_message_sent_again_after_a_restart_is_a_duplicate() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    let mut talk = Talk::begin(&server, folder.path()).await;
    let first = talk
        .guest
        .granted("guest:message", message("once", "id-1"))
        .await;
    let mut reply = message("once, too", "id-1");
    reply["sessionId"] = talk.session.clone().into();
    let second = talk.operator.granted("staff:message", reply.clone()).await;
    server.stop().await;

    let server = Server::start(folder.path()).await;
    let mut guest = Person::guest(server.address).await;
    guest
        .granted("guest:start", json!({ "token": talk.token }))
        .await;
    let mut operator = Person::operator(server.address, &talk.operator_token).await;
    let again = guest
        .granted("guest:message", message("once", "id-1"))
        .await;
    is_repeat(&again, &first);
    is_repeat(&operator.granted("staff:message", reply).await, &second);
    assert_eq!(guest.history("guest:history", None).await.len(), 2);
}

fn is_repeat(again: &Value, first: &Value) {
    assert_eq!(again["duplicate"], true, "{again}");
    for field in ["messageId", "seq", "timestamp"] {
        assert_eq!(again[field], first[field], "{field}");
    }
}

/// What a person sees of messages: side, author, order, time.
fn lines(messages: &[Value]) -> Vec<Vec<Value>> {
    const FIELDS: [&str; 7] = [
        "messageId",
        "seq",
        "direction",
        "message",
        "timestamp",
        "agentName",
        "guestName",
    ];
    messages
        .iter()
        .map(|message| FIELDS.map(|field| message[field].clone()).to_vec())
        .collect()
}

/// What a restart does not change of a session in a list.
fn fixed(session: &Value) -> Value {
    let mut session = session.clone();
    for changing in ["status", "agent", "queuePosition"] {
        session.as_object_mut().unwrap().remove(changing);
    }
    session
}
