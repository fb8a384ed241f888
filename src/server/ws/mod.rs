//! WebSockets: a connection that lives in the process that holds it.

mod accept;
mod connection;
mod counted;
mod end;
mod feed;
mod fenced;
mod held;
mod link;
mod probe;
mod queries;

pub use accept::{Coming, accept};

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{App, Mount, Pod, state::Handshake};
use crate::model::{Partition, Sid};
use connection::{Connection, Peer};
use link::Link;

/// A client that begins with a WebSocket.
pub async fn open<A: App>(
    pod: Arc<Pod<A>>,
    mount: Mount,
    (handshake, arriving): (Handshake, OwnedSemaphorePermit),
    link: Link,
) {
    let sid = Sid::draw(Partition::random());
    let peer = Peer { mount, sid, link };
    Connection::fresh(pod, peer, handshake)
        .arriving(arriving)
        .run()
        .await;
}

/// A polling client that wants to go on by WebSocket.
pub async fn upgrade<A: App>(pod: Arc<Pod<A>>, mount: Mount, sid: Sid, link: Link) {
    // An HTTP error would have been the plainer answer, but clients take that for a broken server:
    // one that is too late is let in and shown out.
    if !matches!(pod.hub.is_polling(&sid, pod.now()).await, Ok(true)) {
        return link.close(CloseCode::Normal).await;
    }
    probe::probe(pod, Peer { mount, sid, link }).await;
}
