use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::mpsc;

use super::Encoded;
use crate::{model::Frame, server::settings::MAILBOX};

/// Names one registration of a socket for a log: mail of a log that it has left is told apart.
pub type ReaderKey = u64;

/// What a WebSocket's task finds in its mailbox.
#[derive(Debug)]
pub enum Delivery {
    /// For the reader that was registered under this key.
    Entry(ReaderKey, Arc<Encoded>),
    /// Beside the log, for the same reader.
    Aside(ReaderKey, Frame),
    Wake,
}

/// The sending end: never waits.
#[derive(Clone, Debug)]
pub struct Mailbox {
    sender: mpsc::Sender<Delivery>,
    flags: Arc<Flags>,
}

/// The receiving end.
#[derive(Debug)]
pub struct Reader {
    receiver: mpsc::Receiver<Delivery>,
    flags: Arc<Flags>,
}

/// What has to be known however full the mailbox is.
#[derive(Debug, Default)]
struct Flags {
    behind: AtomicBool,
    fenced: AtomicBool,
}

pub fn mailbox() -> (Mailbox, Reader) {
    let (sender, receiver) = mpsc::channel(MAILBOX);
    let flags = Arc::new(Flags::default());
    let mailbox = Mailbox {
        sender,
        flags: Arc::clone(&flags),
    };
    (mailbox, Reader { receiver, flags })
}

impl Mailbox {
    /// `false` if it was full: the reader has to read its logs then, and knows.
    pub fn put(&self, key: ReaderKey, encoded: Arc<Encoded>) -> bool {
        let taken = self.sender.try_send(Delivery::Entry(key, encoded)).is_ok();
        if !taken {
            self.mark_behind();
        }
        taken
    }

    /// A full mailbox loses it: the first thing to go.
    pub fn put_aside(&self, key: ReaderKey, frame: Frame) {
        let _ = self.sender.try_send(Delivery::Aside(key, frame));
    }

    /// The reader has missed something that it did not get.
    pub fn mark_behind(&self) {
        self.flags.behind.store(true, Ordering::Release);
        self.wake();
    }

    /// Another connection has recovered a socket of this one, or may have.
    pub fn fence(&self) {
        self.flags.fenced.store(true, Ordering::Release);
        self.wake();
    }

    /// A reader that waits; one with mail looks at the flags anyway.
    fn wake(&self) {
        let _ = self.sender.try_send(Delivery::Wake);
    }
}

impl Reader {
    /// Waits for mail and takes all there is; 0 if there never will be any.
    pub async fn take(&mut self, mail: &mut Vec<Delivery>) -> usize {
        self.receiver.recv_many(mail, MAILBOX).await
    }

    /// Since the last call something was missed. To be asked after the mail was dealt with.
    pub fn was_behind(&self) -> bool {
        self.flags.behind.swap(false, Ordering::AcqRel)
    }

    /// Since the last call. To be asked before the mail is dealt with.
    pub fn was_fenced(&self) -> bool {
        self.flags.fenced.swap(false, Ordering::AcqRel)
    }
}
