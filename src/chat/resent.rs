use sha2::{Digest, Sha256};

use super::{
    Chat,
    actor::OperatorActor,
    rules::{self, shown::WINDOW_MS},
};
use crate::{
    hub::{Limit, Rate},
    model::{HistoryQuery, Message, MessageId, Reject, Send, SessionId},
};

/// Messages looked through, from the newest on.
const LOOK: usize = 100;
/// That something was said by a request.
const SAID: Limit = Limit {
    max: 1,
    window_ms: WINDOW_MS,
};
/// As [`SAID`], to look whether it is so: what is not, is noted for no longer than the look.
const LOOKS: Limit = Limit {
    max: 1,
    window_ms: 1,
};

/// What a page says by a request while its socket is away, its client library may have kept as well, and sends once the
/// socket is back. That has no name, so it is known by what it says.
impl Chat {
    /// It was said by a request, under a name of [`rules::shown::name_of`].
    pub async fn note_said(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        text: &str,
    ) -> Result<(), Reject> {
        let said = text_of(actor, session, SAID, text);
        self.charged(said).await.map(drop)
    }

    /// The name of the message, if a socket sends again what was said by a request within a minute, for the first time.
    pub async fn resent(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        send: &Send,
    ) -> Result<Option<String>, Reject> {
        let looks = text_of(actor, session, LOOKS, &send.text);
        // A picture that is said again is known by its bytes once it is stored, and rarely kept by a client.
        if send.client_id.is_some() || send.file.is_some() || !self.charged(looks).await? {
            return Ok(None);
        }
        let query = HistoryQuery {
            before_seq: None,
            limit: LOOK,
        };
        let (page, _) = self.page(&actor.workspace, session, query, 0).await?;
        let since = self.clock.now().saturating_sub(WINDOW_MS);
        let texts = self.texts(&actor.workspace, &send.text);
        for message in rules::shown::by_request(&page, &actor.id, &texts) {
            let is_old = message.at < since;
            if !is_old && !self.charged(again(actor, message)).await? {
                return Ok(message.client_id.clone());
            }
        }
        Ok(None)
    }

    /// Whether it was charged before.
    async fn charged(&self, rate: Option<Rate>) -> Result<bool, Reject> {
        let Some(rate) = rate else { return Ok(false) };
        let full = self.hub.charge(&rate).await;
        full.map(|full| full.is_some())
            .map_err(|_| Reject::unavailable())
    }
}

fn text_of(actor: &OperatorActor, session: &SessionId, limit: Limit, text: &str) -> Option<Rate> {
    let digest = Sha256::digest(text.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    limit.rate("said", &who(actor, session, &digest))
}

fn again(actor: &OperatorActor, message: &Message) -> Option<Rate> {
    let MessageId(id) = message.id;
    SAID.rate("resent", &who(actor, &message.session, &id.to_string()))
}

fn who(actor: &OperatorActor, session: &SessionId, what: &str) -> String {
    let (workspace, id) = (actor.workspace.as_str(), actor.id.as_str());
    format!("{}:{workspace}:{session}:{what}:{id}", workspace.len())
}
