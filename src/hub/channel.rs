use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc};

use super::{Log, Mark, Unavailable};
use crate::model::{Aside, Entry, Epoch, Millis, Partition, PodId, Sid};

/// The way from a commit to the pods that serve its readers.
#[async_trait]
pub trait Channels {
    /// Joins a pod to the channels that each pod has: its inbox, `persisted` of all partitions and
    /// the epochs. At most `capacity` publications wait for it; what exceeds that is lost and
    /// followed by [`Publication::Lagged`].
    async fn attach(&self, pod: &PodId, capacity: usize) -> Result<Attachment, Unavailable>;

    /// When this returns, everything committed from now on will be published to the pod. Whoever
    /// wants what was before as well reads the log after it, not before.
    async fn subscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable>;

    /// Publishes to the subscribers of a channel what is in no log.
    async fn tell(&self, channel: &Channel, aside: Aside) -> Result<(), Unavailable>;

    /// As [`Channels::tell`], for what holds only until it is said otherwise, by whichever process. Says
    /// whether it was told.
    async fn tell_in_turn(
        &self,
        channel: &Channel,
        aside: Aside,
        turn: &Turn,
    ) -> Result<bool, Unavailable>;

    async fn unsubscribe(&self, pod: &PodId, channel: &Channel) -> Result<(), Unavailable>;
}

/// A channel that pods subscribe when they have a reader of that log.
pub type Channel = Log;

/// Who spoke last of a thing: named within the channel's workspace.
#[derive(Clone, Debug)]
pub struct Turn {
    pub name: String,
    /// Of one saying.
    pub token: String,
    pub op: TurnOp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnOp {
    /// Tell it; and be the last who spoke, for so long.
    Take { for_ms: Millis },
    /// Tell it, and it is over.
    End,
    /// Tell it, and it is over, if nobody has spoken after this token.
    EndIfLast,
    /// Tell it again, if it is over.
    IfOver,
}

/// A pod's end of the channels.
#[derive(Debug)]
pub struct Attachment {
    pub publications: Publications,
}

/// What a pod is told. Publications of one partition arrive in the order of their commits.
#[derive(Clone, Debug)]
pub enum Publication {
    /// Once per channel of the entry that the pod subscribes.
    Entry {
        channel: Channel,
        epoch: Epoch,
        entry: Arc<Entry>,
    },
    Aside {
        channel: Channel,
        aside: Arc<Aside>,
    },
    /// To the pod that serves this connection.
    Signal {
        sid: Sid,
        signal: Signal,
    },
    Persisted(Mark),
    /// The partition lost its state: nothing that clients of it know is valid.
    Epoch {
        partition: Partition,
        epoch: Epoch,
    },
    /// Publications were lost: every topic has to be read again.
    Lagged,
}

/// Said to the one pod that holds a connection, by whoever changed it elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// There is something in the outbox.
    Wake,
    /// The same GET was sent again: this copy of it is answered with nothing.
    Replaced,
    /// A WebSocket has claimed the connection: let the parked GET go.
    Release,
    /// The connection was closed by its client (`noop`), or otherwise (`close`).
    Closed { by_client: bool },
    /// A socket of this connection was recovered on another one: it is over here.
    Fenced,
}

/// A bounded queue towards one pod.
pub fn publications(capacity: usize) -> (Publisher, Publications) {
    let (sender, receiver) = mpsc::channel(capacity);
    let lagged = Arc::new(Lagged::default());
    (
        Publisher {
            sender,
            lagged: Arc::clone(&lagged),
        },
        Publications { receiver, lagged },
    )
}

#[derive(Clone, Debug)]
pub struct Publisher {
    sender: mpsc::Sender<Publication>,
    lagged: Arc<Lagged>,
}

/// Told beside the queue, since it may be full, and to a reader that waits, since it may be empty.
#[derive(Debug, Default)]
struct Lagged {
    set: AtomicBool,
    changed: Notify,
}

impl Publisher {
    /// Never waits: a full queue loses the publication, and the reader learns that it lags.
    pub fn offer(&self, publication: Publication) {
        if self.sender.try_send(publication).is_err() {
            self.lag();
        }
    }

    /// Makes the reader believe that it has lost something.
    pub fn lag(&self) {
        self.lagged.set.store(true, Ordering::Release);
        self.lagged.changed.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

#[derive(Debug)]
pub struct Publications {
    receiver: mpsc::Receiver<Publication>,
    lagged: Arc<Lagged>,
}

impl Publications {
    /// The next publication; `None` once the hub is gone. After a loss, [`Publication::Lagged`]
    /// comes before anything that was published later.
    pub async fn next(&mut self) -> Option<Publication> {
        loop {
            if self.lagged.set.swap(false, Ordering::AcqRel) {
                return Some(Publication::Lagged);
            }
            tokio::select! {
                biased;
                () = self.lagged.changed.notified() => {}
                next = self.receiver.recv() => return next,
            }
        }
    }
}
