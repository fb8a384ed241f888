use super::draft;
use crate::{
    chat::OperatorActor,
    hub::{Commit, Draft, Edge, Guard, NewChange, StatusOp},
    model::DedupId,
};

/// The operator is away, or back, with all of its tabs and until it says otherwise. The colleagues hear
/// of a change only.
pub(in crate::chat) fn status(actor: &OperatorActor, away: bool, dedup: &DedupId) -> Commit {
    let agent = actor.agent();
    let mut commit = Commit::new(actor.workspace.clone(), None, dedup.clone(), Guard::Any);
    commit.status = Some(StatusOp {
        operator: actor.id.clone(),
        away,
    });
    commit.append = vec![Draft {
        only_on: Some(Edge::Raised),
        ..draft(NewChange::OperatorStatus { agent, away }, &actor.recovery)
    }];
    commit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::rules::cases::{ann, dedup};

    #[test]
    fn an_operator_speaks_of_itself_and_of_changes_only() {
        for away in [true, false] {
            let commit = status(&ann(), away, &dedup());
            let op = commit.status.as_ref().unwrap();
            assert_eq!((&op.operator, op.away), (&ann().id, away));
            assert!(commit.session.is_none());
            assert!(matches!(&commit.append[..], [it] if it.only_on == Some(Edge::Raised)));
        }
    }
}
