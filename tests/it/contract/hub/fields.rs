//! What a session and an entry say beside status and text, and that it stays whole on its way.

use std::sync::Arc;

use switchboard::{
    hub::{Commit, Draft, Guard, NewChange, Presence, PresenceOp, QueueOp, SessionPatch, Subject},
    model::{
        Agent, Change, Entry, Marks, MessageId, Millis, Offer, OfferEnd, OperatorId, Participant,
        Reaction, Session, SessionId, Sid,
    },
};

use super::support::{Bench, agent, draft, enter, message, session, texts};

fn offer(to: &str) -> Offer {
    Offer {
        from: agent("1"),
        to: OperatorId::new(to),
        expires_at: 1_900_000_000_000,
    }
}

async fn sets(bench: &Bench, id: &SessionId, set: SessionPatch) -> (Session, Arc<Entry>) {
    let commit = Commit {
        append: vec![draft(NewChange::Returned)],
        ..bench.sets(id, set)
    };
    let written = bench.commit(commit).await;
    let entry = bench.read(&bench.log(id)).await.pop().unwrap();
    assert_eq!(entry.id, written.stamped[0].id);
    (written.session.unwrap(), entry)
}

pub async fn p7_what_is_set_is_what_is_read(bench: &Bench) {
    let id = bench.start().await;
    let version = bench.session(&id).await.version;
    let opens = |to: &str| SessionPatch {
        offer: Some(Some(offer(to))),
        ..SessionPatch::default()
    };
    let closes = || SessionPatch {
        offer: Some(None),
        ..SessionPatch::default()
    };
    let unverified = |is| SessionPatch {
        unverified: Some(is),
        ..SessionPatch::default()
    };
    let (open, other) = (Some(offer("2")), Some(offer("ö\"{}")));
    let steps = [
        (SessionPatch::default(), None, false),
        (opens("2"), open.clone(), false),
        (SessionPatch::default(), open.clone(), false),
        (unverified(true), open.clone(), true),
        (SessionPatch::default(), open, true),
        (opens("ö\"{}"), other.clone(), true),
        (unverified(false), other, false),
        (closes(), None, false),
        (closes(), None, false),
    ];
    for (n, (set, offer, unverified)) in steps.into_iter().enumerate() {
        let (written, entry) = sets(bench, &id, set).await;
        assert_eq!(
            (&written.offer, written.unverified),
            (&offer, unverified),
            "step {n}"
        );
        assert_eq!(bench.session(&id).await, written, "step {n}");
        assert_eq!(entry.after.as_deref(), Some(&written), "step {n}");
        assert_eq!(written.version, version, "no change of hands, step {n}");
    }
}

/// As it was stored, and as it is loaded again.
pub async fn p7_a_session_is_loaded_with_all_that_it_was(bench: &Bench) {
    let whole = Session {
        agent: Some(agent("1")),
        last_seq: 9,
        unread: 2,
        queued: switchboard::model::EntryId { ms: 7, seq: 3 },
        offer: Some(offer("2")),
        marks: Marks {
            delivered_in: 8,
            delivered_out: 5,
            read_in: 7,
            read_out: 4,
        },
        receipts: [("guest", 4), ("operator:ä\"1", 7)]
            .map(|(who, seq)| (who.to_owned(), seq))
            .into(),
        left: 6,
        unverified: true,
        ..session(&bench.workspace)
    };
    for (n, stored) in [whole, session(&bench.workspace)].into_iter().enumerate() {
        bench
            .commit(Commit {
                append: vec![],
                ..bench.starts(&stored)
            })
            .await;
        let loaded = bench.session(&stored.id).await;
        assert_eq!(loaded, stored, "session {n}");
        let (written, entry) = sets(bench, &stored.id, SessionPatch::default()).await;
        let expected = Session {
            last_entry: entry.id,
            last_activity: entry.id.ms,
            ..stored
        };
        assert_eq!(written, expected);
        assert_eq!(entry.after.as_deref(), Some(&expected), "session {n}");
    }
}

