//! What a client sends, whichever way it came: one message after the other, in order.

use super::{
    App, Pod,
    app::{Socket, Turn},
    depart,
    effects::Effects,
    join,
    state::{ConnectionState, Replay},
};
use crate::{
    hub::{Holder, Presence, Recovery},
    model::{DedupId, Frame, Sid},
    server::settings::RECOVERY_TTL_MS,
    wire::{
        engine::Message,
        socket::{Admitted, Event, admit},
    },
};

/// Why a connection is ended by the server. The label is a metric's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A packet that no client in order sends.
    Protocol,
    /// The hub does not answer: the client comes back and tries again.
    Trouble,
}

impl Fault {
    pub fn label(self) -> &'static str {
        match self {
            Self::Protocol => "parse error",
            Self::Trouble => "unavailable",
        }
    }
}

/// Applies one message. `request` names it: the same name is the same message sent again, and does
/// its work once.
pub async fn receive<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    connection: &mut ConnectionState<A::Socket>,
    message: Message,
    request: &str,
    effects: &mut Effects,
) -> Result<(), Fault> {
    let mount = pod
        .settings
        .mounts
        .iter()
        .find(|mount| mount.path == connection.mount);
    let Some(mount) = mount else {
        return Err(Fault::Protocol);
    };
    if mount.raw {
        let answer = pod.app.raw(message).ok_or(Fault::Protocol)?;
        effects.frames(vec![match answer {
            Message::Text(text) => Frame::text(format!("4{text}")),
            Message::Binary(bytes) => Frame::Binary(bytes),
        }]);
        return Ok(());
    }
    let packet = match message {
        Message::Text(text) => connection.decoder.text(&text),
        Message::Binary(bytes) => connection.decoder.binary(bytes, mount.max_payload),
    };
    let Some(packet) = packet.map_err(|_| Fault::Protocol)? else {
        return Ok(());
    };
    let joined = connection.sockets.contains_key(&packet.nsp);
    match admit(packet, joined).map_err(|_| Fault::Protocol)? {
        Admitted::Connect { nsp, auth } => {
            join::join(pod, sid, connection, &nsp, auth, effects).await
        }
        Admitted::Leave { nsp } => {
            leave(pod, sid, connection, &nsp, effects).await;
            Ok(())
        }
        Admitted::Event { nsp, event } => {
            on_event(pod, sid, connection, &nsp, event, request, effects).await
        }
        // The server asks for no acks.
        Admitted::Ack { .. } => Ok(()),
    }
}

async fn on_event<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    connection: &mut ConnectionState<A::Socket>,
    nsp: &str,
    event: Event,
    request: &str,
    effects: &mut Effects,
) -> Result<(), Fault> {
    let Some(socket) = connection.socket(sid, nsp) else {
        return Err(Fault::Protocol);
    };
    let id = event.id;
    let dedup = DedupId::new(request);
    let turn = pod.app.event(&socket, event, dedup).await;
    let hold_until = pod.now() + pod.settings.ack_timeout_ms;
    let Turn { say, state, topic } = turn;
    if let Some(known) = connection.sockets.get_mut(nsp) {
        if let Some(state) = state {
            known.state = state;
        }
        if let Some(topic) = topic {
            let replay = Replay {
                log: topic.log,
                start: topic.from,
                subject: topic.subject,
            };
            known.workspace = replay.log.workspace().clone();
            let from = replay.start.at;
            known.replay = Some(replay.clone());
            // Before the answer: once the client believes in its session, it can be recovered.
            remember(pod, connection, &socket).await?;
            effects.replays.push((nsp.to_owned(), Some((replay, from))));
        }
    }
    for saying in say {
        effects.say(nsp, id, saying, hold_until);
    }
    Ok(())
}

/// Saves what a socket needs to be recovered, and its place in the pod's index.
pub async fn remember<A: App>(
    pod: &Pod<A>,
    connection: &ConnectionState<A::Socket>,
    socket: &Socket<A::Socket>,
) -> Result<(), Fault> {
    let Some(known) = connection.sockets.get(&socket.nsp) else {
        return Ok(());
    };
    let Some(replay) = &known.replay else {
        return Ok(());
    };
    let presence = Presence {
        workspace: known.workspace.clone(),
        subject: replay.subject.clone(),
        sid: socket.sid.clone(),
    };
    pod.hub
        .index(&pod.id, &presence)
        .await
        .map_err(|_| Fault::Trouble)?;
    if !A::RECOVERY {
        return Ok(());
    }
    let recovery = Recovery {
        id: known.recovery.clone(),
        socket: known.id.clone(),
        nsp: socket.nsp.clone(),
        subject: replay.subject.clone(),
        log: replay.log.clone(),
        start: replay.start.clone(),
        state: serde_json::to_vec(&known.state).unwrap_or_default().into(),
        holder: Holder {
            pod: pod.id.clone(),
            sid: socket.sid.clone(),
        },
    };
    let saved = pod
        .hub
        .save_recovery(recovery, pod.now(), RECOVERY_TTL_MS)
        .await;
    saved.map_err(|_| Fault::Trouble)
}

/// The client leaves a namespace on purpose: there is nothing to recover.
async fn leave<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    connection: &mut ConnectionState<A::Socket>,
    nsp: &str,
    effects: &mut Effects,
) {
    let Some(socket) = connection.socket(sid, nsp) else {
        return;
    };
    connection.sockets.shift_remove(nsp);
    effects.replays.push((nsp.to_owned(), None));
    depart::socket(pod, &socket, 0).await;
}
