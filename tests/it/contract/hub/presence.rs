use std::sync::Arc;

use switchboard::{
    hub::{Commit, Draft, Edge, Guard, NewChange, Presence, PresenceOp, QueueOp, Subject, Written},
    model::{Change, OperatorId, SessionId, Sid},
};

use super::support::{Bench, agent, committed, draft, enter};

fn presence(bench: &Bench, operator: &str) -> Presence {
    Presence {
        workspace: bench.workspace.clone(),
        subject: Subject::Operator(OperatorId::new(operator)),
        sid: Sid::draw(bench.partition()),
    }
}

fn on(edge: Edge, change: NewChange) -> Draft {
    Draft {
        to: None,
        only_on: Some(edge),
        ..draft(change)
    }
}

fn comes_or_goes(bench: &Bench, op: PresenceOp) -> Commit {
    let agent = || agent("1");
    Commit {
        presence: Some(op),
        append: vec![
            on(Edge::Online, NewChange::OperatorOnline { agent: agent() }),
            on(Edge::Offline, NewChange::OperatorOffline { agent: agent() }),
        ],
        ..bench.commit_of(None, Guard::Any)
    }
}

async fn edge(bench: &Bench, op: PresenceOp) -> Edge {
    let commit = Commit {
        presence: Some(op),
        ..bench.commit_of(None, Guard::Any)
    };
    bench.commit(commit).await.edge
}

pub async fn a_subject_is_online_over_many_connections(bench: &Bench) {
    use Edge::{Offline, Online, Unchanged};
    use PresenceOp::Leave;
    let [a, b, c] = [(); 3].map(|()| presence(bench, "1"));
    let other = presence(bench, "2");
    let steps = [
        (enter(a.clone()), Online),
        (enter(b.clone()), Unchanged),
        (enter(a.clone()), Unchanged),
        (enter(other.clone()), Online),
        (Leave(a.clone()), Unchanged),
        (Leave(a.clone()), Unchanged),
        (Leave(c.clone()), Unchanged),
        (Leave(b.clone()), Offline),
        (Leave(b), Unchanged),
        (enter(c.clone()), Online),
        (Leave(other), Offline),
        (Leave(c), Offline),
    ];
    for (n, (op, expected)) in steps.into_iter().enumerate() {
        assert_eq!(edge(bench, op).await, expected, "step {n}");
    }

    let guest = |id: &SessionId| Presence {
        subject: Subject::Guest(id.clone()),
        ..presence(bench, "")
    };
    let ids = [bench.start().await, bench.start().await];
    for id in &ids {
        assert_eq!(edge(bench, enter(guest(id))).await, Online);
    }
    let elsewhere = Presence {
        workspace: bench.neighbour(true),
        ..guest(&ids[0])
    };
    let commit = Commit {
        workspace: elsewhere.workspace.clone(),
        presence: Some(enter(elsewhere)),
        ..bench.commit_of(None, Guard::Any)
    };
    assert_eq!(bench.commit(commit).await.edge, Online);
}

pub async fn of_many_that_come_and_go_the_edges_alternate(bench: &Bench) {
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let own = presence(bench, "1");
            let steps: Vec<_> = (0..25)
                .flat_map(|_| [enter(own.clone()), PresenceOp::Leave(own.clone())])
                .map(|op| comes_or_goes(bench, op))
                .collect();
            let hub = Arc::clone(&bench.hub);
            tokio::spawn(async move {
                let mut told = 0;
                for step in steps {
                    let written = committed(hub.commit(step).await);
                    assert_eq!(written.stamped.is_empty(), written.edge == Edge::Unchanged);
                    told += written.stamped.len();
                }
                told
            })
        })
        .collect();
    let mut told = 0;
    for racer in racers {
        told += racer.await.unwrap();
    }
    let feed = bench.read(&bench.feed()).await;
    assert_eq!(feed.len(), told);
    for pair in feed.chunks(2) {
        let came = matches!(pair[0].change, Change::OperatorOnline { .. });
        let went = matches!(pair[1].change, Change::OperatorOffline { .. });
        assert!(came && went, "{pair:?}");
    }
}

