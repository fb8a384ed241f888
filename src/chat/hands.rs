use super::{
    Chat,
    actor::OperatorActor,
    attempt::{DECISIONS, Repeat, Wrote, unsettled},
    done::{Done, mark},
    rules,
};
use crate::{
    hub::Commit,
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
        self.change_hands(actor, session, rule).await
    }

    pub(super) async fn leave(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let rule = |session: &Session, _| rules::leave(actor, session, dedup);
        self.change_hands(actor, session, rule).await
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
        self.change_hands(actor, session, rule).await
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
        self.change_hands(actor, session, rule).await
    }

    /// Reads the session, decides, and writes what was decided if the session is still as it was read.
    async fn change_hands(
        &self,
        actor: &OperatorActor,
        session: &SessionId,
        rule: impl Fn(&Session, Millis) -> Result<Option<Commit>, Reject>,
    ) -> Result<Done, Reject> {
        for _ in 0..DECISIONS {
            let (session, queue_position) = self.session(&actor.workspace, session).await?;
            let Some(commit) = rule(&session, self.clock.now())? else {
                // So it is already; but whether that is stored is not known from here.
                let top = self.hub.top(&actor.workspace).await;
                let epoch = top.map_err(|_| Reject::unavailable())?.epoch;
                let newest = session.last_entry;
                return Ok(done(session, queue_position, &epoch, newest));
            };
            match self.write(&commit, Repeat::Request).await? {
                Wrote::Now(written) | Wrote::Before(written) => {
                    let session = written.session.ok_or_else(Reject::unavailable)?;
                    let newest = written.stamped.first().map_or(session.last_entry, |e| e.id);
                    let place = written.queue_position;
                    return Ok(done(session, place, &written.epoch, newest));
                }
                Wrote::Conflict | Wrote::Exists(_) | Wrote::Absent => {}
            }
        }
        Err(unsettled())
    }
}

fn done(session: Session, queue_position: Option<u64>, epoch: &Epoch, newest: EntryId) -> Done {
    let stored = mark(&session.workspace, epoch, newest);
    Done::reply(Reply::Session {
        session: Box::new(session),
        queue_position,
    })
    .after(Some(stored))
}
