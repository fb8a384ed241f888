use super::{connection::Connection, end::End};
use crate::{
    hub::Unavailable,
    model::{Frame, Millis},
    server::{
        App, Trouble, depart,
        effects::Effects,
        receive::{Fault, Inbound},
        revoke::leaving,
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

    /// Those whose token is no longer good. Of whoever was revoked there is nothing to recover; who has let a token end
    /// comes back to where it was with a new one.
    pub(super) async fn leave_over(&mut self) -> Result<(), End> {
        for (nsp, why) in leaving(&*self.pod.app, &self.state, self.pod.now()) {
            if why == Fault::PutOff {
                return Err(End::Fault(why));
            }
            let window_ms = match why {
                Fault::Ended => self.pod.settings.recovery_window_ms,
                _ => 0,
            };
            let sent = self.send_away(&nsp, window_ms).await;
            sent.map_err(|end| end.unwrap_or(End::Fault(why)))?;
            if self.state.sockets.is_empty() {
                return Err(End::Fault(why));
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
            listeners: None,
            queries: None,
        };
        inbound.holds(nsp).await
    }
}