pub async fn drafts_wait_for_their_edge(bench: &Bench) {
    let [a, b] = [(); 2].map(|()| presence(bench, "1"));
    let changes = async |op| {
        let written: Written = bench.commit(comes_or_goes(bench, op)).await;
        let feed = bench.read(&bench.feed()).await;
        assert_eq!(written.top, bench.top().await.at);
        (written.stamped.len(), feed.len())
    };
    assert_eq!(changes(enter(a.clone())).await, (1, 1));
    assert_eq!(changes(enter(b.clone())).await, (0, 1));
    assert_eq!(changes(PresenceOp::Leave(a)).await, (0, 1));
    assert_eq!(changes(PresenceOp::Leave(b)).await, (1, 2));
    let feed = bench.read(&bench.feed()).await;
    assert!(matches!(feed[0].change, Change::OperatorOnline { .. }));
    assert!(matches!(feed[1].change, Change::OperatorOffline { .. }));
}

pub async fn a_repeat_of_an_edge_is_the_same_edge(bench: &Bench) {
    let own = presence(bench, "1");
    let comes = comes_or_goes(bench, enter(own.clone()));
    let first = bench.commit(comes.clone()).await;
    let again = bench.duplicate(&comes).await;
    assert_eq!((again.edge, again.stamped), (Edge::Online, first.stamped));
    assert_eq!(edge(bench, PresenceOp::Leave(own)).await, Edge::Offline);
    bench.duplicate(&comes).await;
    let next = presence(bench, "1");
    assert_eq!(
        edge(bench, enter(next)).await,
        Edge::Online,
        "a repeat does not enter again"
    );
}

pub async fn places_in_the_queue_move_up(bench: &Bench) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(bench.start().await);
    }
    let does = async |id: &SessionId, op| {
        let commit = Commit {
            queue: Some(op),
            ..bench.commit_of(Some(id), Guard::Any)
        };
        bench.commit(commit).await.queue_position
    };
    let places = async || {
        let all = bench.hub.sessions(&bench.workspace).await.unwrap();
        let mut places = Vec::new();
        for id in &ids {
            let place = bench.place(id).await;
            let listed = all.iter().find(|(session, _)| session.id == *id);
            assert_eq!(listed.unwrap().1, place);
            places.push(place);
        }
        places
    };
    for (n, id) in (1..).zip(&ids) {
        assert_eq!(does(id, QueueOp::Enter).await, Some(n));
        // Its place is that of an entry; the next one has another.
        bench.commit(bench.says(id, "waiting")).await;
    }
    assert_eq!(does(&ids[1], QueueOp::Leave).await, None);
    assert_eq!(does(&ids[1], QueueOp::Leave).await, None);
    assert_eq!(places().await, [Some(1), None, Some(2), Some(3), Some(4)]);
    assert_eq!(
        does(&ids[2], QueueOp::Enter).await,
        Some(2),
        "keeps its place"
    );
    assert_eq!(
        does(&ids[1], QueueOp::Enter).await,
        Some(2),
        "at its old place"
    );
    assert_eq!(does(&ids[0], QueueOp::Leave).await, None);
    assert_eq!(places().await, [None, Some(1), Some(2), Some(3), Some(4)]);
    let queue = async |limit| bench.hub.queue(&bench.workspace, limit).await.unwrap();
    let order: Vec<_> = [1, 2, 3, 4].map(|n: usize| ids[n].clone()).into();
    assert_eq!(queue(9).await, order);
    assert_eq!(queue(2).await, order[..2]);
    let written = bench.commit(bench.says(&ids[3], "waiting")).await;
    assert_eq!(written.queue_position, Some(3));
}
