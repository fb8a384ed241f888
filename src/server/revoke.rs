//! Whoever is no longer let in is sent away from where it is: every pod does it for its own WebSockets and for
//! the requests that it serves.

use std::sync::Arc;

use tokio::sync::watch;

use super::{App, state::ConnectionState};

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

/// The namespaces of a connection in which nobody may be any more.
pub(super) fn revoked<A: App>(app: &A, connection: &ConnectionState<A::Socket>) -> Vec<String> {
    let sockets = connection.sockets.iter();
    let revoked = sockets.filter(|(_, socket)| app.is_revoked(&socket.state));
    revoked.map(|(nsp, _)| nsp.clone()).collect()
}
