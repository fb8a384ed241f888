//! A client joins a namespace, anew or as the socket it was.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    App, Pod,
    app::{Admission, ConnectRequest, Refusal, Socket},
    auth::PidClaims,
    deliver::encode,
    depart,
    effects::Effects,
    receive::{Fault, remember},
    state::{ConnectionState, Replay, SOCKETS_MAX, SocketState},
};
use crate::{
    hub::{ClosedBy, Holder, Join, Presence, Resume, Resumed},
    model::{Entry, EntryId, Offset, Partition, RecoveryId, Sid, SocketId},
    server::settings::{READ_LIMIT, RECOVERY_TTL_MS},
    wire::socket::encode as write,
};

pub async fn join<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    connection: &mut ConnectionState<A::Socket>,
    nsp: &str,
    auth: Map<String, Value>,
    effects: &mut Effects,
) -> Result<(), Fault> {
    if connection.sockets.len() >= SOCKETS_MAX {
        pod.hit_limit("namespaces");
        effects.text(write::connect_error(nsp, "Too many namespaces", None));
        return Ok(());
    }
    let request = ConnectRequest {
        nsp,
        auth: &auth,
        handshake: &connection.handshake,
    };
    let admission = match pod.app.connect(request).await {
        Ok(admission) => admission,
        Err(Refusal::Denied { message, data }) => {
            effects.text(write::connect_error(nsp, &message, data.as_ref()));
            return Ok(());
        }
        Err(Refusal::Trouble) => return Err(Fault::Trouble),
    };
    let asked = resume(pod, sid, nsp, &auth, &admission);
    let was_asked = asked.is_some();
    let join = Join {
        workspace: admission.workspace.clone(),
        resume: asked,
        now: pod.now(),
    };
    let joined = pod.hub.join(join).await.map_err(|_| Fault::Trouble)?;
    if was_asked {
        let result = if joined.resumed.is_some() {
            "recovered"
        } else {
            "gap"
        };
        pod.metrics.resumes.with_label_values(&[result]).inc();
    }
    connection.join_by = None;
    let state = joined
        .resumed
        .as_ref()
        .and_then(|resumed| serde_json::from_slice(&resumed.recovery.state).ok());
    match (joined.resumed, state) {
        (Some(resumed), Some(state)) => {
            come_back(pod, sid, connection, resumed, state, effects).await
        }
        _ => come_in(pod, sid, connection, nsp, admission, joined.top, effects).await,
    }
}

/// What the client asks to be recovered from, if it shows a pid of ours.
fn resume<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    nsp: &str,
    auth: &Map<String, Value>,
    admission: &Admission<A::Socket>,
) -> Option<Resume> {
    if !A::RECOVERY {
        return None;
    }
    let pid = PidClaims::verify(&pod.pids, auth.get("pid")?.as_str()?)?;
    let offset = auth
        .get("offset")
        .and_then(Value::as_str)
        .and_then(|offset| offset.parse().ok());
    Some(Resume {
        id: pid.rid,
        nsp: nsp.to_owned(),
        offset,
        subject: admission.subject.clone(),
        holder: Holder {
            pod: pod.id.clone(),
            sid: sid.clone(),
        },
        ttl_ms: RECOVERY_TTL_MS,
        limit: READ_LIMIT,
    })
}

/// A new socket: answered with its id, then whatever the application greets with.
async fn come_in<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    connection: &mut ConnectionState<A::Socket>,
    nsp: &str,
    admission: Admission<A::Socket>,
    top: Offset,
    effects: &mut Effects,
) -> Result<(), Fault> {
    let socket = Socket {
        id: SocketId::draw(),
        nsp: nsp.to_owned(),
        recovery: RecoveryId::draw(Partition::of(&admission.workspace)),
        sid: sid.clone(),
        state: admission.state,
    };
    if let Some(subject) = admission.subject {
        let presence = Presence {
            workspace: admission.workspace.clone(),
            subject,
            sid: sid.clone(),
        };
        pod.hub
            .index(&pod.id, &presence)
            .await
            .map_err(|_| Fault::Trouble)?;
    }
    let arrival = pod
        .app
        .arrive(&socket, false, top)
        .await
        .map_err(|_| Fault::Trouble)?;
    let replay = arrival.topic.map(|topic| Replay {
        log: topic.log,
        start: topic.from,
        subject: topic.subject,
    });
    let known = SocketState {
        id: socket.id.clone(),
        recovery: socket.recovery.clone(),
        state: socket.state.clone(),
        workspace: admission.workspace,
        replay: replay.clone(),
    };
    connection.sockets.insert(nsp.to_owned(), known);
    remember(pod, connection, &socket).await?;
    effects.text(write::connect(
        nsp,
        socket.id.as_str(),
        pid(pod, &socket.recovery, nsp).as_deref(),
    ));
    for telling in &arrival.say {
        effects.tell(nsp, telling);
    }
    if let Some(replay) = replay {
        let from = replay.start.at;
        effects.replays.push((nsp.to_owned(), Some((replay, from))));
    }
    Ok(())
}

