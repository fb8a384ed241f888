//! What SREs see: metrics and logs, without anything of what was said or of who said it.

use serde_json::{Value, json};

use super::{
    server::Server,
    talk::{EMAIL, GUEST, OPERATOR, Person, Talk, message},
};
use crate::support::folder::Folder;

const QUESTION: &str = "Is my parcel 4711 on its way?";
const ANSWER: &str = "It is, on the green lorry.";

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_a_port_of_their_own() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    assert_eq!(server.page("/metrics").await.0, 404);
    assert!(
        server
            .measured()
            .await
            .contains("switchboard_build_info{version=")
    );
}

/// After a conversation every metric has a value.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_those_of_the_readme_and_count() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    let before = server.measured().await;
    assert!(!before.contains("switchboard_messages_received_total{"));
    let mut talk = Talk::begin(&server, folder.path()).await;
    talk.guest_says(QUESTION).await;
    talk.operator_says(ANSWER).await;
    let repeat = talk
        .guest
        .granted("guest:message", message(QUESTION, QUESTION))
        .await;
    assert_eq!(repeat["duplicate"], true);
    let nowhere = json!({ "sessionId": uuid::Uuid::new_v4() });
    let refusal = talk.operator.ask("staff:connect_to_session", nowhere).await;
    assert_eq!(refusal["error"]["code"], "not_found");
    talk.guest.send("garbage".into()).await.unwrap();
    talk.guest.closed().await;

    let page = server
        .measured_with("switchboard_connections_closed_total{")
        .await;
    for line in [
        "switchboard_connections{transport=\"websocket\"} 1",
        "switchboard_connections_opened_total{transport=\"websocket\"} 2",
        "switchboard_messages_received_total{role=\"guest\"} 1",
        "switchboard_messages_received_total{role=\"operator\"} 1",
        "switchboard_duplicate_total{source=",
        "switchboard_commands_failed_total{reason=\"not_found\",role=\"operator\"} 1",
        "switchboard_message_persist_seconds_count",
        "switchboard_message_delivery_seconds_count{transport=\"websocket\"}",
        "switchboard_messages_delivered_total{transport=\"websocket\"}",
        "switchboard_hub_up 1",
        "switchboard_history_up 1",
        "switchboard_draining 0",
    ] {
        assert!(
            page.lines().any(|found| found.starts_with(line)),
            "{line} is not in\n{page}"
        );
    }
    let readme = include_str!("../../../README.md");
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("# TYPE switchboard_") {
            let name = name.split(' ').next().unwrap();
            assert!(
                readme.contains(&format!("`{name}`")),
                "README does not know {name}"
            );
        }
    }
    let private = Private::of(&talk);
    private.are_not_in(&page, "metrics");
    for part in [
        "127.0.0.1",
        &talk.session,
        &talk.operator.sid,
        &talk.guest.sid,
    ] {
        assert!(!page.contains(part), "metrics contain {part}");
    }
}

/// With what is logged by default, and with as much as can be.
#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_and_tell_nothing_of_what_is_said() {
    for level in ["", "switchboard=trace,debug"] {
        let folder = Folder::fresh();
        let mut command = super::server::switchboard();
        command
            .args([
                "--listen=127.0.0.1:0",
                "--metrics-listen=127.0.0.1:0",
                "--data-dir",
            ])
            .arg(folder.path());
        if !level.is_empty() {
            command.env("LOG", level);
        }
        let server = Server::spawn(command).await;
        let mut talk = Talk::begin(&server, folder.path()).await;
        talk.guest_says(QUESTION).await;
        talk.operator_says(ANSWER).await;
        let sids = bad_input(&server, &mut talk).await;
        let private = Private::of(&talk);
        drop(talk);
        let lines = server.stop().await;
        assert!(
            lines.iter().any(|line| line.contains("\"ended\"")),
            "{lines:?}"
        );
        for line in &lines {
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            for name in ["timestamp", "level", "target"] {
                assert!(entry[name].is_string(), "{line}");
            }
            private.are_not_in(line, "the log");
            for sid in &sids {
                assert!(!line.contains(sid), "a sid is logged: {line}");
            }
        }
    }
}

