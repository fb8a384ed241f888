//! The slot of an active workspace moves to another node, key by key.

use std::{sync::Arc, time::Duration};

use switchboard::{
    hub::{
        Commit, Commits as _, DeadlineOp, Guard, Outcome, Presence, PresenceOp, QueueOp, Rate,
        Subject, redis::RedisHub,
    },
    model::{Partition, PodId, Sid},
};
use tokio::time::Instant;

use crate::support::servers::Cluster;

use super::place::{HOLD, Place, committed, hub};

/// What is not answered by then was held.
const AT_ONCE: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(300);
/// More than there are.
const ALL: usize = 10_000;

/// A conversation at work, and where its slot goes.
struct Scene {
    cluster: Cluster,
    hub: Arc<RedisHub>,
    place: Place,
    guest: Presence,
    slot: usize,
    from: usize,
    to: usize,
}

impl Scene {
    async fn begin(hold: Duration) -> Self {
        let cluster = Cluster::start(2).await;
        let hub = hub(&cluster.url(), hold).await;
        let place = Place::started(&hub).await;
        let guest = Presence {
            workspace: place.workspace.clone(),
            subject: Subject::Guest(place.session.clone()),
            sid: Sid::draw(Partition::random()),
        };
        let arrives = Commit {
            presence: Some(PresenceOp::Enter {
                presence: guest.clone(),
                pod: Some(PodId::draw()),
                name: None,
            }),
            ..place.commit(Guard::Any)
        };
        committed(hub.commit(arrives).await);
        committed(hub.commit(says(&place, "before")).await);
        let (slot, from) = cluster.find(place.partition().index()).await;
        Self {
            cluster,
            hub,
            place,
            guest,
            slot,
            from,
            to: 1 - from,
        }
    }

    /// Commits that need nothing which is not there, at once.
    async fn goes_on(&self, texts: &[&str]) {
        let begun = Instant::now();
        for text in texts {
            committed(self.hub.commit(says(&self.place, text)).await);
        }
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    }

    /// The last of what is waiting, due and present goes, which empties what held it.
    fn empties(&self) -> Commit {
        Commit {
            queue: Some(QueueOp::Leave),
            deadlines: vec![DeadlineOp::Clear { name: "due".into() }],
            presence: Some(PresenceOp::Leave(self.guest.clone())),
            ..says(&self.place, "all gone")
        }
    }
}

/// As a guest does, within its rate.
fn says(place: &Place, text: &str) -> Commit {
    Commit {
        rate: Some(Rate {
            key: "guest:it".into(),
            max: 1000,
            window_ms: 60_000,
        }),
        ..place.says(text)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_a_talk_goes_on_while_its_slot_is_open() {
    let scene = Scene::begin(HOLD).await;
    let Scene {
        cluster,
        slot,
        from,
        to,
        ..
    } = &scene;
    let (slot, from, to) = (*slot, *from, *to);
    cluster.begin_move(slot, from, to).await;
    // All is at the source still, and what is not there would be looked for at the target.
    scene.goes_on(&["one", "two"]).await;
    committed(scene.hub.commit(scene.empties()).await);
    scene.goes_on(&["three"]).await;
    while cluster.move_keys(slot, from, to, ALL).await > 0 {}
    // All is at the target, whose it is not yet: that is held.
    let (hub, commit) = (Arc::clone(&scene.hub), says(&scene.place, "four"));
    let held = tokio::spawn(async move { hub.commit(commit).await });
    cluster.end_move(slot, to).await;
    committed(held.await.unwrap());
    scene.goes_on(&["five", "six"]).await;
    let texts = scene.place.texts(&scene.hub).await;
    let expected = [
        "before", "one", "two", "all gone", "three", "four", "five", "six",
    ];
    assert_eq!(texts, expected);
}

/// Whatever is where: a commit happens wholly, or is held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_nothing_happens_by_half_while_a_slot_moves_key_by_key() {
    let scene = Scene::begin(SHORT).await;
    let Scene {
        cluster,
        slot,
        from,
        to,
        ..
    } = &scene;
    let (slot, from, to) = (*slot, *from, *to);
    let mut said = vec!["before".to_owned()];
    let mut held = 0;
    cluster.begin_move(slot, from, to).await;
    loop {
        let arrives = Commit {
            presence: Some(PresenceOp::Enter {
                presence: Presence {
                    sid: Sid::draw(Partition::random()),
                    ..scene.guest.clone()
                },
                pod: Some(PodId::draw()),
                name: None,
            }),
            queue: Some(QueueOp::Enter),
            ..says(&scene.place, "arrives")
        };
        for commit in [says(&scene.place, "says"), arrives, scene.empties()] {
            let text = commit.append[0].change.clone();
            match scene.hub.commit(commit).await {
                Outcome::Committed(_) => said.push(text_of(text)),
                Outcome::Unknown => held += 1,
                other => panic!("{other:?}"),
            }
        }
        if cluster.move_keys(slot, from, to, 1).await == 0 {
            break;
        }
    }
    cluster.end_move(slot, to).await;
    assert!(held > 0, "there was nothing to move");
    let patient = hub(&cluster.url(), HOLD).await;
    assert_eq!(scene.place.texts(&patient).await, said);
    let entries = scene.place.read(&patient).await;
    let mut last = switchboard::model::EntryId::ZERO;
    for entry in entries {
        assert_eq!(entry.prev.session, last, "{entry:?}");
        last = entry.id;
    }
}

fn text_of(change: switchboard::hub::NewChange) -> String {
    match change {
        switchboard::hub::NewChange::Message { content, .. } => content.text().to_owned(),
        other => panic!("{other:?}"),
    }
}
