//! Long-polling without an owner: every request finds its connection in the hub.

mod batch;
mod enter;
mod get;
mod handshake;
mod post;
mod speech;

pub use get::get;
pub use handshake::handshake;
pub use post::post;

use tokio::sync::mpsc;

use super::{App, Pod, answer, answer::Answer, depart};
use crate::{
    hub::{ClosedBy, Deadline, Tombstone},
    model::{Partition, Sid},
    wire::engine::RequestError,
};

/// What a request of an ended connection gets.
async fn buried<A: App>(pod: &Pod<A>, sid: &Sid, tombstone: Tombstone) -> Answer {
    // Its time had run out and nobody has said so yet: this request does.
    if tombstone.by == ClosedBy::Expired {
        end(pod, sid, ClosedBy::Expired, "ping timeout").await;
    }
    match tombstone.by {
        ClosedBy::Upgrade => answer::error(&RequestError::BadRequest),
        ClosedBy::Client | ClosedBy::Server | ClosedBy::Expired => {
            answer::error(&RequestError::UnknownSid)
        }
    }
}

/// A request that comes on another mount than its connection was opened on, or to a release that
/// cannot read its state. No client does that; one that does loses the connection, since the
/// request has already taken a place in it.
async fn misplaced<A: App>(pod: &Pod<A>, sid: &Sid) -> Answer {
    end(pod, sid, ClosedBy::Server, "mount").await;
    answer::error(&RequestError::UnknownSid)
}

/// Says whether it was this call that ended it.
async fn end<A: App>(pod: &Pod<A>, sid: &Sid, by: ClosedBy, reason: &str) -> bool {
    let Ok(Some(departed)) = pod.hub.close(sid, by, pod.now()).await else {
        return false;
    };
    depart::polling(pod, sid, departed, reason).await;
    true
}

/// Ends connections whose time has run out without a further request, and hands on what is due: that may
/// take long. Any pod does it for all.
pub async fn sweep<A: App>(pod: &Pod<A>, partition: Partition, due: &mpsc::Sender<Deadline>) {
    const AT_ONCE: usize = 1000;
    let Ok(expired) = pod.hub.expired(partition, pod.now(), AT_ONCE).await else {
        return;
    };
    for sid in expired.connections {
        end(pod, &sid, ClosedBy::Expired, "ping timeout").await;
    }
    for deadline in expired.deadlines {
        // It is there at the next look, too.
        if due.try_send(deadline).is_err() {
            pod.hit_limit("deadlines");
            return;
        }
    }
}
