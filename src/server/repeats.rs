//! What official clients send again by themselves (`retries`) comes as a new event: nothing marks it. They have
//! one such event in flight, so a repeat has the same arguments, the next ack id, and comes either first of all
//! on a recovered connection, or while the answer to the first is still held back.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    App,
    app::{Named, Saying},
    receive::{Fault, Inbound},
};
use crate::{
    hub::Mark,
    model::{DedupId, Millis, RecoveryId, Sid},
    wire::socket::Event,
};

/// Nobody repeats earlier: who says the same twice at once means it.
const PATIENCE_MS: Millis = 1_000;
/// A client repeats as soon as it is back: who says the same later means it.
const AT_ONCE_MS: Millis = 3_000;

/// The last event of a socket that wanted an answer, as far as this connection knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Asked {
    #[default]
    Nothing,
    /// On this other connection, from which the socket was recovered at this time. What is known is that of one
    /// that was a repeat itself: the others' names follow from their numbers.
    Elsewhere(Sid, Millis, Option<Asking>),
    Here(Asking),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asking {
    number: u64,
    /// Of everything it says.
    digest: String,
    at: Millis,
    /// Under which its work was done.
    dedup: DedupId,
    is_repeat: bool,
    /// What its answer waits for.
    mark: Option<Mark>,
}

impl Asked {
    /// What whoever recovers the socket has to know.
    pub fn kept(&self) -> Option<Asking> {
        match self {
            Self::Here(asking) if asking.is_repeat => Some(asking.clone()),
            Self::Elsewhere(.., kept) => kept.clone(),
            Self::Here(_) | Self::Nothing => None,
        }
    }

    pub fn answered(&mut self, number: Option<u64>, say: &[Saying]) {
        if let Self::Here(asking) = self
            && Some(asking.number) == number
        {
            let mut waits = say.iter().filter_map(|saying| saying.wait.as_ref());
            asking.mark = waits.next().map(|wait| wait.mark.clone());
        }
    }
}

impl<A: App> Inbound<'_, A> {
    /// The name of an event, and of what it may repeat. `request`: its name where it cannot be a repeat.
    pub(super) async fn name(
        &mut self,
        nsp: &str,
        event: &Event,
        request: &str,
    ) -> Result<Named, Fault> {
        let plain = Named {
            id: DedupId::new(request),
            repeats: None,
        };
        let is_recoverable = self.is_recoverable();
        let known = self.connection.sockets.get_mut(nsp);
        let (Some(known), Some(number)) = (known.filter(|_| is_recoverable), event.id) else {
            return Ok(plain);
        };
        let digest = digest(event);
        let name = |sid, number| name(&known.recovery, sid, number, &digest);
        let next = |asking: &Asking| asking.number + 1 == number && asking.digest == digest;
        let now = self.pod.now();
        let own = name(self.sid, number);
        let (id, repeats) = match &known.asked {
            // Numbers that do not rise name nothing.
            Asked::Here(before) if before.number >= number => (plain.id, None),
            Asked::Here(before) if next(before) && before.at + PATIENCE_MS <= now => {
                let persisted = self.pod.deliver.persisted();
                let until = before.at + self.pod.settings.ack_timeout_ms;
                let held = before.mark.as_ref().filter(|_| now < until);
                let held = held.is_some_and(|mark| !persisted.borrow().holds(mark));
                (own, held.then(|| before.dedup.clone()))
            }
            Asked::Elsewhere(_, at, _) if at + AT_ONCE_MS < now => (own, None),
            Asked::Elsewhere(.., Some(before)) if next(before) => (own, Some(before.dedup.clone())),
            Asked::Elsewhere(sid, ..) if number > 0 => (own, Some(name(sid, number - 1))),
            _ => (own, None),
        };
        let is_repeat = repeats.is_some();
        known.asked = Asked::Here(Asking {
            number,
            digest,
            at: now,
            dedup: repeats.clone().unwrap_or_else(|| id.clone()),
            is_repeat,
            mark: None,
        });
        if is_repeat && let Some(socket) = self.connection.socket(self.sid, nsp) {
            // Before its work: it may be repeated once more, from another connection.
            self.remember(&socket).await?;
        }
        Ok(Named { id, repeats })
    }
}

/// With the connection, since only there are numbers given once.
fn name(socket: &RecoveryId, sid: &Sid, number: u64, digest: &str) -> DedupId {
    DedupId::new(format!("e:{socket}:{sid}:{number}:{digest}"))
}

fn digest(event: &Event) -> String {
    let said = serde_json::to_vec(&(event.name.as_str(), &event.args)).unwrap_or_default();
    let mut hash = Sha256::new_with_prefix(said);
    for bytes in &event.attachments {
        hash.update(bytes);
    }
    let half: String = hash.finalize()[..16]
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect();
    half
}
