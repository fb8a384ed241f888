//! Engine.IO over HTTP long-polling.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use anyhow::{Context, bail};
use reqwest::Response;
use serde_json::Value;
use switchboard::wire::engine::{Packet, payload};

use crate::limits;

/// Connections that a guest keeps open to one address: for its GET and for its POST.
pub const SOCKETS: usize = 2;

/// One connection of one guest. GET and POST may run side by side, one of each at a time.
#[derive(Clone)]
pub struct Polling {
    http: reqwest::Client,
    route: Arc<Route>,
    sid: String,
    tally: Tally,
    /// Makes the `t` of each request unlike all others, as clients do.
    stamp: Arc<AtomicU64>,
}

/// Which address the next request goes to.
pub struct Route {
    urls: Vec<String>,
    next: AtomicUsize,
    scatter: bool,
}

/// Requests of all guests.
#[derive(Clone, Default)]
pub struct Tally {
    pub gets: Arc<AtomicU64>,
    pub posts: Arc<AtomicU64>,
    pub failed: Arc<AtomicU64>,
}

/// Packets of one answer. The relay sends fewer; more would be a fault.
const MAX_PACKETS: usize = 100_000;

impl Route {
    pub fn new(urls: &[String], guest: usize, scatter: bool) -> Self {
        Self {
            urls: urls.to_vec(),
            next: AtomicUsize::new(guest),
            scatter,
        }
    }

    fn next(&self) -> &str {
        let turn = if self.scatter {
            self.next.fetch_add(1, Relaxed)
        } else {
            self.next.load(Relaxed)
        };
        &self.urls[turn % self.urls.len()]
    }
}

impl Tally {
    /// Counts anew for what follows; who counts already is not forgotten if it failed.
    pub fn restarted(&self) -> Self {
        self.gets.store(0, Relaxed);
        self.posts.store(0, Relaxed);
        self.clone()
    }

    pub fn requests(&self) -> u64 {
        self.gets.load(Relaxed) + self.posts.load(Relaxed)
    }
}

impl Polling {
    pub async fn open(route: Route, tally: &Tally) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(SOCKETS)
            .tcp_nodelay(true)
            .connect_timeout(limits::CONNECT)
            .no_proxy()
            .build()?;
        let mut polling = Self {
            http,
            route: Arc::new(route),
            sid: String::new(),
            tally: tally.clone(),
            stamp: Arc::default(),
        };
        let packets = polling.get().await?;
        let Some(Packet::Open(json)) = packets.first() else {
            bail!("no handshake: {packets:?}")
        };
        let open: Value = serde_json::from_str(json)?;
        polling.sid = open["sid"].as_str().context("no sid")?.to_owned();
        Ok(polling)
    }

    /// What has come, or what comes next.
    pub async fn get(&self) -> anyhow::Result<Vec<Packet>> {
        self.tally.gets.fetch_add(1, Relaxed);
        let request = self.http.get(self.address());
        let body = self.answer("GET", request.send().await).await?;
        Ok(payload::decode(body.as_bytes(), MAX_PACKETS)?)
    }

    /// Sends packets that are text already, in order.
    pub async fn post(&self, packets: &[String]) -> anyhow::Result<()> {
        self.tally.posts.fetch_add(1, Relaxed);
        let request = self
            .http
            .post(self.address())
            .header("content-type", "text/plain;charset=UTF-8")
            .body(payload::join(packets.iter().map(String::as_str)));
        self.answer("POST", request.send().await).await?;
        Ok(())
    }

    fn address(&self) -> String {
        let (url, t) = (self.route.next(), self.stamp.fetch_add(1, Relaxed));
        let mut address = format!("{url}/socket.io/?EIO=4&transport=polling&t=l{t:x}");
        if !self.sid.is_empty() {
            address.push_str("&sid=");
            address.push_str(&self.sid);
        }
        address
    }

    /// The body of a 200. Anything else ends the connection, as it does for the official client.
    async fn answer(
        &self,
        method: &str,
        answered: reqwest::Result<Response>,
    ) -> anyhow::Result<String> {
        let result = match answered {
            Ok(response) => read(response).await,
            Err(error) => {
                // An address holds the sid.
                let error = error.without_url();
                Err(error).with_context(|| format!("no answer ({})", limits::open_files()))
            }
        };
        if result.is_err() {
            self.tally.failed.fetch_add(1, Relaxed);
        }
        result.with_context(|| format!("{method} has failed"))
    }
}

async fn read(response: Response) -> anyhow::Result<String> {
    let status = response.status();
    let body = response.text().await.map_err(reqwest::Error::without_url)?;
    if status != reqwest::StatusCode::OK {
        bail!("{status}: {body}");
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scattered_guest_takes_one_address_after_the_other_and_another_stays() {
        let urls = ["a", "b", "c"].map(str::to_owned);
        let turns = |guest, scatter| {
            let route = Route::new(&urls, guest, scatter);
            [(); 4].map(|()| route.next().to_owned())
        };
        assert_eq!(turns(1, true), ["b", "c", "a", "b"]);
        assert_eq!(turns(1, false), ["b"; 4]);
        assert_eq!(turns(5, false), ["c"; 4]);
    }
}
