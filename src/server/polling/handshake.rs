use crate::{
    hub::NewConnection,
    model::{Partition, Sid},
    server::{
        App, Mount, Pod,
        answer::{self, Answer},
        state::{ConnectionState, Handshake},
    },
    wire::engine::{Heartbeat, Open, encode_open},
};

/// Opens a connection and answers with its id.
pub async fn handshake<A: App>(pod: &Pod<A>, mount: &Mount, handshake: Handshake) -> Answer {
    let sid = Sid::draw(Partition::random());
    let now = pod.now();
    let heartbeat = Heartbeat::new(now, mount.ping_interval_ms);
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
    answer::payload(encode_open(&Open {
        sid: sid.as_str(),
        upgrades: &["websocket"],
        ping_interval: mount.ping_interval_ms,
        ping_timeout: mount.ping_timeout_ms,
        max_payload: mount.max_payload as u64,
    }))
}
