use super::{
    Chat,
    actor::OperatorActor,
    attempt::{Repeat, Wrote, unsettled},
    done::Done,
    rules,
};
use crate::model::{DedupId, Reject, Reply};

impl Chat {
    pub(super) async fn set_status(
        &self,
        actor: &OperatorActor,
        away: bool,
        dedup: &DedupId,
    ) -> Result<Done, Reject> {
        let mut commit = rules::status(actor, away, dedup);
        commit.rate = self.settings.rates.operator_signal(&actor.id);
        match self.write(&commit, Repeat::Request).await? {
            Wrote::Now(_) | Wrote::Before(_) => Ok(Done::of(Reply::Done)),
            Wrote::Conflict | Wrote::Exists(_) | Wrote::Absent => Err(unsettled()),
        }
    }

    /// Those who are connected.
    pub(super) async fn operators(&self, actor: &OperatorActor) -> Result<Done, Reject> {
        let operators = self.hub.operators(&actor.workspace).await;
        let operators = operators.map_err(|_| Reject::unavailable())?;
        Ok(Done::of(Reply::Operators(operators)))
    }
}
