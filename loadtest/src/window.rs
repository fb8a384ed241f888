//! How many messages of one sender are in flight.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::sync::Notify;

/// A ring of what each message in flight still waits for: one ack, or as many deliveries as there
/// are receivers. One sender takes places, anyone gives them back.
pub struct Window {
    places: Vec<AtomicUsize>,
    parts: usize,
    freed: Notify,
}

impl Window {
    pub fn new(size: usize, parts: usize) -> Self {
        Self {
            places: (0..size.max(1)).map(|_| AtomicUsize::new(0)).collect(),
            parts,
            freed: Notify::new(),
        }
    }

    /// Until this message may be sent: the one a whole window before it is done.
    pub async fn room(&self, seq: u64) {
        while self.place(seq).load(SeqCst) > 0 {
            // A place that was freed since is remembered, as there is one who waits.
            self.freed.notified().await;
        }
    }

    pub fn take(&self, seq: u64) {
        self.place(seq).store(self.parts, SeqCst);
    }

    /// One of its parts has come. At most once for each: see [`Oracle`](crate::oracle::Oracle).
    pub fn part_done(&self, seq: u64) {
        let place = self.place(seq);
        // What comes for a message that was given up counts for none.
        let before = place.fetch_update(SeqCst, SeqCst, |parts| parts.checked_sub(1));
        if before == Ok(1) {
            self.freed.notify_one();
        }
    }

    /// Nothing more will come of it.
    pub fn give_up(&self, seq: u64) {
        self.place(seq).store(0, SeqCst);
        self.freed.notify_one();
    }

    fn place(&self, seq: u64) -> &AtomicUsize {
        // The remainder is below the number of places, which is a `usize`.
        &self.places[(seq % self.places.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_message_has_room_once_all_parts_of_the_one_before_have_come() {
        let window = Window::new(2, 3);
        window.take(0);
        window.take(1);
        window.part_done(0);
        window.part_done(0);
        assert_eq!(window.room(2).now_or_never(), None);
        window.part_done(1);
        window.part_done(0);
        assert_eq!(window.room(2).now_or_never(), Some(()));
        assert_eq!(window.room(3).now_or_never(), None);
        window.give_up(1);
        assert_eq!(window.room(3).now_or_never(), Some(()));
    }
}