/// What a client should not send. Gives the sids that were used.
async fn bad_input(server: &Server, talk: &mut Talk) -> Vec<String> {
    let mut sids = vec![talk.guest.sid.clone(), talk.operator.sid.clone()];
    for payload in [
        json!({ "message": [QUESTION] }),
        json!(QUESTION),
        json!([EMAIL]),
    ] {
        assert_eq!(talk.guest.ask("guest:message", payload).await["ok"], false);
    }
    let start = json!({ "name": GUEST, "email": EMAIL, "token": format!("{}x", talk.token) });
    let answer = Person::guest(server.address)
        .await
        .ask("guest:start", start)
        .await;
    assert_eq!(answer["ok"], false);
    for token in [&talk.token, &format!("{}x", talk.operator_token)] {
        let auth = json!({ "token": token });
        assert!(Person::join(server.address, "/", &auth).await.is_err());
    }
    for packet in [
        format!("42/public-portal,{EMAIL}"),
        format!("42/public-portal,[\"{QUESTION}"),
        format!("9{QUESTION}"),
        format!("451-/public-portal,[\"{QUESTION}\",{{\"_placeholder\":true,\"num\":7}}]"),
        QUESTION.to_owned(),
    ] {
        let mut guest = Person::guest(server.address).await;
        sids.push(guest.sid.clone());
        guest.send(packet).await.unwrap();
        guest.closed().await;
    }
    let query = format!(
        "EIO=4&transport=polling&sid={}&token={}",
        sids[0], talk.operator_token
    );
    for query in [
        query,
        format!("EIO=4&transport={EMAIL}"),
        format!("EIO=3&sid={}", sids[0]),
    ] {
        assert_eq!(server.page(&format!("/socket.io/?{query}")).await.0, 400);
    }
    sids
}

/// What is of nobody's business.
struct Private(Vec<String>);

impl Private {
    fn of(talk: &Talk) -> Self {
        let known = [&talk.token, &talk.operator_token].map(String::clone);
        let said = [QUESTION, ANSWER, GUEST, EMAIL, OPERATOR].map(str::to_owned);
        // A part of a token would do as well.
        let signatures = [&talk.token, &talk.operator_token].map(|token| {
            let (_, signature) = token.rsplit_once('.').unwrap();
            signature.to_owned()
        });
        Self(known.into_iter().chain(said).chain(signatures).collect())
    }

    #[track_caller]
    fn are_not_in(&self, text: &str, place: &str) {
        for part in &self.0 {
            assert!(!text.contains(part.as_str()), "{place} contains {part:?}");
        }
    }
}

/// Connections, delivery, queries, errors and the time that the API takes.
#[tokio::test(flavor = "multi_thread")]
async fn the_panels_show_what_is_measured() {
    const FILE: &str = include_str!("../../../k8s/examples/grafana-dashboard.json");
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    let mut talk = Talk::begin(&server, folder.path()).await;
    talk.guest_says(QUESTION).await;
    let refused = talk.operator.ask("staff:read", json!({})).await;
    assert_eq!(refused["ok"], false);
    crate::rest::client::Client::nobody(server.address)
        .get("/me")
        .await
        .refused(401, "unauthorized");
    let page = server
        .measured_with(
            "switchboard_rest_request_seconds_count{route=\"/api/v1/me\",status=\"4xx\"} 1",
        )
        .await;
    let dashboard: Value = serde_json::from_str(FILE).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert_eq!(panels.len(), 5);
    // What only trouble counts has no series here.
    let quiet = ["hub_errors_total", "limit_total"];
    for panel in panels {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            let expression = target["expr"].as_str().unwrap();
            for part in expression.split("switchboard_").skip(1) {
                let end = part.find(|it: char| !it.is_ascii_lowercase() && it != '_');
                let name = &part[..end.unwrap_or(part.len())];
                let series = format!("switchboard_{name}");
                let is_there = page.lines().any(|line| line.starts_with(&series));
                assert!(
                    is_there || quiet.contains(&name),
                    "nothing measures {series}"
                );
            }
        }
    }
}