/// The socket it was: what it missed goes first, then the same id and pid as before.
async fn come_back<A: App>(
    pod: &Pod<A>,
    sid: &Sid,
    connection: &mut ConnectionState<A::Socket>,
    resumed: Resumed,
    state: A::Socket,
    effects: &mut Effects,
) -> Result<(), Fault> {
    let Resumed {
        recovery,
        fenced,
        from,
        missed,
        ..
    } = resumed;
    if let Some(holder) = fenced
        && let Ok(Some(departed)) = pod
            .hub
            .close(&holder.sid, ClosedBy::Server, pod.now())
            .await
    {
        depart::polling(pod, &holder.sid, departed, "fenced").await;
    }
    let replay = Replay {
        log: recovery.log.clone(),
        start: recovery.start.clone(),
        subject: recovery.subject,
    };
    let socket = Socket {
        id: recovery.socket.clone(),
        nsp: recovery.nsp.clone(),
        recovery: recovery.id.clone(),
        sid: sid.clone(),
        state,
    };
    let presence = Presence {
        workspace: replay.log.workspace().clone(),
        subject: replay.subject.clone(),
        sid: sid.clone(),
    };
    pod.hub
        .index(&pod.id, &presence)
        .await
        .map_err(|_| Fault::Trouble)?;
    let cursor = tell_missed(pod, &socket, &replay, from, &missed, effects);
    let at = Offset {
        epoch: replay.start.epoch.clone(),
        at: cursor,
    };
    let arrival = pod
        .app
        .arrive(&socket, true, at)
        .await
        .map_err(|_| Fault::Trouble)?;
    let known = SocketState {
        id: socket.id.clone(),
        recovery: socket.recovery.clone(),
        state: socket.state.clone(),
        workspace: replay.log.workspace().clone(),
        replay: Some(replay.clone()),
    };
    connection.sockets.insert(socket.nsp.clone(), known);
    let pid = pid(pod, &socket.recovery, &socket.nsp);
    effects.text(write::connect(
        &socket.nsp,
        socket.id.as_str(),
        pid.as_deref(),
    ));
    for telling in &arrival.say {
        effects.tell(&socket.nsp, telling);
    }
    effects.replays.push((socket.nsp, Some((replay, cursor))));
    Ok(())
}

/// Encodes what was missed, and returns how far that reaches.
fn tell_missed<A: App>(
    pod: &Pod<A>,
    socket: &Socket<A::Socket>,
    replay: &Replay,
    from: EntryId,
    missed: &[Arc<Entry>],
    effects: &mut Effects,
) -> EntryId {
    let class = pod.app.class(&socket.state);
    for entry in missed
        .iter()
        .filter(|entry| entry.origin.as_ref() != Some(&socket.recovery))
    {
        let encoded = encode(
            &*pod.app,
            class,
            &socket.nsp,
            &replay.log,
            &replay.start.epoch,
            entry,
        );
        for frame in &encoded.frames {
            effects.frames(vec![frame.clone()]);
        }
    }
    missed.last().map_or(from, |entry| entry.id)
}

/// The same for the same socket, whenever it is made: clients compare it.
fn pid<A: App>(pod: &Pod<A>, recovery: &RecoveryId, nsp: &str) -> Option<String> {
    if !A::RECOVERY {
        return None;
    }
    pod.pids
        .sign(&PidClaims::new(recovery.clone(), nsp.to_owned()))
}
