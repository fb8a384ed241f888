use std::sync::Arc;

use crate::{
    hub::{Log, Subject},
    model::{
        Aside, Entry, EntryId, Epoch, Frame, Millis, Offset, OperatorId, RecoveryId, SessionId,
    },
    server::{App, app::Socket},
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
    /// Of its frames.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(Frame::len).sum()
    }

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

/// Sockets to which an entry is told by the same text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Alike<C> {
    pub class: C,
    pub(super) revision: Revision,
    pub(super) nsp: Arc<str>,
}

impl<C> Alike<C> {
    pub fn of<A: App<Class = C>>(app: &A, socket: &Socket<A::Socket>) -> Self {
        Self {
            class: app.class(&socket.state),
            revision: socket.revision,
            nsp: socket.nsp.as_str().into(),
        }
    }
}

/// What an entry is read as: by sockets that are alike, from one log in one of its lives.
#[derive(Debug)]
pub struct Reading<'a, C> {
    pub alike: &'a Alike<C>,
    pub log: &'a Log,
    pub epoch: &'a Epoch,
}

impl<C> Clone for Reading<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Reading<'_, C> {}

/// Encodes an entry for a class of sockets, each event with its offset: but for clients of the third
/// revision, who would hand it to their listeners.
pub(super) fn encode<A: App>(app: &A, reading: Reading<'_, A::Class>, entry: &Entry) -> Encoded {
    let Reading { alike, log, epoch } = reading;
    let at = entry.id;
    let offset = (alike.revision == Revision::V4).then(|| {
        let epoch = epoch.clone();
        Offset { epoch, at }.to_string()
    });
    let tellings = app.encode(alike.class, entry).into_iter();
    let frames = tellings
        // A payload is made of JSON values, which always can be written.
        .filter_map(|telling| {
            let payload = Some(&telling.payload);
            write::event(&alike.nsp, None, telling.event, payload, offset.as_deref()).ok()
        })
        .map(Frame::text)
        .collect();
    Encoded {
        id: at,
        prev: log.prev(entry),
        epoch: epoch.clone(),
        session: entry.session.clone(),
        origin: entry.origin.clone(),
        to: entry.to.clone(),
        frames,
    }
}
