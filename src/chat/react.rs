use std::time::Duration;

use super::{
    Chat,
    actor::{GuestActor, OperatorActor},
    attempt::Repeat,
    done::{Done, mark},
    rules,
};
use crate::{
    hub::{Commit, Log},
    model::{
        Code, DedupId, EntryId, MessageId, Participant, React, Reject, Reply, SessionId,
        WorkspaceId,
    },
};

/// A message is drawn on a pod before it is committed by the hub's clock: their clocks differ by less.
const SKEW: Duration = Duration::from_secs(30);
/// Entries of the feed that are looked through for a message that is not stored yet.
const LOOK: usize = 1000;

impl Chat {
    pub(super) async fn guest_reacts(
        &self,
        actor: &GuestActor,
        react: React,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let session = actor.bound()?;
        let of = (&actor.workspace, session);
        self.check_message(of, react.message, actor.since).await?;
        let place = (&actor.workspace, session);
        let by = Participant::Guest;
        let mut commit = rules::react(place, by, react, &actor.recovery, dedup);
        // It is stored and told as a message is.
        commit.rate = self.settings.rates.guest.rate("guest", session.as_str());
        self.put_reaction(&commit).await
    }

    pub(super) async fn staff_reacts(
        &self,
        actor: &OperatorActor,
        session: Option<SessionId>,
        react: React,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let workspace = &actor.workspace;
        let session = match session {
            Some(session) => {
                self.known(workspace, &session).await?;
                let of = (workspace, &session);
                self.check_message(of, react.message, 0).await?;
                session
            }
            None => self.session_of(workspace, react.message).await?,
        };
        let by = Participant::Operator(actor.id.clone());
        let mut commit = rules::react((workspace, &session), by, react, &actor.recovery, dedup);
        let limit = self.settings.rates.operator;
        commit.rate = limit.rate("operator", actor.id.as_str());
        self.put_reaction(&commit).await
    }

    async fn put_reaction(&self, commit: &Commit) -> Result<Done, Reject> {
        let (written, _) = self.write_loaded(commit, Repeat::Request).await?;
        let stored = written.stamped.first();
        let stored = stored.map(|entry| mark(&commit.workspace, &written.epoch, entry.id));
        Ok(Done::of(Reply::Done).after(stored))
    }

    /// The newest are in the hub, and those that it has let go of in the history. One that is not above
    /// `since` is not for the asker, who learns nothing of it.
    async fn check_message(
        &self,
        (workspace, session): (&WorkspaceId, &SessionId),
        message: MessageId,
        since: u64,
    ) -> Result<(), Reject> {
        let hot = self.hub.find_message(workspace, session, message).await;
        let seq = match hot.map_err(|_| Reject::unavailable())? {
            Some(seq) => Some(seq),
            None => {
                let stored = self.history.session_of(workspace, message).await;
                let stored = stored.map_err(|_| Reject::unavailable())?;
                stored
                    .filter(|(owner, _)| owner == session)
                    .map(|(_, seq)| seq)
            }
        };
        match seq {
            Some(seq) if seq > since => Ok(()),
            _ => Err(no_such_message()),
        }
    }

    /// Stored as a rule; a message that is a moment old may be in the feed only.
    async fn session_of(
        &self,
        workspace: &WorkspaceId,
        message: MessageId,
    ) -> Result<SessionId, Reject> {
        let stored = self.history.session_of(workspace, message).await;
        if let Ok(Some((session, _))) = stored {
            return Ok(session);
        }
        let drawn_ms = message.drawn_at().ok_or_else(no_such_message)?;
        let skew = u64::try_from(SKEW.as_millis()).unwrap_or(u64::MAX);
        let after = EntryId {
            ms: drawn_ms.saturating_sub(skew),
            seq: 0,
        };
        let page = self
            .hub
            .read(&Log::Feed(workspace.clone()), after, LOOK)
            .await;
        let page = page.map_err(|_| Reject::unavailable())?;
        let is_it = |id: MessageId| id == message;
        let mut messages = page.entries.iter().filter_map(|entry| entry.message());
        match (messages.find(|it| is_it(it.id)), stored) {
            (Some(found), _) => Ok(found.session.clone()),
            (None, Ok(_)) => Err(no_such_message()),
            (None, Err(_)) => Err(Reject::unavailable()),
        }
    }
}

/// The same answer for an id that was never given out and for one of another session or workspace.
fn no_such_message() -> Reject {
    Reject {
        field: Some("messageId"),
        ..Reject::new(Code::NotFound, "No such message")
    }
}
