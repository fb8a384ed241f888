use super::{connection::Connection, end::End};
use crate::{
    hub::Unavailable,
    model::Frame,
    server::{
        App, Trouble, depart,
        effects::Effects,
        receive::{Fault, Inbound},
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
            self.listening.remove(&nsp);
            if let Some(gone) = self.state.socket(&self.sid, &nsp) {
                let window_ms = self.pod.settings.recovery_window_ms;
                let left = depart::socket(&*self.pod, &gone, window_ms).await;
                left.map_err(|Trouble| End::Fenced)?;
                self.state.sockets.shift_remove(&nsp);
            }
            let farewell = Frame::text(write::disconnect(&nsp));
            self.link.send(&[farewell]).await.map_err(End::Link)?;
        }
        // One that has none yet is on its way in.
        if has_left && self.state.sockets.is_empty() {
            return Err(End::Fenced);
        }
        Ok(())
    }

    /// Whether the record of this socket is still this connection's.
    async fn is_held(&mut self, nsp: &str) -> Result<bool, Unavailable> {
        let mut none = Effects::default();
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
