use std::{sync::Arc, time::Duration};

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    connection::{Connection, Peer},
    link::Link,
};
use crate::{
    hub::{ClaimId, Departed, UpgradeClaim},
    model::Sid,
    server::{App, Pod, depart, state::ConnectionState},
    wire::engine::{Packet, Probe, ProbeStep},
};

/// Between two looks at whether there is still something to take over.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// From `2probe` to `5`. The claim comes before `3probe`: from then on the client waits for its GET
/// to end, and only this socket, or the end of the connection, can free it.
pub(super) async fn probe<A: App>(pod: Arc<Pod<A>>, mut peer: Peer) {
    let mut guard = Guard {
        pod: Arc::clone(&pod),
        sid: peer.sid.clone(),
        claim: None,
        probed: false,
    };
    let limit = Duration::from_millis(peer.mount.upgrade_timeout_ms);
    let exchange = exchange(&pod, &mut peer, &mut guard);
    let departed = match tokio::time::timeout(limit, exchange).await {
        Ok(Some(departed)) => departed,
        Ok(None) | Err(_) => {
            pod.metrics.upgrades.with_label_values(&["failed"]).inc();
            guard.abort().await;
            return peer.link.close(CloseCode::Normal).await;
        }
    };
    guard.claim = None;
    pod.metrics.upgrades.with_label_values(&["done"]).inc();
    depart::count(&pod, "upgrade");
    match Connection::upgraded(pod, peer, departed) {
        Some(connection) => connection.run().await,
        None => tracing::warn!("the state of an upgraded connection cannot be read"),
    }
}

async fn exchange<A: App>(pod: &Pod<A>, peer: &mut Peer, guard: &mut Guard<A>) -> Option<Departed> {
    let Peer { mount, sid, link } = peer;
    let mut probe = Probe::new();
    loop {
        let next = async {
            if probe.claimed() {
                link.next().await.ok()
            } else {
                first(pod, sid, link).await
            }
        };
        let packet = tokio::select! {
            biased;
            // Nothing that it took over could stay here.
            () = pod.draining.cancelled() => return None,
            packet = next => packet?,
        };
        match probe.on_packet(&packet) {
            // Polling goes on: this pod may not answer for what it would take over.
            ProbeStep::Claim if pod.lease.is_lost() => return None,
            ProbeStep::Claim => {
                let now = pod.now();
                let claimed = pod
                    .hub
                    .claim_upgrade(sid, &pod.id, now, now + mount.upgrade_timeout_ms)
                    .await;
                let Ok(UpgradeClaim::Claimed { claim, state }) = claimed else {
                    return None;
                };
                guard.claim = Some(claim);
                // Of this mount, and readable here: nothing may fail once the client is told.
                ConnectionState::<A::Socket>::of_mount(&state, mount)?;
                guard.probed = true;
                link.send_text("3probe").await.ok()?;
            }
            ProbeStep::Finish => {
                return pod
                    .hub
                    .finish_upgrade(sid, guard.claim?, pod.now())
                    .await
                    .ok()?;
            }
            ProbeStep::Refuse => return None,
        }
    }
}

/// A client probes as soon as it is let in. One that does not is shown out as soon as another socket
/// has taken over, however their requests crossed.
async fn first<A: App>(pod: &Pod<A>, sid: &Sid, link: &mut Link) -> Option<Packet> {
    loop {
        if let Ok(packet) = tokio::time::timeout(LOOK_AGAIN, link.next()).await {
            return packet.ok();
        }
        if !matches!(pod.hub.is_polling(sid, pod.now()).await, Ok(true)) {
            return None;
        }
    }
}

/// Gives a claim back, however the probe ends.
struct Guard<A: App> {
    pod: Arc<Pod<A>>,
    sid: Sid,
    claim: Option<ClaimId>,
    probed: bool,
}

impl<A: App> Guard<A> {
    async fn abort(&mut self) {
        let Some(claim) = self.claim.take() else {
            return;
        };
        // Should this be lost, the claim runs out by itself, and the client by its ping timeout.
        if let Ok(Some(departed)) = self
            .pod
            .hub
            .abort_upgrade(&self.sid, claim, self.probed)
            .await
        {
            depart::polling(&self.pod, &self.sid, departed, "upgrade failed").await;
        }
    }
}
