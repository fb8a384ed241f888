use std::sync::Arc;

use super::{enter::enter, speech::Speech};
use crate::{
    hub::NewConnection,
    model::{Partition, Sid},
    server::{
        App, Mount, Pod,
        answer::{self, Answer},
        state::{ConnectionState, Handshake},
    },
    wire::engine::Revision,
};

/// Opens a connection and answers with its id.
pub async fn handshake<A: App>(pod: &Arc<Pod<A>>, mount: &Mount, handshake: Handshake) -> Answer {
    let sid = Sid::draw(Partition::random());
    let now = pod.now();
    let heartbeat = handshake.heartbeat(now, mount);
    let (speech, open) = (
        Speech::of(&handshake),
        handshake.open(&sid, mount, &["websocket"]),
    );
    let enters = handshake.revision == Revision::V3 && !mount.raw;
    let join_by = (!mount.raw).then(|| now + pod.settings.connect_timeout_ms);
    let state = ConnectionState::<A::Socket>::new(&mount.path, handshake, join_by);
    let beat = state.beat(&heartbeat, mount.ping_timeout_ms);
    let connection = NewConnection {
        sid: sid.clone(),
        state: state.write(),
        beat,
    };
    if pod.hub.open(connection).await.is_err() {
        return answer::unavailable();
    }
    pod.metrics.opened.with_label_values(&["polling"]).inc();
    pod.metrics
        .connections
        .with_label_values(&["polling"])
        .inc();
    if enters {
        let entered = enter(pod, mount, &sid).await;
        if !entered.status().is_success() {
            return entered;
        }
    }
    speech.packet(&open)
}
