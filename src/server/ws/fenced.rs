use super::{connection::Connection, end::End};
use crate::{
    hub::Unavailable,
    model::{Frame, Millis},
    server::{
        App, Trouble, depart,
        effects::Effects,
        receive::{Fault, Inbound},
        revoke::revoked,
    },
    wire::socket::encode as write,
};

impl<A: App> Connection<A> {
    /// Another connection may have recovered a socket of this one. Most often the client has given this one up; if
    /// it still listens it is another page that shows the same pid, and is told to leave: coming back, it
    /// would take the socket again, and so on for ever.
    pub(super) async fn leave_fenced(&mut self) -> Result<(), End> {
        let mut has_left = false;
        let namespaces: Vec<String> = self.state.sockets.keys().cloned().collect();
        for nsp in namespaces {
            let held = self.is_held(&nsp).await;
            if held.map_err(|Unavailable| End::Fault(Fault::Trouble))? {
                continue;
            }
            has_left = true;
            let window_ms = self.pod.settings.recovery_window_ms;
            let sent = self.send_away(&nsp, window_ms).await;
            sent.map_err(|end| end.unwrap_or(End::Fenced))?;
        }
        // One that has none yet is on its way in.
        if has_left && self.state.sockets.is_empty() {
            return Err(End::Fenced);
        }
        Ok(())
    }

    /// Those whose token is no longer good. There is nothing to recover.
    pub(super) async fn leave_revoked(&mut self) -> Result<(), End> {
        for nsp in revoked(&*self.pod.app, &self.state) {
            let sent = self.send_away(&nsp, 0).await;
            sent.map_err(|end| end.unwrap_or(End::Revoked))?;
            if self.state.sockets.is_empty() {
                return Err(End::Revoked);
            }
        }
        Ok(())
    }

    /// `Err(None)` if its departure could not be written.
    async fn send_away(&mut self, nsp: &str, window_ms: Millis) -> Result<(), Option<End>> {
        self.listening.remove(nsp);
        if let Some(gone) = self.state.socket(&self.sid, nsp) {
            let left = depart::socket(&*self.pod, &gone, window_ms).await;
            left.map_err(|Trouble| None)?;
            self.state.sockets.shift_remove(nsp);
        }
        let farewell = Frame::text(write::disconnect(nsp));
        let sent = self.link.send(&[farewell]).await;
        sent.map_err(|error| Some(End::Link(error)))
    }

    /// Whether the record of this socket is still this connection's.
    async fn is_held(&mut self, nsp: &str) -> Result<bool, Unavailable> {
        let mut none = Effects::new(self.state.handshake.revision);
        let inbound = Inbound {
            pod: &*self.pod,
            sid: &self.sid,
            connection: &mut self.state,
            effects: &mut none,
            queries: None,
        };
        inbound.holds(nsp).await
    }
}
