//! Whoever is no longer let in is sent away from where it is: every pod does it for its own WebSockets and for
//! the requests that it serves. When a token ends is known beforehand, and one of the times at which these look anyway.

use std::sync::Arc;

use tokio::sync::watch;

use super::{App, receive::Fault, state::ConnectionState};
use crate::model::Millis;

/// That somebody who is connected may have been revoked. Whoever keeps the list tells; who it is says
/// [`App::is_revoked`].
#[derive(Clone, Debug)]
pub struct Revocations(Arc<watch::Sender<()>>);

impl Default for Revocations {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }
}

impl Revocations {
    pub fn tell(&self) {
        self.0.send_replace(());
    }

    pub(super) fn heard(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

/// Why a socket may not be here any more.
pub(super) fn is_over<A: App>(app: &A, socket: &A::Socket, now: Millis) -> Option<Fault> {
    if app.is_revoked(socket) {
        return Some(Fault::Revoked);
    }
    let ended = app.ends_at(socket).is_some_and(|at| at <= now);
    ended.then_some(Fault::Ended)
}

/// When a connection ends on which nobody says who it is, and why: whoever has done so holds the place of all.
fn unjoined<A: App>(app: &A, connection: &ConnectionState<A::Socket>) -> Option<(Millis, Fault)> {
    let sockets = || connection.sockets.values();
    let by: Option<Vec<Millis>> = sockets().map(|it| app.joins_by(&it.state)).collect();
    let why = if sockets().any(|it| it.is_put_off) {
        Fault::PutOff
    } else {
        Fault::Unjoined
    };
    Some((by?.into_iter().min()?, why))
}

/// The namespaces of a connection in which nobody may be any more, and why.
pub(super) fn leaving<A: App>(
    app: &A,
    connection: &ConnectionState<A::Socket>,
    now: Millis,
) -> Vec<(String, Fault)> {
    let unjoined = unjoined(app, connection).filter(|(at, _)| *at <= now);
    let unjoined = unjoined.map(|(_, why)| why);
    let sockets = connection.sockets.iter();
    let leaving = sockets.filter_map(|(nsp, socket)| {
        let why = is_over(app, &socket.state, now).or(unjoined)?;
        Some((nsp.clone(), why))
    });
    leaving.collect()
}

/// When the first of a connection's sockets ends.
pub(super) fn ends_at<A: App>(app: &A, connection: &ConnectionState<A::Socket>) -> Option<Millis> {
    let sockets = connection.sockets.values();
    let ends = sockets.filter_map(|it| app.ends_at(&it.state));
    let unjoined = unjoined(app, connection).map(|(at, _)| at);
    ends.chain(unjoined).min()
}
