use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::Chat;
use crate::{
    hub::{Commit, Hub, Log},
    model::{Aside, WorkspaceId},
};

/// Guests are told at most this often: a position that flickers tells nobody anything.
const EVERY: Duration = Duration::from_secs(5);
/// How far down the queue guests are told; who is further back will hear when it matters.
const TOLD_MAX: usize = 1000;

/// Workspaces whose waiting guests have moved up by commits of this pod.
#[derive(Debug, Default)]
pub(super) struct Moved {
    workspaces: Mutex<HashSet<WorkspaceId>>,
    some: Notify,
}

impl Moved {
    /// A new session enters at the end and moves nobody; one that comes back has its old place.
    pub fn note(&self, commit: &Commit) {
        if commit.queue.is_some() && commit.set.create.is_none() {
            self.lock().insert(commit.workspace.clone());
            self.some.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<WorkspaceId>> {
        self.workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chat {
    /// Tells waiting guests where they are: at once after a calm time, then every few seconds.
    /// Runs until it is dropped. A place that is lost on its way is corrected by the next.
    pub async fn tell_queue(&self) {
        loop {
            self.moved.some.notified().await;
            let workspaces = std::mem::take(&mut *self.moved.lock());
            for workspace in workspaces {
                tell_places(&*self.hub, &workspace).await;
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

pub(super) async fn tell_places(hub: &dyn Hub, workspace: &WorkspaceId) {
    let Ok(waiting) = hub.queue(workspace, TOLD_MAX).await else {
        return;
    };
    for (session, position) in waiting.into_iter().zip(1..) {
        let channel = Log::Session(workspace.clone(), session);
        let told = hub.tell(&channel, Aside::Queue { position }).await;
        if told.is_err() {
            return;
        }
    }
}
