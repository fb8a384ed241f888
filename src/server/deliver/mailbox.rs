use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::mpsc;

use super::Encoded;
use crate::{hub::Signal, server::settings::MAILBOX};

/// What a WebSocket's task finds in its mailbox.
#[derive(Debug)]
pub enum Delivery {
    /// For the socket of this namespace.
    Entry(Arc<str>, Arc<Encoded>),
    Signal(Signal),
}

/// The sending end: never waits.
#[derive(Clone, Debug)]
pub struct Mailbox {
    sender: mpsc::Sender<Delivery>,
    behind: Arc<AtomicBool>,
}

/// The receiving end.
#[derive(Debug)]
pub struct Reader {
    receiver: mpsc::Receiver<Delivery>,
    behind: Arc<AtomicBool>,
}

pub fn mailbox() -> (Mailbox, Reader) {
    let (sender, receiver) = mpsc::channel(MAILBOX);
    let behind = Arc::new(AtomicBool::new(false));
    (
        Mailbox {
            sender,
            behind: Arc::clone(&behind),
        },
        Reader { receiver, behind },
    )
}

impl Mailbox {
    /// `false` if it was full: the reader has to read its logs then, and knows.
    pub fn put(&self, delivery: Delivery) -> bool {
        let taken = self.sender.try_send(delivery).is_ok();
        if !taken {
            self.mark_behind();
        }
        taken
    }

    /// The reader has missed something that it did not get.
    pub fn mark_behind(&self) {
        self.behind.store(true, Ordering::Release);
        // Wakes a reader that waits; one with mail looks at the mark after it anyway.
        let _ = self.sender.try_send(Delivery::Signal(Signal::Wake));
    }
}

impl Reader {
    /// Waits for mail and takes all there is; 0 if there never will be any.
    pub async fn take(&mut self, mail: &mut Vec<Delivery>) -> usize {
        self.receiver.recv_many(mail, MAILBOX).await
    }

    /// Since the last call something was missed. To be asked after the mail was dealt with.
    pub fn was_behind(&self) -> bool {
        self.behind.swap(false, Ordering::AcqRel)
    }
}
