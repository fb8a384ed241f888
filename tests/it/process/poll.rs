//! A guest on long-polling, as plain as can be.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{server::LONG, talk::Gone};

const PLACE: &str = "/public-portal,";
/// Between the packets of a payload.
const NEXT: char = '\u{1e}';

/// One request at a time.
pub struct Poller {
    http: reqwest::Client,
    url: String,
    asked: u64,
    pub heard: Vec<(String, Value)>,
}

impl Poller {
    pub async fn guest(address: SocketAddr) -> Result<Self, Gone> {
        let http = reqwest::Client::builder().timeout(LONG).build().unwrap();
        let mut poller = Self {
            http,
            url: format!("http://{address}/socket.io/?EIO=4&transport=polling"),
            asked: 0,
            heard: Vec::new(),
        };
        let open = poller.get().await?;
        let open: Value = serde_json::from_str(open[0].strip_prefix('0').unwrap()).unwrap();
        let sid = open["sid"].as_str().unwrap();
        poller.url = format!("{}&sid={sid}", poller.url);
        poller.post(format!("40{PLACE}{{}}")).await?;
        let answers = poller.get().await?;
        assert!(answers[0].starts_with(&format!("40{PLACE}")), "{answers:?}");
        Ok(poller)
    }

    pub async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value, Gone> {
        self.asked += 1;
        let packet = format!("42{PLACE}{}{}", self.asked, json!([event, payload]));
        self.post(packet).await?;
        let answer = format!("43{PLACE}{}[", self.asked);
        loop {
            let mut found = None;
            for packet in self.get().await? {
                if packet == "2" {
                    self.post("3".into()).await?;
                } else if let Some(value) = packet.strip_prefix(&answer) {
                    found = Some(serde_json::from_str(value.strip_suffix(']').unwrap()).unwrap());
                } else if let Some(event) = packet.strip_prefix(&format!("42{PLACE}")) {
                    let mut args: Vec<Value> = serde_json::from_str(event).unwrap();
                    let name = args[0].as_str().unwrap().to_owned();
                    let payload = args.get_mut(1).map(Value::take).unwrap_or_default();
                    self.heard.push((name, payload));
                }
            }
            if let Some(answer) = found {
                return Ok(answer);
            }
        }
    }

    async fn post(&self, packet: String) -> Result<(), Gone> {
        let sent = self.http.post(&self.url).body(packet).send().await;
        whole(sent).await.map(drop)
    }

    async fn get(&self) -> Result<Vec<String>, Gone> {
        let text = whole(self.http.get(&self.url).send().await).await?;
        Ok(text.split(NEXT).map(str::to_owned).collect())
    }
}

/// A connection that is not there any more is gone as well as its server.
async fn whole(answer: reqwest::Result<reqwest::Response>) -> Result<String, Gone> {
    let answer = answer.map_err(|_| Gone(None))?;
    if !answer.status().is_success() {
        return Err(Gone(None));
    }
    answer.text().await.map_err(|_| Gone(None))
}
