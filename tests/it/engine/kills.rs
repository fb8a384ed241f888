//! Processes of the real server, killed with SIGKILL around a request of a guest who polls. Whoever is in
//! between sends the request again, to another pod.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{process::Command, time::sleep};

use super::client::RS;
use crate::{process::server::LONG, support::pods::Pods};

const PLACE: &str = "/public-portal,";

/// Before the pod has read it, while it is at it, and after it has answered, as it happens.
const DELAYS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(2),
    Duration::from_millis(5),
];

#[tokio::test(flavor = "multi_thread")]
async fn p1_p3_p4_a_post_around_which_its_pod_is_killed_is_stored_once() {
    let mut pods = Pods::start(DELAYS.len() + 1).await;
    let mut guest = Guest::start(pods.addresses()).await;
    for (round, delay) in DELAYS.into_iter().enumerate() {
        let text = format!("round {round}");
        let packet = said(round, &text);
        let (t, victim) = (format!("post-{round}"), guest.pods[0]);
        let (http, url) = (guest.http.clone(), guest.url(victim, &t));
        let lost = tokio::spawn({
            let packet = packet.clone();
            async move { http.post(url).body(packet).send().await }
        });
        sleep(delay).await;
        kill(&mut pods, victim).await;
        guest.pods.pop_front();
        // Answered or not: what is in between may not know, and ask again.
        let _ = lost.await;
        for _ in 0..2 {
            guest.post(&t, &packet).await;
        }
        let ack = guest.hears(&format!("43{PLACE}{round}[")).await;
        let ack: Value = serde_json::from_str(&ack).unwrap();
        assert_eq!((&ack["ok"], &ack["seq"]), (&json!(true), &json!(round + 1)));
    }
    let history = json!(["guest:history", {}]);
    guest.post("h", &format!("42{PLACE}99{history}")).await;
    let answer = guest.hears(&format!("43{PLACE}99[")).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let messages = answer["messages"].as_array().unwrap().iter();
    let texts: Vec<_> = messages.map(|message| message["message"].clone()).collect();
    assert_eq!(texts, ["round 0", "round 1", "round 2"]);
    pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_p4_a_parked_get_whose_pod_is_killed_goes_on_at_another() {
    let mut pods = Pods::start(2).await;
    let mut guest = Guest::start(pods.addresses()).await;
    let victim = guest.pods[0];
    let (http, url) = (guest.http.clone(), guest.url(victim, "parked"));
    let lost = tokio::spawn(async move { http.get(url).send().await.is_err() });
    // Whether it is parked by then or on its way, nobody gets what comes next but its repetition.
    sleep(Duration::from_millis(50)).await;
    kill(&mut pods, victim).await;
    guest.pods.pop_front();
    assert!(lost.await.unwrap(), "nobody is there to answer");
    let url = guest.url(guest.pods[0], "parked");
    let again = guest.http.get(url).send();
    let hello = said(1, "hello");
    let (again, ()) = tokio::join!(again, guest.post("p", &hello));
    let again = again.unwrap().text().await.unwrap();
    assert!(again.starts_with(&format!("43{PLACE}1[")), "{again}");
    pods.stop().await;
}

fn said(number: usize, text: &str) -> String {
    let message = json!({ "message": text, "type": "text", "clientMessageId": text });
    format!("42{PLACE}{number}{}", json!(["guest:message", message]))
}

async fn kill(pods: &mut Pods, victim: SocketAddr) {
    let mut addresses = pods.addresses().into_iter();
    let index = addresses.position(|address| address == victim).unwrap();
    let pid = pods.pids()[index].to_string();
    let killed = Command::new("kill").args(["-KILL", &pid]).status().await;
    assert!(killed.unwrap().success());
    pods.lose(index).await;
}

/// By long-polling, each request to the next pod.
struct Guest {
    http: reqwest::Client,
    pods: VecDeque<SocketAddr>,
    sid: String,
    polls: usize,
}

impl Guest {
    async fn start(pods: Vec<SocketAddr>) -> Self {
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .timeout(LONG)
            .build()
            .unwrap();
        let mut guest = Self {
            http,
            pods: pods.into(),
            sid: String::new(),
            polls: 0,
        };
        let open = guest.poll().await;
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        guest.sid = format!("&sid={}", open["sid"].as_str().unwrap());
        guest.post("c", &format!("40{PLACE}")).await;
        guest.hears(&format!("40{PLACE}")).await;
        let start = json!(["guest:start", { "name": "Marie" }]);
        guest.post("s", &format!("42{PLACE}0{start}")).await;
        guest.hears(&format!("43{PLACE}0[")).await;
        guest
    }

    fn url(&self, pod: SocketAddr, t: &str) -> String {
        format!(
            "http://{pod}/socket.io/?EIO=4&transport=polling&t={t}{}",
            self.sid
        )
    }

    fn next_pod(&mut self) -> SocketAddr {
        self.pods.rotate_left(1);
        self.pods[0]
    }

    async fn poll(&mut self) -> String {
        self.polls += 1;
        let (pod, t) = (self.next_pod(), format!("get-{}", self.polls));
        let answer = self.http.get(self.url(pod, &t)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    async fn post(&mut self, t: &str, body: &str) {
        let pod = self.next_pod();
        let post = self.http.post(self.url(pod, t)).body(body.to_owned());
        let answer = post.send().await;
        assert_eq!(answer.unwrap().text().await.unwrap(), "ok");
    }

    /// What a packet that begins so has behind it, up to its last bracket. It comes once.
    async fn hears(&mut self, beginning: &str) -> String {
        loop {
            let answer = self.poll().await;
            let packets = answer
                .split(RS)
                .filter_map(|packet| packet.strip_prefix(beginning));
            let found: Vec<_> = packets.collect();
            assert!(found.len() < 2, "{answer}");
            if let Some(rest) = found.first() {
                return rest.strip_suffix(']').unwrap_or(rest).to_owned();
            }
        }
    }
}
