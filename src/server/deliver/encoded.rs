use std::sync::Arc;

use crate::{
    hub::Log,
    model::{Entry, EntryId, Epoch, Frame, Millis, Offset, RecoveryId},
    server::App,
    wire::socket::encode as write,
};

/// An entry as every reader of one class gets it.
#[derive(Debug)]
pub struct Encoded {
    pub id: EntryId,
    /// The entry before it in the log it came by.
    pub prev: EntryId,
    pub epoch: Epoch,
    pub origin: Option<RecoveryId>,
    /// Empty if it says nothing to this class: its position counts all the same.
    pub frames: Vec<Frame>,
}

impl Encoded {
    pub fn committed_at(&self) -> Millis {
        self.id.ms
    }
}

/// Encodes an entry for a class of sockets of one namespace, each event with its offset.
pub fn encode<A: App>(
    app: &A,
    class: A::Class,
    nsp: &str,
    log: &Log,
    epoch: &Epoch,
    entry: &Entry,
) -> Arc<Encoded> {
    let offset = Offset {
        epoch: epoch.clone(),
        at: entry.id,
    }
    .to_string();
    let frames = app
        .encode(class, entry)
        .into_iter()
        // A payload is made of JSON values, which always can be written.
        .filter_map(|telling| {
            write::event(
                nsp,
                None,
                telling.event,
                Some(&telling.payload),
                Some(&offset),
            )
            .ok()
        })
        .map(Frame::text)
        .collect();
    Arc::new(Encoded {
        id: entry.id,
        prev: log.prev(entry),
        epoch: epoch.clone(),
        origin: entry.origin.clone(),
        frames,
    })
}