pub async fn what_waits_is_counted_from_the_last_that_leaves(bench: &Bench) {
    let id = bench.start().await;
    let [a, b] = [(); 2].map(|()| Presence {
        workspace: bench.workspace.clone(),
        subject: Subject::Guest(id.clone()),
        sid: Sid::draw(bench.partition()),
    });
    let does = async |op: PresenceOp| {
        let mut commit = Commit {
            presence: Some(op),
            ..bench.says(&id, "meanwhile")
        };
        commit.set.left = true;
        let written = bench.commit(commit).await.session.unwrap();
        assert_eq!(bench.session(&id).await, written);
        (written.left, written.last_seq)
    };
    use PresenceOp::Leave;
    assert_eq!(does(enter(a.clone())).await, (0, 1), "comes");
    assert_eq!(does(enter(b.clone())).await, (0, 2));
    assert_eq!(does(Leave(a.clone())).await, (0, 3), "another one is there");
    assert_eq!(
        does(Leave(b.clone())).await,
        (3, 4),
        "what is said with it waits"
    );
    assert_eq!(does(Leave(b.clone())).await, (3, 5), "is gone already");
    assert_eq!(does(enter(b.clone())).await, (3, 6));
    let mut plain = Commit {
        presence: Some(Leave(b)),
        ..bench.commit_of(Some(&id), Guard::Any)
    };
    plain.set.left = false;
    assert_eq!(bench.commit(plain).await.session.unwrap().left, 3);
}

pub async fn p6_an_entry_says_whom_it_is_for(bench: &Bench) {
    let id = bench.start().await;
    let whom = |to: Option<&str>| to.map(OperatorId::new);
    let all = [None, Some("2"), Some("ö\"{}")];
    let mut pod = bench.listening(&[bench.feed()]).await;
    let before = bench.top().await.at;
    for to in all {
        let offered = Draft {
            to: whom(to),
            ..draft(NewChange::Offered { offer: offer("2") })
        };
        let commit = Commit {
            append: vec![offered],
            ..bench.commit_of(Some(&id), Guard::Open)
        };
        bench.commit(commit).await;
        assert_eq!(pod.entry().await.1.to, whom(to));
    }
    for log in [bench.log(&id), bench.feed()] {
        let entries = bench.read_after(&log, before).await.0;
        let told: Vec<_> = entries.iter().map(|entry| entry.to.clone()).collect();
        assert_eq!(told, all.map(whom));
    }
    let stored = bench.ingest().await;
    let stored: Vec<_> = stored.iter().filter(|it| it.id > before).collect();
    assert_eq!(stored.len(), 3);
    assert_eq!(stored[1].to, whom(Some("2")));
}

/// What is written of a session, and what is read of it.
fn changes() -> Vec<(NewChange, Change)> {
    let (ann, bob): (Agent, Agent) = (agent("1"), agent("2"));
    let reaction = Reaction {
        message: MessageId::draw(),
        by: Participant::Operator(OperatorId::new("1")),
        emoji: "👩🏽‍🚒".into(),
        on: false,
    };
    let closed = |why| {
        let offer = offer("2");
        let written = NewChange::OfferClosed {
            offer: offer.clone(),
            why,
        };
        (written, Change::OfferClosed { offer, why })
    };
    let assigned = |before: Option<Agent>| {
        let agent = bob.clone();
        let written = NewChange::Assigned {
            agent: agent.clone(),
            before: before.clone(),
        };
        (written, Change::Assigned { agent, before })
    };
    vec![
        (NewChange::Returned, Change::Returned),
        assigned(Some(ann.clone())),
        assigned(None),
        (
            NewChange::Released { agent: ann.clone() },
            Change::Released { agent: ann.clone() },
        ),
        (
            NewChange::OfferOpened { offer: offer("2") },
            Change::OfferOpened { offer: offer("2") },
        ),
        (
            NewChange::Offered { offer: offer("2") },
            Change::Offered { offer: offer("2") },
        ),
        closed(OfferEnd::Declined),
        closed(OfferEnd::Expired),
        (
            NewChange::Reacted {
                reaction: reaction.clone(),
            },
            Change::Reacted { reaction },
        ),
        (
            NewChange::OperatorStatus {
                agent: ann.clone(),
                away: true,
            },
            Change::OperatorStatus {
                agent: ann,
                away: true,
            },
        ),
    ]
}

