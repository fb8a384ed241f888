use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::{Publication, Publisher, lock};

/// What can go wrong between processes, made to happen in one.
#[derive(Debug, Default)]
pub struct Faults {
    down: AtomicBool,
    drop_next: AtomicUsize,
    holding: AtomicBool,
    held: Mutex<VecDeque<(Publisher, Publication)>>,
    unknown: Mutex<VecDeque<bool>>,
    losing_fences: AtomicBool,
}

impl Faults {
    /// Nothing answers until it is called with `false`.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::Release);
    }

    /// The next `count` publications of entries are lost, unnoticed.
    pub fn drop_publications(&self, count: usize) {
        self.drop_next.store(count, Ordering::Release);
    }

    /// Publications of entries wait until [`Faults::release_publications`].
    pub fn hold_publications(&self) {
        self.holding.store(true, Ordering::Release);
    }

    pub fn release_publications(&self) {
        let mut held = lock(&self.held);
        self.holding.store(false, Ordering::Release);
        for (publisher, publication) in held.drain(..) {
            publisher.offer(publication);
        }
    }

    /// The next commit is answered with `Unknown`, having happened or not.
    pub fn unknown_commit(&self, happens: bool) {
        lock(&self.unknown).push_back(happens);
    }

    /// Nobody hears that its socket was recovered elsewhere, until it is called with `false`.
    pub fn lose_fences(&self, lose: bool) {
        self.losing_fences.store(lose, Ordering::Release);
    }

    pub(super) fn loses_fences(&self) -> bool {
        self.losing_fences.load(Ordering::Acquire)
    }

    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Acquire)
    }

    pub(super) fn take_unknown(&self) -> Option<bool> {
        lock(&self.unknown).pop_front()
    }

    pub(super) fn publish(&self, publisher: &Publisher, publication: Publication) {
        let left = self.drop_next.load(Ordering::Acquire);
        if left > 0 {
            self.drop_next.store(left - 1, Ordering::Release);
            return;
        }
        // The lock is taken before the flag is read, so that a release never leaves one behind.
        let mut held = lock(&self.held);
        if self.holding.load(Ordering::Acquire) {
            held.push_back((publisher.clone(), publication));
        } else {
            publisher.offer(publication);
        }
    }
}
