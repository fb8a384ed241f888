use std::sync::Arc;

use super::{misplaced, post::Worker};
use crate::{
    hub::{BeginPost, PostRequest},
    model::Sid,
    server::{
        App, Mount, Pod,
        answer::{self, Answer},
        settings::POST_LEASE_MS,
        state::ConnectionState,
    },
};

/// Lets a client of the third revision into the root namespace: as if it had asked for that with its first
/// POST. Any answer but `ok` is that to its handshake.
pub async fn enter<A: App>(pod: &Arc<Pod<A>>, mount: &Mount, sid: &Sid) -> Answer {
    let now = pod.now();
    let request = PostRequest {
        t: None,
        now,
        until: now + POST_LEASE_MS,
    };
    // Nobody else knows of the connection yet.
    let Ok(BeginPost::Claimed {
        claim,
        state,
        beat,
        listeners,
    }) = pod.hub.begin_post(sid, request).await
    else {
        return answer::unavailable();
    };
    let worker = Worker {
        pod: Arc::clone(pod),
        mount: mount.clone(),
        sid: sid.clone(),
        t: None,
        claim,
        beat,
        listeners,
    };
    let work = pod.tasks.spawn(async move { worker.enter(&state).await });
    work.await.unwrap_or_else(|_| answer::unavailable())
}

impl<A: App> Worker<A> {
    async fn enter(self, state: &[u8]) -> Answer {
        let Some(mut state) = ConnectionState::of_mount(state, &self.mount) else {
            return misplaced(&self.pod, &self.sid).await;
        };
        let mut applied = self.beginning(&state);
        let mut inbound = self.inbound(&mut state, &mut applied.effects);
        let joined = inbound.join_root().await;
        self.finish(state, joined.map(|()| applied), true).await
    }
}
