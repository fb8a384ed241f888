use std::sync::Arc;

use crate::{
    hub::{Log, Subject},
    model::{
        Aside, Entry, EntryId, Epoch, Frame, Millis, Offset, OperatorId, RecoveryId, SessionId,
    },
    server::App,
    wire::{engine::Revision, socket::encode as write},
};

/// An entry as every reader of one class gets it.
#[derive(Debug)]
pub struct Encoded {
    pub id: EntryId,
    /// The entry before it in the log it came by.
    pub prev: EntryId,
    pub epoch: Epoch,
    pub session: Option<SessionId>,
    pub origin: Option<RecoveryId>,
    /// The only one who is told.
    pub to: Option<OperatorId>,
    /// Empty if it says nothing to this class: its position counts all the same.
    pub frames: Vec<Frame>,
}

impl Encoded {
    pub fn committed_at(&self) -> Millis {
        self.id.ms
    }

    /// As [`is_told`].
    pub fn is_for(&self, recovery: &RecoveryId, subject: &Subject) -> bool {
        is_told(self.origin.as_ref(), self.to.as_ref(), recovery, subject)
    }
}

/// Whether a socket is told of an entry: not of its own, nor of what is for somebody else.
pub fn is_told(
    origin: Option<&RecoveryId>,
    to: Option<&OperatorId>,
    recovery: &RecoveryId,
    subject: &Subject,
) -> bool {
    let mine = |to: &OperatorId| matches!(subject, Subject::Operator(id) if id == to);
    origin != Some(recovery) && to.is_none_or(mine)
}

/// Encodes what is said beside a log; never with an offset, which it would overwrite.
pub fn encode_aside<A: App>(app: &A, class: A::Class, nsp: &str, aside: &Aside) -> Option<Frame> {
    let telling = app.encode_aside(class, aside)?;
    let text = write::event(nsp, None, telling.event, Some(&telling.payload), None);
    text.ok().map(Frame::text)
}

/// What an entry is read as: by sockets of one namespace and revision, from one log in one of its lives.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    pub nsp: &'a str,
    pub revision: Revision,
    pub log: &'a Log,
    pub epoch: &'a Epoch,
}

/// Encodes an entry for a class of sockets, each event with its offset: but for clients of the third
/// revision, who would hand it to their listeners.
pub fn encode<A: App>(
    app: &A,
    class: A::Class,
    reading: Reading<'_>,
    entry: &Entry,
) -> Arc<Encoded> {
    let Reading {
        nsp,
        revision,
        log,
        epoch,
    } = reading;
    let at = entry.id;
    let offset = (revision == Revision::V4).then(|| {
        let epoch = epoch.clone();
        Offset { epoch, at }.to_string()
    });
    let tellings = app.encode(class, entry).into_iter();
    let frames = tellings
        // A payload is made of JSON values, which always can be written.
        .filter_map(|telling| {
            let payload = Some(&telling.payload);
            write::event(nsp, None, telling.event, payload, offset.as_deref()).ok()
        })
        .map(Frame::text)
        .collect();
    Arc::new(Encoded {
        id: at,
        prev: log.prev(entry),
        epoch: epoch.clone(),
        session: entry.session.clone(),
        origin: entry.origin.clone(),
        to: entry.to.clone(),
        frames,
    })
}
