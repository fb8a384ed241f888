//! A hot state that was lost gets its open sessions back.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use switchboard::{
    history::History as _,
    hub::{Commit, Draft, Guard, Hub, Logs as _, NewChange, Outcome, QueueOp, SessionPatch},
    model::{
        Agent, Clock, Content, DedupId, Direction, EntryId, Guest, MessageId, OperatorId, Sender,
        SenderKind, Session, SessionId, Status,
    },
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Scene, next, partition, workspace};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(5);
/// More than two pages.
const MANY: usize = 230;

#[tokio::test]
async fn p1_p7_a_new_life_has_the_sessions_and_the_queue_of_the_old_one() {
    let scene = Scene::new(Clock::System).await;
    let mut announced = scene.announcements().await;
    let (_, running) = scene.start().await;
    let hub = &*scene.hub;
    let waiting = [
        start(hub, "a").await,
        start(hub, "b").await,
        start(hub, "c").await,
    ];
    let [active, ended] = [start(hub, "d").await, start(hub, "e").await];
    // One that comes back into the queue has its old place.
    take(hub, &waiting[0]).await;
    give_back(hub, &waiting[0]).await;
    take(hub, &active).await;
    say(hub, &active, "hello").await;
    let top = end(hub, &ended).await;
    while next(&mut announced).await < top {}
    let before = hot(
        hub,
        &[waiting.as_slice(), std::slice::from_ref(&active)].concat(),
    )
    .await;
    // When its guest left is forgotten: what comes from now on waits for it.
    let mut before = before;
    for (session, _) in before.values_mut() {
        session.left = session.last_seq;
    }
    assert_eq!(queue(hub).await, waiting);

    scene.hub.lose(partition());
    scene.restored().await;
    assert_eq!(queue(hub).await, waiting);
    let all = [waiting.as_slice(), std::slice::from_ref(&active)].concat();
    assert_eq!(hot(hub, &all).await, before);
    assert_eq!(hub.session(&workspace(), &ended).await, Ok(None));
    assert_eq!(scene.metrics.restored.get(), 4);
    // Who comes now is behind them.
    let late = start(hub, "late").await;
    assert_eq!(queue(hub).await.last(), Some(&late));
    running.abort();
}

#[tokio::test]
async fn whoever_has_waited_too_long_is_not_put_back() {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let clock = Clock::manual(100 * DAY);
    let advance = |by| match &clock {
        Clock::Manual(now) => now.fetch_add(by, Ordering::SeqCst),
        Clock::System => unreachable!(),
    };
    let scene = Scene::new(clock.clone()).await;
    let mut announced = scene.announcements().await;
    let (_, first) = scene.start().await;
    let hub = &*scene.hub;
    let stale = start(hub, "stale").await;
    let heard = start(hub, "heard").await;
    let active = start(hub, "active").await;
    take(hub, &active).await;
    advance(2 * DAY);
    // What it says is a sign of life, as is that somebody has just come.
    say(hub, &heard, "hello?").await;
    let fresh = start(hub, "fresh").await;
    let top = hub.top(&workspace()).await.unwrap().at;
    while next(&mut announced).await < top {}
    first.abort();

    scene.hub.lose(partition());
    advance(DAY / 2);
    let mut writer = scene.writer().giving_up_after(DAY);
    writer.prepare().await.unwrap();
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    scene.restored().await;
    assert_eq!(queue(hub).await, [heard, fresh]);
    assert!(hub.session(&workspace(), &active).await.unwrap().is_some());
    assert_eq!(scene.metrics.restored.get(), 3);
    // It is an end as any other: stored, and so not looked at a second time.
    let status = async || {
        let stored = scene.history.inner.session(&workspace(), &stale).await;
        stored.unwrap().unwrap().status
    };
    wait(async || status().await == Status::Ended).await;
    running.abort();
}

#[tokio::test]
async fn p1_what_fails_half_way_goes_on_until_all_is_back() {
    let scene = Scene::new(Clock::System).await;
    let sessions = scene.many().await;
    for round in 0..3 {
        scene.history.unreadable.store(5 + round, Ordering::SeqCst);
        scene.hub.lose(partition());
        let (shutdown, running) = scene.start().await;
        scene.hub.faults().set_down(true);
        tokio::task::yield_now().await;
        scene.hub.faults().set_down(false);
        scene.restored().await;
        assert_eq!(scene.history.unreadable.load(Ordering::SeqCst), 0);
        assert_eq!(queue(&*scene.hub).await, sessions);
        shutdown.cancel();
        running.await.unwrap();
    }
}

#[tokio::test]
async fn p1_what_a_dead_pod_left_half_way_is_done_by_the_next() {
    let scene = Scene::new(Clock::System).await;
    let sessions = scene.many().await;
    scene.hub.lose(partition());
    let epoch = scene.hub.top(&workspace()).await.unwrap().epoch;
    scene.history.unreadable.store(1, Ordering::SeqCst);
    let (_, dying) = scene.start().await;
    // The first page has met its failure, and the second attempt comes after a pause.
    wait(async || scene.metrics.restored.get() > 0).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    let restored = scene.history.inner.restored().await.unwrap();
    assert!(
        !restored.contains(&(partition(), epoch)),
        "not before all is there"
    );
    assert!(queue(&*scene.hub).await.len() < MANY);

    // Its lease has to run out first.
    let (_, running) = scene.start().await;
    scene.restored().await;
    assert_eq!(queue(&*scene.hub).await, sessions);
    running.abort();
}

