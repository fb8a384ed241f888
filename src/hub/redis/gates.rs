//! Which partitions commits have to wait for: those whose server may be another one than before.

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use crate::model::Partition;

#[derive(Debug)]
pub struct Gates {
    open: Vec<watch::Sender<bool>>,
    /// Those that were closed, once each, and when: whoever hears of it opens it again.
    closed: mpsc::Sender<Closed>,
}

pub type Closed = (Partition, Instant);

impl Gates {
    pub fn new() -> (Self, mpsc::Receiver<Closed>) {
        // A gate is told of when it closes, so no more than all can wait.
        let (closed, waiting) = mpsc::channel(Partition::all().count());
        let open = Partition::all().map(|_| watch::Sender::new(true)).collect();
        (Self { open, closed }, waiting)
    }

    pub fn close(&self, partition: Partition) {
        let was_open = self.open[partition.index()].send_if_modified(std::mem::take);
        if was_open {
            let _ = self.closed.try_send((partition, Instant::now()));
        }
    }

    pub fn open(&self, partition: Partition) {
        self.open[partition.index()].send_replace(true);
    }

    pub fn is_open(&self, partition: Partition) -> bool {
        *self.open[partition.index()].borrow()
    }

    /// At once, if it is open.
    pub async fn pass(&self, partition: Partition) {
        if self.is_open(partition) {
            return;
        }
        let gate = &self.open[partition.index()];
        let _ = gate.subscribe().wait_for(|open| *open).await;
    }
}
