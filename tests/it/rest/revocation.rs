use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use switchboard::config::Secrets;
use tokio::time::{Instant, sleep};

use super::{client::Client, house::House};
use crate::{
    process::{
        server::{LONG, LOOK, run, switchboard},
        talk::Person,
    },
    support::{pods::Pods, relay::Relays, token::token},
};

/// For everybody who is revoked to be gone, on whichever pod.
const GONE: Duration = Duration::from_secs(5);

/// Until a token is no longer taken.
pub async fn until_refused(client: &Client) {
    let begun = Instant::now();
    while client.get("/me").await.status != 401 {
        assert!(begun.elapsed() < GONE, "its token is still taken");
        sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_who_is_disabled_is_gone_from_every_pod_within_5_s_and_does_not_come_back() {
    let pods = Pods::start(2).await;
    let add = |args: &'static [&'static str]| {
        let mut command = pods.command();
        command.args(args);
        async move { run(&mut command).await }
    };
    let secrets = pods.secrets();
    let disable = async {
        // Its row was made when it first came, by its token.
        let output = add(&["operator", "disable", "7"]).await;
        assert!(output.status.success(), "{output:?}");
    };
    send_away(&pods.addresses(), &secrets, disable).await;
    let output = add(&["operator", "enable", "7"]).await;
    assert!(output.status.success(), "{output:?}");
    // One that was issued before stays void.
    let [here, _] = pods.addresses()[..] else {
        panic!()
    };
    sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    loop {
        let token = token(&secrets, "7", "Olga", "default", 60);
        if Person::join(here, "/", &json!({ "token": token }))
            .await
            .is_ok()
        {
            break;
        }
        assert!(begun.elapsed() < GONE, "it is not let in again");
        sleep(LOOK).await;
    }
    pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_who_is_disabled_is_gone_from_every_server_object() {
    let relays = Relays::start_with(2, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let disable = async {
        let mut command = switchboard();
        command.args(["operator", "disable", "7", "--data-dir"]);
        command.arg(relays.folder());
        let output = run(&mut command).await;
        assert!(output.status.success(), "{output:?}");
    };
    send_away(&relays.addresses(), &secrets, disable).await;
    relays.stop().await;
}

/// Two operators on WebSockets of each pod and one that polls; one of the two is sent away.
async fn send_away(pods: &[SocketAddr], secrets: &Secrets, disable: impl Future<Output = ()>) {
    let [here, there] = *pods else { panic!() };
    let (gone, stays) = (
        token(secrets, "7", "Olga", "default", 60),
        token(secrets, "8", "Otto", "default", 60),
    );
    let mut sockets = Vec::new();
    for address in [here, there] {
        sockets.push(Person::operator(address, &gone).await);
    }
    let mut other = Person::operator(there, &stays).await;
    let mut polling = Poller::join(here, &gone).await;
    // Its row is there once a token of it was noted.
    let client = Client::with_token(there, &gone);
    let begun = Instant::now();
    while !client.get("/operators").await.granted()["operators"]
        .to_string()
        .contains("\"7\"")
    {
        assert!(begun.elapsed() < LONG);
        sleep(LOOK).await;
    }
    let begun = Instant::now();
    disable.await;
    for socket in &mut sockets {
        assert_eq!(socket.farewell().await, "41", "told to leave, for good");
        socket.closed().await;
    }
    assert_eq!(polling.farewell(there).await, "41");
    until_refused(&client).await;
    assert!(begun.elapsed() < GONE, "{:?}", begun.elapsed());
    let refusal = Person::join(here, "/", &json!({ "token": gone }))
        .await
        .err();
    assert_eq!(refusal.unwrap()["message"], "Invalid token");
    other.granted("staff:sessions", json!({})).await;
    Client::with_token(here, &stays).get("/me").await.granted();
}

/// An operator on long-polling, whose requests go where they are told to.
struct Poller {
    http: reqwest::Client,
    sid: String,
}

impl Poller {
    async fn join(address: SocketAddr, token: &str) -> Self {
        let http = reqwest::Client::builder().timeout(LONG).build().unwrap();
        let url = format!("http://{address}/socket.io/?EIO=4&transport=polling");
        let open = http.get(url).send().await.unwrap().text().await.unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let sid = open["sid"].as_str().unwrap().to_owned();
        let poller = Self { http, sid };
        let connect = format!("40{}", json!({ "token": token }));
        let posted = poller.http.post(poller.url(address)).body(connect);
        assert_eq!(posted.send().await.unwrap().status(), 200);
        loop {
            if poller.get(address).await.contains("40{") {
                return poller;
            }
        }
    }

    fn url(&self, address: SocketAddr) -> String {
        let (sid, t) = (&self.sid, uuid::Uuid::new_v4().simple());
        format!("http://{address}/socket.io/?EIO=4&transport=polling&sid={sid}&t={t}")
    }

    async fn get(&self, address: SocketAddr) -> String {
        let got = self.http.get(self.url(address)).send().await.unwrap();
        got.text().await.unwrap()
    }

    /// The last that it is told, by a GET that waits.
    async fn farewell(&mut self, address: SocketAddr) -> String {
        loop {
            let body = self.get(address).await;
            if body.contains("41") {
                return body;
            }
        }
    }
}

/// It polls, and its requests and its upgrade go to other pods. Nobody asks while it is sent away.
#[tokio::test(flavor = "multi_thread")]
async fn p5_who_was_sent_away_does_not_come_in_by_an_upgrade() {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::{connect_async, tungstenite::Message};
    let house = House::start().await;
    let admin = house.operator("root", "admin").await;
    let password = super::house::add(house.folder.path(), "olga", "agent", "default").await;
    let token = super::house::login(&house.nobody(), "olga", &password).await;
    let address = house.server.address;
    let poller = Poller::join(address, &token).await;
    admin
        .post("/operators/olga/disable", json!({}))
        .await
        .granted();
    until_refused(&Client::with_token(address, &token)).await;
    let sid = &poller.sid;
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket&sid={sid}");
    let (mut stream, _) = connect_async(url).await.unwrap();
    stream.send(Message::text("2probe")).await.unwrap();
    assert_eq!(
        stream.next().await.unwrap().unwrap().into_text().unwrap(),
        "3probe"
    );
    stream.send(Message::text("5")).await.unwrap();
    let mut heard = Vec::new();
    while let Some(Ok(Message::Text(text))) = stream.next().await {
        heard.push(text.to_string());
    }
    assert_eq!(heard, ["41"], "it is told to leave, and nothing else");
}

/// A token that the client shows now counts, not the one that it came in with before.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_a_new_token_is_let_stay() {
    let house = House::start().await;
    let password = super::house::add(house.folder.path(), "olga", "agent", "default").await;
    let token = super::house::login(&house.nobody(), "olga", &password).await;
    let address = house.server.address;
    let mut before = Person::operator(address, &token).await;
    let change = json!({ "current": password, "password": "another password" });
    let old = Client::with_token(address, &token);
    let renewed = old.post("/me/password", change).await.granted();
    assert_eq!(before.farewell().await, "41");
    until_refused(&old).await;
    let auth = json!({ "token": renewed["token"], "pid": before.pid, "offset": null });
    let mut back = Person::join(address, "/", &auth).await.unwrap();
    back.granted("staff:sessions", json!({})).await;
}
