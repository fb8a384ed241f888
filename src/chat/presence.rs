use super::{
    Chat,
    actor::{Actor, GuestActor, OperatorActor},
    attempt::{Repeat, Wrote, unsettled},
    rules,
};
use crate::{
    hub::{Commit, Presence, RecordOp, Subject, Written},
    model::{
        Agent, DedupId, Direction, Notice, Offset, OperatorId, Reject, SessionId, WorkspaceId,
    },
};

impl Chat {
    /// An operator's socket has connected, anew or recovered. Returns where a new one starts to
    /// read: nothing that is committed later is missed. Its record of recovery begins there.
    pub async fn operator_arrived(
        &self,
        actor: &OperatorActor,
        dedup: &DedupId,
        record: Option<RecordOp>,
    ) -> Result<Offset, Reject> {
        let mut commit = rules::presence::operator_arrived(actor, dedup);
        commit.record = record;
        let written = self.put(&commit).await?;
        Ok(Offset {
            epoch: written.epoch,
            at: written.top,
        })
    }

    /// A guest's socket was recovered: what is said beside its log it may have missed. One that starts
    /// is present by its start.
    pub async fn guest_arrived(
        &self,
        actor: &GuestActor,
        dedup: &DedupId,
    ) -> Result<Option<Notice>, Reject> {
        let Some(commit) = rules::presence::guest_arrived(actor, dedup) else {
            return Ok(None);
        };
        let written = self.put(&commit).await?;
        Ok(written.session.map(|session| Notice::Marks {
            session: session.id,
            direction: Direction::In,
            marks: session.marks,
        }))
    }

    /// The actor's connection is gone; it may have others. Says whether there was anything to write,
    /// with which the record went as well.
    pub async fn gone(
        &self,
        actor: &Actor,
        dedup: &DedupId,
        record: Option<RecordOp>,
    ) -> Result<bool, Reject> {
        let mut commit = match actor {
            Actor::Guest(guest) => match &guest.session {
                Some(session) => {
                    let until = self.clock.now() + self.settings.guest_grace_ms;
                    rules::presence::guest_left(guest, session, until, dedup)
                }
                None => return Ok(false),
            },
            Actor::Operator(operator) => {
                let keep_until = self.clock.now() + self.settings.operator_grace_ms;
                rules::presence::operator_left(operator, keep_until, dedup)
            }
        };
        commit.record = record;
        self.put(&commit).await?;
        Ok(true)
    }

    /// As [`Chat::gone`], where nothing else is known of the connection.
    pub async fn lost(&self, presence: Presence) -> Result<(), Reject> {
        let commit = self.departure(presence, false).await?;
        self.put(&commit).await.map(drop)
    }

    /// `due`: only if nobody has looked after the presence meanwhile.
    pub(super) async fn departure(&self, presence: Presence, due: bool) -> Result<Commit, Reject> {
        let agent = match &presence.subject {
            Subject::Guest(_) => None,
            Subject::Operator(id) => Some(self.agent(&presence.workspace, id).await?),
        };
        let grace_ms = match &agent {
            Some(_) => self.settings.operator_grace_ms,
            None => self.settings.guest_grace_ms,
        };
        let until = self.clock.now() + grace_ms;
        let mut commit = rules::presence::lost(&presence, agent, until);
        if due {
            commit.deadlines.push(rules::presence::due(&presence));
        }
        Ok(commit)
    }

    /// As its colleagues know it.
    async fn agent(&self, workspace: &WorkspaceId, id: &OperatorId) -> Result<Agent, Reject> {
        let present = self.hub.operators(workspace).await;
        let present = present.map_err(|_| Reject::unavailable())?;
        let known = present.into_iter().find(|it| it.agent.id == *id);
        let unknown = || Agent {
            id: id.clone(),
            name: id.to_string(),
        };
        Ok(known.map_or_else(unknown, |it| it.agent))
    }

    /// The guest's socket turns to a session: it is no longer present in the one it had.
    pub(super) async fn leave_other(
        &self,
        actor: &GuestActor,
        session: &SessionId,
    ) -> Result<(), Reject> {
        match &actor.session {
            Some(before) if before != session => {
                // No client repeats this one, and doing it twice does no harm.
                let until = self.clock.now() + self.settings.guest_grace_ms;
                let commit = rules::presence::guest_left(actor, before, until, &DedupId::draw());
                self.put(&commit).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn put(&self, commit: &Commit) -> Result<Box<Written>, Reject> {
        let wrote = match self.write(commit, Repeat::Request).await? {
            Wrote::Absent => {
                let commit = rules::presence::without_session(commit);
                self.write(&commit, Repeat::Request).await?
            }
            wrote => wrote,
        };
        match wrote {
            Wrote::Now(written) | Wrote::Before(written) => Ok(written),
            Wrote::Conflict | Wrote::Exists(_) | Wrote::Absent => Err(unsettled()),
        }
    }
}
