use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{Chat, attempt::Repeat, rules};
use crate::model::{Direction, Session, SessionId, WorkspaceId};

/// Whoever wrote is told at most this often.
const EVERY: Duration = Duration::from_secs(1);
/// Sessions that wait for being told of. Beyond that their writers learn it with the next mark, or when
/// they connect.
const WAITING_MAX: usize = 10_000;

/// Marks of delivery that this pod has written and not told yet, by session and side.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    marks: Mutex<HashMap<Place, u64>>,
    some: Notify,
}

type Place = (WorkspaceId, SessionId, Direction);

impl Delivered {
    pub fn note(&self, session: &Session, direction: Direction) {
        let place = (session.workspace.clone(), session.id.clone(), direction);
        let seq = session.marks.delivered(direction);
        let mut marks = self.lock();
        if marks.len() < WAITING_MAX || marks.contains_key(&place) {
            let known = marks.entry(place).or_default();
            *known = seq.max(*known);
        }
        drop(marks);
        self.some.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, u64>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chat {
    /// Tells writers how far their messages have come: at once after a calm time, then every second.
    /// Runs until it is dropped.
    pub async fn tell_delivered(&self) {
        loop {
            self.delivered.some.notified().await;
            let marks = std::mem::take(&mut *self.delivered.lock());
            for ((workspace, session, direction), seq) in marks {
                let commit = rules::marks::delivered(&workspace, &session, direction, seq);
                // Not said, it is corrected by the next.
                let _ = self.write(&commit, Repeat::Request).await;
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