pub async fn p7_every_change_is_read_as_it_was_written(bench: &Bench) {
    let id = bench.start().await;
    let top = bench.top().await.at;
    let (written, expected): (Vec<_>, Vec<_>) = changes().into_iter().unzip();
    let commit = Commit {
        append: written.into_iter().map(draft).collect(),
        ..bench.commit_of(Some(&id), Guard::Open)
    };
    bench.commit(commit).await;
    for log in [bench.log(&id), bench.feed()] {
        let entries = bench.read_after(&log, top).await.0;
        let read: Vec<_> = entries.iter().map(|entry| entry.change.clone()).collect();
        assert_eq!(read, expected);
        assert!(entries.iter().all(|entry| entry.after.is_some()));
    }
}

/// Messages are counted, and what was put at them comes along.
pub async fn p7_a_page_has_its_reactions(bench: &Bench) {
    let id = bench.start().await;
    let reacts = |emoji: &str| {
        let reaction = Reaction {
            message: MessageId::draw(),
            by: Participant::Guest,
            emoji: emoji.into(),
            on: true,
        };
        draft(NewChange::Reacted { reaction })
    };
    let mut talk: Vec<Draft> = ["1", "2"].map(message).into();
    talk.extend([
        reacts("a"),
        message("3"),
        reacts("b"),
        reacts("c"),
        message("4"),
        reacts("d"),
    ]);
    let commit = Commit {
        append: talk,
        queue: Some(QueueOp::Enter),
        ..bench.commit_of(Some(&id), Guard::Open)
    };
    bench.commit(commit).await;
    let page = async |before: u64, limit: usize| {
        let hub = &bench.hub;
        let page = hub
            .messages_before(&bench.workspace, &id, before, limit)
            .await;
        let page = page.unwrap();
        let emoji = page.iter().filter_map(|entry| match &entry.change {
            Change::Reacted { reaction } => Some(reaction.emoji.as_str()),
            _ => None,
        });
        assert!(page.is_sorted_by(|a, b| a.id > b.id), "newest first");
        (texts(&page).join(" "), emoji.collect::<String>())
    };
    let newest = Millis::MAX >> 1;
    assert_eq!(page(newest, 9).await, ("4 3 2 1".into(), "dcba".into()));
    for (before, limit, messages, reactions) in [
        (newest, 1, "4", "dcb"),
        (newest, 2, "4 3", "dcba"),
        (newest, 3, "4 3 2", "dcba"),
        (4, 1, "3", "dcba"),
        (4, 2, "3 2", "dcba"),
        (2, 9, "1", "dcba"),
    ] {
        let (found, at_them) = page(before, limit).await;
        assert_eq!(found, messages, "{limit} before {before}");
        assert_eq!(at_them, reactions, "{limit} before {before}");
    }
}

/// What a client writes is not taken for the id of a message.
pub async fn p6_a_message_is_found_in_its_own_session(bench: &Bench) {
    let (id, other) = (bench.start().await, bench.start().await);
    let mut found = Vec::new();
    for n in 0..150 {
        let written = bench.commit(bench.says(&id, &n.to_string())).await;
        found.push(written.stamped[0].message.unwrap());
    }
    let forged = MessageId::draw();
    let text = format!(r#","id":"{forged}","#);
    bench.commit(bench.says(&id, &text)).await;
    let find = async |session: &SessionId, message| {
        let hub = &bench.hub;
        hub.find_message(&bench.workspace, session, message)
            .await
            .unwrap()
    };
    for (message, seq) in [found[0], found[75], found[149]] {
        assert_eq!(find(&id, message).await, Some(seq));
        assert_eq!(find(&other, message).await, None);
    }
    assert_eq!(find(&id, forged).await, None);
}
