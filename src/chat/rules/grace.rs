//! An operator whose last connection is gone keeps its sessions for a while.

use super::hand;
use crate::{
    hub::{Commit, DeadlineOp, Draft, Edge, Guard, NewChange},
    model::{DedupId, Millis, OperatorId, Session, WorkspaceId},
};

/// The deadline after which the sessions of an operator go back to the queue.
pub(in crate::chat) const REQUEUE: &str = "requeue:";

/// Runs from when the last connection is gone.
pub(super) fn begins(operator: &OperatorId, at: Millis) -> DeadlineOp {
    DeadlineOp::Set {
        name: name(operator),
        at,
        only_on: Some(Edge::Offline),
    }
}

/// Whoever is back in time has lost nothing.
pub(super) fn ends(operator: &OperatorId) -> DeadlineOp {
    let name = name(operator);
    DeadlineOp::Clear { name }
}

/// For one who had sessions when the hot state was lost, and may never come back; and for one who takes them without
/// a connection.
pub(in crate::chat) fn after_restore(
    workspace: &WorkspaceId,
    operator: &OperatorId,
    at: Millis,
) -> Commit {
    let mut commit = of_workspace(workspace);
    commit.deadlines = vec![DeadlineOp::Set {
        name: name(operator),
        at,
        only_on: None,
    }];
    commit
}

/// One who came back just before [`after_restore`] and found nothing to take away.
pub(in crate::chat) fn is_back(workspace: &WorkspaceId, operator: &OperatorId) -> Commit {
    let mut commit = of_workspace(workspace);
    commit.deadlines = vec![ends(operator)];
    commit
}

/// One session of an operator who has not come back. Once, however many pods do it: the version that
/// was read is another one afterwards. `None` if it is not its any more.
pub(in crate::chat) fn requeue(operator: &OperatorId, session: &Session) -> Option<Commit> {
    let agent = session.agent.clone().filter(|it| it.id == *operator)?;
    if !session.status.is_open() {
        return None;
    }
    let mut commit = Commit::new(
        session.workspace.clone(),
        Some(session.id.clone()),
        DedupId::draw(),
        Guard::Version(session.version),
    );
    hand::release(&mut commit);
    hand::close_offer(&mut commit, &session.id);
    let name = name(operator);
    commit.deadlines.push(DeadlineOp::While { name });
    commit.append = vec![Draft {
        change: NewChange::Released { agent },
        origin: None,
        to: None,
        only_on: None,
    }];
    commit.append.extend(hand::withdrawn(session));
    Some(commit)
}

/// All its sessions are back in the queue.
pub(in crate::chat) fn over(workspace: &WorkspaceId, operator: &OperatorId) -> Commit {
    let mut commit = of_workspace(workspace);
    let name = name(operator);
    commit.deadlines = vec![DeadlineOp::Due { name }];
    commit
}

fn name(operator: &OperatorId) -> String {
    format!("{REQUEUE}{operator}")
}

fn of_workspace(workspace: &WorkspaceId) -> Commit {
    Commit::new(workspace.clone(), None, DedupId::draw(), Guard::Any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{ann, operator, session},
        hub::QueueOp,
        model::Status,
    };

    #[test]
    fn p9_only_what_is_still_its_goes_back_to_the_queue() {
        use Status::{Active, Ended, Waiting};
        let cases = [
            (Active, Some("ann"), true),
            (Active, Some("bob"), false),
            (Waiting, None, false),
            (Ended, Some("ann"), false),
        ];
        for (status, agent, expected) in cases {
            let mut session = session(status);
            session.agent = agent.map(|id| operator(id).agent());
            let decided = requeue(&ann().id, &session);
            assert_eq!(decided.is_some(), expected, "{status:?} {agent:?}");
        }
    }

    #[test]
    fn p9_it_goes_back_once_and_only_while_the_operator_is_away() {
        let mut mine = session(Status::Active);
        mine.agent = Some(ann().agent());
        mine.version = 4;
        let commit = requeue(&ann().id, &mine).unwrap();
        assert_eq!(commit.guard, Guard::Version(4));
        assert_eq!(commit.queue, Some(QueueOp::Enter));
        assert_eq!(commit.set.agent, Some(None));
        let while_away = DeadlineOp::While {
            name: "requeue:ann".into(),
        };
        assert!(commit.deadlines.contains(&while_away));
        let [back] = [ends(&ann().id)];
        assert!(matches!(back, DeadlineOp::Clear { name } if name == "requeue:ann"));
    }

    #[test]
    fn p9_the_time_runs_from_the_last_connection() {
        let begun = begins(&ann().id, 7);
        assert!(matches!(
            begun,
            DeadlineOp::Set {
                at: 7,
                only_on: Some(Edge::Offline),
                ..
            }
        ));
    }
}
