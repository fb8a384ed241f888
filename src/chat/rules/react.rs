use super::draft;
use crate::{
    hub::{Commit, Guard, NewChange},
    model::{DedupId, Participant, React, Reaction, RecoveryId, SessionId, WorkspaceId},
};

/// Puts an emoji at a message of an open session, or takes it away. That the message is of this session
/// has been seen before: messages never move.
pub(in crate::chat) fn react(
    (workspace, session): (&WorkspaceId, &SessionId),
    by: Participant,
    react: React,
    origin: &RecoveryId,
    dedup: &DedupId,
) -> Commit {
    let reaction = Reaction {
        message: react.message,
        by,
        emoji: react.emoji,
        on: react.on,
    };
    let mut commit = Commit::new(
        workspace.clone(),
        Some(session.clone()),
        dedup.clone(),
        Guard::Open,
    );
    commit.append = vec![draft(NewChange::Reacted { reaction }, origin)];
    commit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{ann, dedup, id},
        model::MessageId,
    };

    #[test]
    fn p5_who_reacts_is_the_one_who_asks() {
        let wanted = React {
            message: MessageId(uuid::Uuid::from_u128(1)),
            emoji: "👍".into(),
            on: true,
        };
        let by = Participant::Operator(ann().id);
        let place = (&ann().workspace, &id("s"));
        let commit = react(place, by.clone(), wanted, &ann().recovery, &dedup());
        assert_eq!(commit.guard, Guard::Open);
        let [entry] = commit.append.as_slice() else {
            panic!("one entry")
        };
        assert!(
            matches!(&entry.change, NewChange::Reacted { reaction } if reaction.by == by && reaction.on)
        );
    }
}