#[tokio::test]
async fn p1_two_pods_put_each_session_back_once() {
    let scene = Scene::new(Clock::System).await;
    let sessions = scene.many().await;
    let (_, one) = scene.start().await;
    let (_, two) = scene.start().await;
    for round in 1..=3 {
        scene.hub.lose(partition());
        // Whoever is asked for loads it at once.
        scene.restored().await;
        assert_eq!(queue(&*scene.hub).await, sessions);
        assert_eq!(scene.metrics.restored.get(), round * MANY as u64);
    }
    one.abort();
    two.abort();
}

#[tokio::test]
async fn p12_where_nothing_was_lost_nothing_is_read() {
    let scene = Scene::new(Clock::System).await;
    scene.many().await;
    for _ in 0..3 {
        let mut announced = scene.announcements().await;
        let (shutdown, running) = scene.start().await;
        let top = scene.commit(1).await;
        while next(&mut announced).await < top {}
        shutdown.cancel();
        running.await.unwrap();
    }
    assert_eq!(scene.history.pages.load(Ordering::SeqCst), 0);
}

impl Scene {
    /// Many that wait and have said something, stored by a writer that has ended.
    async fn many(&self) -> Vec<SessionId> {
        let mut sessions = Vec::new();
        for n in 0..MANY {
            let session = start(&*self.hub, &format!("{:03}", (n * 7) % MANY)).await;
            say(&*self.hub, &session, "hello").await;
            sessions.push(session);
        }
        let (shutdown, running) = self.start().await;
        shutdown.cancel();
        running.await.unwrap();
        sessions
    }

    /// The history says that all is back, and then it is.
    async fn restored(&self) {
        wait(async || {
            let epoch = self.hub.top(&workspace()).await.unwrap().epoch;
            let restored = self.history.inner.restored().await.unwrap();
            restored.contains(&(partition(), epoch))
        })
        .await;
    }
}

async fn wait(is_so: impl AsyncFn() -> bool) {
    let look = async {
        while !is_so().await {
            sleep(LOOK).await;
        }
    };
    timeout(LONG, look).await.unwrap();
}

async fn queue(hub: &dyn Hub) -> Vec<SessionId> {
    hub.queue(&workspace(), MANY + 1).await.unwrap()
}

async fn hot(hub: &dyn Hub, sessions: &[SessionId]) -> BTreeMap<SessionId, (Session, Option<u64>)> {
    let mut found = BTreeMap::new();
    for id in sessions {
        let session = hub.session(&workspace(), id).await.unwrap();
        found.insert(id.clone(), session.unwrap());
    }
    found
}

async fn start(hub: &dyn Hub, name: &str) -> SessionId {
    let id = SessionId::new(format!("{name}-{}", uuid::Uuid::new_v4()));
    let session = Session::new(id.clone(), workspace(), Guest::default(), 1);
    let mut commit = about(&id, Guard::Absent, NewChange::Started);
    commit.set.create = Some(Box::new(session));
    commit.queue = Some(QueueOp::Enter);
    put(hub, commit).await;
    id
}

async fn take(hub: &dyn Hub, session: &SessionId) {
    let agent = agent();
    let change = NewChange::Assigned {
        agent: agent.clone(),
        before: None,
    };
    let mut commit = about(session, Guard::Open, change);
    commit.set = SessionPatch {
        status: Some(Status::Active),
        agent: Some(Some(agent)),
        ..SessionPatch::default()
    };
    commit.queue = Some(QueueOp::Leave);
    put(hub, commit).await;
}

async fn give_back(hub: &dyn Hub, session: &SessionId) {
    let change = NewChange::Released { agent: agent() };
    let mut commit = about(session, Guard::Open, change);
    commit.set = SessionPatch {
        status: Some(Status::Waiting),
        agent: Some(None),
        ..SessionPatch::default()
    };
    commit.queue = Some(QueueOp::Enter);
    put(hub, commit).await;
}

async fn end(hub: &dyn Hub, session: &SessionId) -> EntryId {
    let mut commit = about(session, Guard::Open, NewChange::Ended);
    commit.set.status = Some(Status::Ended);
    commit.queue = Some(QueueOp::Leave);
    put(hub, commit).await
}

async fn say(hub: &dyn Hub, session: &SessionId, text: &str) {
    let change = NewChange::Message {
        id: MessageId::draw(),
        direction: Direction::In,
        sender: Sender {
            kind: SenderKind::Guest,
            id: session.to_string(),
            name: "Somebody".into(),
        },
        content: Content::Text { text: text.into() },
        client_id: None,
    };
    put(hub, about(session, Guard::Open, change)).await;
}

fn about(session: &SessionId, guard: Guard, change: NewChange) -> Commit {
    let mut commit = Commit::new(workspace(), Some(session.clone()), DedupId::draw(), guard);
    commit.append = vec![Draft {
        change,
        origin: None,
        to: None,
        only_on: None,
    }];
    commit
}

async fn put(hub: &dyn Hub, commit: Commit) -> EntryId {
    match hub.commit(commit).await {
        Outcome::Committed(written) => written.top,
        other => panic!("{other:?}"),
    }
}

fn agent() -> Agent {
    Agent {
        id: OperatorId::new("ann"),
        name: "Ann".into(),
    }
}
