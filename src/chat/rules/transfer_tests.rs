use super::*;
use crate::{
    chat::rules::cases::{ann, dedup, operator, session},
    hub::QueueOp,
};

fn connected(id: &str, away: bool) -> Operator {
    Operator {
        agent: operator(id).agent(),
        away,
    }
}

fn of_ann(offered_to: Option<&str>) -> Session {
    let mut mine = session(Status::Active);
    mine.agent = Some(ann().agent());
    mine.version = 5;
    mine.offer = offered_to.map(|to| Offer {
        from: ann().agent(),
        to: OperatorId::new(to),
        expires_at: 100,
    });
    mine
}

#[test]
fn a_session_is_offered_by_who_has_it_to_who_is_there() {
    let bob = connected("bob", false);
    let with = |status, agent: Option<&str>| {
        let mut session = session(status);
        session.agent = agent.map(|id| operator(id).agent());
        session
    };
    use Status::{Active, Ended, Waiting};
    let cases = [
        (with(Active, Some("ann")), Some(bob.clone()), Ok(true)),
        (with(Active, Some("ann")), None, Err(Code::NotFound)),
        (
            with(Active, Some("ann")),
            Some(connected("bob", true)),
            Err(Code::Conflict),
        ),
        (
            with(Active, Some("ann")),
            Some(connected("ann", false)),
            Err(Code::Invalid),
        ),
        (
            with(Active, Some("bob")),
            Some(bob.clone()),
            Err(Code::Forbidden),
        ),
        (with(Waiting, None), Some(bob.clone()), Err(Code::Conflict)),
        (
            with(Ended, Some("ann")),
            Some(bob.clone()),
            Err(Code::Ended),
        ),
        (of_ann(Some("bob")), Some(bob.clone()), Ok(false)),
        (of_ann(Some("cleo")), Some(bob), Ok(true)),
    ];
    for (session, to, expected) in cases {
        let decided = offer(&ann(), &session, to.as_ref(), 100, &dedup());
        let told = decided
            .map(|commit| commit.is_some())
            .map_err(|reject| reject.code);
        assert_eq!(told, expected, "{session:?} {to:?}");
    }
}

#[test]
fn all_hear_of_an_offer_and_one_is_asked() {
    let bob = connected("bob", false);
    let commit = offer(&ann(), &of_ann(None), Some(&bob), 100, &dedup());
    let commit = commit.unwrap().unwrap();
    assert_eq!(commit.guard, Guard::Version(5));
    assert!(
        commit.set.status.is_none() && commit.set.agent.is_none(),
        "it stays with ann"
    );
    let [opened, asked] = commit.append.as_slice() else {
        panic!("two entries")
    };
    assert!(matches!(opened.change, NewChange::OfferOpened { .. }) && opened.to.is_none());
    assert!(matches!(asked.change, NewChange::Offered { .. }));
    assert_eq!(asked.to, Some(bob.agent.id));
    assert!(matches!(
        &commit.deadlines[..],
        [DeadlineOp::Set { at: 100, .. }]
    ));
}

#[test]
fn p9_an_offer_is_answered_once_by_the_one_it_is_made_to() {
    let (bob, cleo) = (operator("bob"), operator("cleo"));
    let mut of_bob = of_ann(None);
    of_bob.agent = Some(bob.agent());
    let mut over = of_ann(Some("bob"));
    over.status = Status::Ended;
    let cases = [
        (&bob, of_ann(Some("bob")), true, 99, Ok(true)),
        (&bob, of_ann(Some("bob")), false, 99, Ok(true)),
        (&bob, of_ann(Some("bob")), true, 100, Err(Code::Conflict)),
        (&bob, of_ann(None), true, 99, Err(Code::Conflict)),
        (&cleo, of_ann(Some("bob")), true, 99, Err(Code::Conflict)),
        (&bob, of_bob.clone(), true, 99, Ok(false)),
        (&bob, of_bob, false, 99, Err(Code::Conflict)),
        (&bob, over, true, 99, Err(Code::Ended)),
    ];
    for (who, session, accepts, now, expected) in cases {
        let decided = answer(who, &session, accepts, now, &dedup());
        let told = decided
            .map(|commit| commit.is_some())
            .map_err(|reject| reject.code);
        assert_eq!(told, expected, "{} {accepts} {now} {session:?}", who.id);
    }
}

#[test]
fn p9_answer_and_end_of_time_take_the_same_deadline() {
    let offered = of_ann(Some("bob"));
    let accepted = answer(&operator("bob"), &offered, true, 1, &dedup());
    let accepted = accepted.unwrap().unwrap();
    let expired = expire(&offered.workspace, &offered.id, Some(&offered));
    let [DeadlineOp::Take { name: taken, .. }] = accepted.deadlines.as_slice() else {
        panic!("takes it")
    };
    let [DeadlineOp::Due { name: due }] = expired.deadlines.as_slice() else {
        panic!("is due")
    };
    assert_eq!(taken, due);
    assert_eq!(accepted.queue, Some(QueueOp::Leave));
    assert!(
        matches!(&accepted.append[0].change, NewChange::Assigned { agent, before: Some(before) }
            if *agent == operator("bob").agent() && *before == ann().agent())
    );
    assert_eq!(expired.set.offer, Some(None));
    assert!(expired.set.agent.is_none(), "it stays with ann");
}

#[test]
fn the_end_of_an_offer_that_is_gone_says_nothing() {
    for session in [None, Some(of_ann(None))] {
        let commit = expire(&ann().workspace, &of_ann(None).id, session.as_ref());
        assert!(commit.append.is_empty() && commit.session.is_none());
        assert_eq!(commit.deadlines.len(), 1);
    }
}
