//! How a guest gets its session, and how it hears from then on.

use anyhow::bail;
use serde_json::{Value, json};
use switchboard::wire::{engine::Packet, socket};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::transport::{Polling, Route, Tally};
use crate::client::{Heard, connect_packet, granted, heard};

/// A guest that has a session, and its polls.
pub struct Joined {
    pub polling: Polling,
    pub polls: JoinHandle<anyhow::Result<()>>,
    packets: mpsc::Receiver<(Instant, Packet)>,
}

const NAMESPACE: &str = "/public-portal";

/// The ack id of `guest:start`; those of messages are their numbers.
const START: u64 = u64::MAX >> 12;

/// Packets that have come and are not looked at yet; the next poll waits while it is full.
const QUEUE: usize = 256;

/// Opens a connection, joins the namespace and starts a session.
pub async fn join(
    route: Route,
    workspace: &str,
    number: usize,
    tally: &Tally,
) -> anyhow::Result<Joined> {
    let polling = Polling::open(route, tally).await?;
    let connect = connect_packet(NAMESPACE, json!({}));
    let start = json!({ "name": format!("guest {number}"), "workspace": workspace });
    let start = emit(START, "guest:start", &start)?;
    // Nothing but the CONNECT may come first, so the rest waits for its answer, as clients do.
    polling.post(&[connect]).await?;
    let (queue, packets) = mpsc::channel(QUEUE);
    let polls = tokio::spawn(poll(polling.clone(), queue));
    let mut joined = Joined {
        polling,
        polls,
        packets,
    };
    joined
        .until(|packet| text(packet).starts_with("40"))
        .await?;
    joined.polling.post(&[start]).await?;
    let started = joined
        .until(|packet| matches!(heard(&text(packet)), Ok(Some(Heard::Ack(START, _)))))
        .await?;
    if let Some(Heard::Ack(_, answer)) = heard(&text(&started))? {
        granted("guest:start", answer)?;
    }
    Ok(joined)
}

/// One GET after the other until the connection ends. What comes is stamped here, since who looks
/// at it may be waiting for a POST.
async fn poll(polling: Polling, queue: mpsc::Sender<(Instant, Packet)>) -> anyhow::Result<()> {
    loop {
        let packets = polling.get().await?;
        let now = Instant::now();
        for packet in packets {
            if packet == Packet::Close {
                bail!("the server has closed the connection");
            }
            if packet != Packet::Noop && queue.send((now, packet)).await.is_err() {
                return Ok(());
            }
        }
    }
}

impl Joined {
    async fn until(&mut self, wanted: impl Fn(&Packet) -> bool) -> anyhow::Result<Packet> {
        loop {
            let (_, packet) = self.next().await?;
            self.answer_ping(&packet).await?;
            if wanted(&packet) {
                return Ok(packet);
            }
        }
    }

    /// The next packet. Can be dropped and called again.
    pub async fn next(&mut self) -> anyhow::Result<(Instant, Packet)> {
        if let Some(packet) = self.packets.recv().await {
            return Ok(packet);
        }
        (&mut self.polls).await??;
        bail!("the polls have ended")
    }

    pub async fn answer_ping(&self, packet: &Packet) -> anyhow::Result<()> {
        match packet {
            Packet::Ping(_) => self.polling.post(&["3".to_owned()]).await,
            _ => Ok(()),
        }
    }
}

/// An event with an ack id, as it is sent.
pub fn emit(id: u64, event: &str, payload: &Value) -> anyhow::Result<String> {
    Ok(socket::encode::event(
        NAMESPACE,
        Some(id),
        event,
        Some(payload),
        None,
    )?)
}

/// A packet as it came.
pub fn text(packet: &Packet) -> String {
    packet.encode_text()
}
