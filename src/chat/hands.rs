use super::{
    Chat,
    actor::OperatorActor,
    attempt::{DECISIONS, Repeat, Wrote, unsettled},
    done::{Done, mark},
    rules,
};
use crate::{
    hub::{Commit, Guard, Written},
    model::{
        DedupId, EntryId, Epoch, Millis, Operator, OperatorId, Reject, Reply, Session, SessionId,
    },
};

impl Chat {
    /// Takes a waiting session. Of several operators who try, one gets it: the guard is the version
    /// that was read, and the losers read again who was faster.
    pub(super) async fn claim(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let rule = |session: &Session, now| rules::claim(actor, session, now, dedup);
        self.change_hands(actor, session, dedup, rule).await
    }

    /// Somebody works without a connection, by requests alone: as one whose last connection is gone, it keeps its
    /// sessions for a while after each. Of one who is connected nothing is set that would have to be taken back,
    /// by a pod that may have died.
    pub async fn works_apart(&self, actor: &OperatorActor) -> Result<(), Reject> {
        if self.is_connected(actor).await? {
            return Ok(());
        }
        let at = self.clock.now() + self.settings.operator_grace_ms;
        let commit = rules::grace::after_restore(&actor.workspace, &actor.id, at);
        self.write(&commit, Repeat::Request).await?;
        // It may have come just before, and found nothing to take away.
        if self.is_connected(actor).await? {
            let commit = rules::grace::is_back(&actor.workspace, &actor.id);
            self.write(&commit, Repeat::Request).await?;
        }
        Ok(())
    }

    pub(super) async fn is_connected(&self, actor: &OperatorActor) -> Result<bool, Reject> {
        let here = self.hub.operators(&actor.workspace).await;
        let here = here.map_err(|_| Reject::unavailable())?;
        Ok(here.iter().any(|it| it.agent.id == actor.id))
    }

    pub(super) async fn leave(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let rule = |session: &Session, _| rules::leave(actor, session, dedup);
        self.change_hands(actor, session, dedup, rule).await
    }

    /// Whether the colleague is there is as of a moment ago: if it leaves meanwhile the offer expires.
    pub(super) async fn transfer(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        to: &OperatorId,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let connected = self.hub.operators(&actor.workspace).await;
        let connected = connected.map_err(|_| Reject::unavailable())?;
        let to: Option<&Operator> = connected.iter().find(|it| it.agent.id == *to);
        let time = self.settings.transfer_timeout_ms;
        let rule = |session: &Session, now: Millis| {
            rules::transfer::offer(actor, session, to, now + time, dedup)
        };
        self.change_hands(actor, session, dedup, rule).await
    }

    pub(super) async fn answer_offer(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        accepts: bool,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let rule =
            |session: &Session, now| rules::transfer::answer(actor, session, accepts, now, dedup);
        self.change_hands(actor, session, dedup, rule).await
    }

    /// Reads the session, decides, and writes what was decided if the session is still as it was read.
    async fn change_hands(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        dedup: &DedupId,
        rule: impl Fn(&Session, Millis) -> Result<Option<Commit>, Reject>,
    ) -> Result<Done, Reject> {
        for _ in 0..DECISIONS {
            let (session, queue_position) = self.session(&actor.workspace, session).await?;
            let decided = match rule(&session, self.clock.now()) {
                Ok(decided) => decided,
                Err(reject) => {
                    let before = self.granted_before(actor, &session.id, dedup).await?;
                    return before.ok_or(reject);
                }
            };
            let Some(mut commit) = decided else {
                // So it is already; but whether that is stored is not known from here.
                let top = self.hub.top(&actor.workspace).await;
                let epoch = top.map_err(|_| Reject::unavailable())?.epoch;
                let newest = session.last_entry;
                return Ok(done(session, queue_position, &epoch, newest));
            };
            commit.rate = self.settings.rates.operator_signal(&actor.id);
            match self.write(&commit, Repeat::Request).await? {
                Wrote::Now(written) | Wrote::Before(written) => return granted(*written),
                Wrote::Conflict | Wrote::Exists(_) | Wrote::Absent => {}
            }
        }
        Err(unsettled())
    }

    /// The first result of a request that was carried out, and comes again when others have acted on that
    /// already. The guard of this commit never holds, so that it only finds what was before.
    async fn granted_before(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        dedup: &DedupId,
    ) -> Result<Option<Done>, Reject> {
        let (workspace, session) = (actor.workspace.clone(), Some(session.clone()));
        let commit = Commit::new(workspace, session, dedup.clone(), Guard::Version(u64::MAX));
        match self.write(&commit, Repeat::Request).await {
            Ok(Wrote::Before(written)) => granted(*written).map(Some),
            Ok(_) => Ok(None),
            Err(reject) if reject.is_final() => Ok(None),
            Err(reject) => Err(reject),
        }
    }
}

fn granted(written: Written) -> Result<Done, Reject> {
    let session = written.session.ok_or_else(Reject::unavailable)?;
    let newest = written
        .stamped
        .first()
        .map_or(session.last_entry, |entry| entry.id);
    Ok(done(
        session,
        written.queue_position,
        &written.epoch,
        newest,
    ))
}

fn done(session: Session, queue_position: Option<u64>, epoch: &Epoch, newest: EntryId) -> Done {
    let stored = mark(&session.workspace, epoch, newest);
    Done::of(Reply::Session {
        session: Box::new(session),
        queue_position,
    })
    .after(Some(stored))
}
