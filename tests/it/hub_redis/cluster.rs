//! A cluster of one node: every key and channel of a script must be in the slot of its partition, and
//! slots can be taken away.

use std::time::Duration;

use bytes::Bytes;
use switchboard::{
    hub::{
        Beat, BeginGet, BeginPost, Channels as _, ClosedBy, Commits as _, Connections, GetRequest,
        Ingest as _, Log, Logs as _, NewConnection, Persisted, Pods as _, PostRequest, PostResult,
        Posted, redis::RedisHub,
    },
    model::{Aside, Clock, EntryId, Partition, PodId, Sid},
};
use tokio::{net::TcpListener, time::interval};

use crate::support::servers::Redis;

use super::{
    place::{ALL, HOLD, Place, ask, committed, hub},
    reader::Reader,
    within,
};

struct Node(Redis);

impl Node {
    async fn start() -> Self {
        // For what nodes say to each other; its default may be above all ports.
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = free.local_addr().unwrap().port().to_string();
        drop(free);
        let options = ["--cluster-enabled", "yes", "--cluster-port", &port];
        let node = Self(
            Redis::start(&[&options[..], &["--cluster-announce-ip", "127.0.0.1"]].concat()).await,
        );
        node.ask("CLUSTER ADDSLOTSRANGE 0 16383").await;
        within(async {
            while !node.ask("CLUSTER INFO").await.contains("cluster_state:ok") {
                tokio::task::yield_now().await;
            }
        })
        .await;
        node
    }

    async fn ask(&self, command: &str) -> String {
        ask(self.0.url(), command).await
    }

    fn url(&self) -> String {
        self.0.url().replace("redis://", "redis-cluster://")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_a_deaf_pod_is_found_by_its_probes() {
    let node = Node::start().await;
    let hub = hub(&node.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    reader.reach(place.say(&hub, "heard").await).await;
    // As when a slot has moved away and back: Redis ends its subscriptions, and nothing else happens
    // to the connection.
    let slots = slots(place.partition());
    node.ask(&format!("CLUSTER DELSLOTSRANGE {slots}")).await;
    node.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}")).await;
    let missed = place.say(&hub, "not heard").await;
    let mut looks = interval(Duration::from_millis(250));
    tokio::select! {
        () = reader.lag(1) => {}
        () = async {
            loop {
                looks.tick().await;
                hub.expired(place.partition(), Clock::System.now(), 1).await.unwrap();
            }
        } => {}
    }
    assert_eq!(reader.read.last().unwrap().id, missed);
    let live = reader.live;
    reader.reach(place.say(&hub, "heard again").await).await;
    assert_eq!(reader.live, live + 1);
    reader.assert_whole(&place).await;
}

/// The node keeps the slots of one partition alone, so that nothing else can be reached from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_a_partition_is_in_its_slots() {
    let node = Node::start().await;
    let hub = hub(&node.url(), HOLD).await;
    // The leases of pods are in the first partition.
    let first = |place: &Place| place.partition().index() == 0;
    let place = std::iter::repeat_with(Place::new).find(first).unwrap();
    let pod = PodId::draw();
    let now = Clock::System.now();
    let mut reader = Reader::attach(&hub, &place).await;
    node.ask("CONFIG SET cluster-require-full-coverage no")
        .await;
    node.ask("CLUSTER DELSLOTSRANGE 256 16383").await;

    committed(hub.commit(place.starts()).await);
    let id = committed(hub.commit(place.writes_all("all")).await).stamped[0].id;
    reader.reach(id).await;
    assert_eq!(reader.live, 2, "both were heard");
    let aside = Aside::Queue { position: 1 };
    hub.tell(&place.log(), aside).await.unwrap();
    let feed = Log::Feed(place.workspace.clone());
    let fed = hub.read(&feed, EntryId::ZERO, ALL).await.unwrap();
    assert_eq!(fed.entries.len(), 2);
    assert_eq!(hub.sessions(&place.workspace).await.unwrap().len(), 1);
    let queue = hub.queue(&place.workspace, ALL).await.unwrap();
    assert_eq!(queue, std::slice::from_ref(&place.session));
    let partition = place.partition();
    assert_eq!(hub.due(partition, now, ALL).await.unwrap().len(), 1);
    let ingest = hub.ingest(partition, EntryId::ZERO, ALL).await.unwrap();
    assert_eq!(ingest.entries.len(), 2);
    assert!(hub.lease_writer(partition, &pod, 60_000).await.unwrap());
    hub.raise(partition, id).await.unwrap();
    hub.set_persisted(partition, id).await.unwrap();
    hub.renew_pod(&pod, 60_000).await.unwrap();
    connects(&hub, partition).await;
    let dead = hub.expired(partition, now, ALL).await.unwrap();
    assert!(dead.connections.is_empty());
}

/// A polling connection from its beginning to its end.
async fn connects(hub: &RedisHub, partition: Partition) {
    let now = Clock::System.now();
    let (sid, until) = (Sid::draw(partition), now + 10_000);
    let beat = Beat {
        ping_at: until,
        sent: false,
        expires_at: until,
    };
    let state = Bytes::from_static(b"state");
    let connection = NewConnection {
        sid: sid.clone(),
        state: state.clone(),
        beat,
    };
    hub.open(connection).await.unwrap();
    let get = GetRequest {
        t: None,
        pod: PodId::draw(),
        now,
        until,
        persisted: Persisted::default(),
    };
    let begun = hub.begin_get(&sid, get).await.unwrap();
    assert!(matches!(begun, BeginGet::Listening { .. }), "{begun:?}");
    let post = PostRequest {
        t: None,
        now,
        until,
    };
    let claimed = hub.begin_post(&sid, post).await.unwrap();
    let BeginPost::Claimed { claim, .. } = claimed else {
        panic!("{claimed:?}");
    };
    let result = PostResult {
        state,
        beat: Some(beat),
        outbox: Vec::new(),
        listeners: Vec::new(),
    };
    let done = hub.finish_post(&sid, claim, result).await.unwrap();
    assert_eq!(done, Posted::Done);
    let closed = Connections::close(hub, &sid, ClosedBy::Client, now)
        .await
        .unwrap();
    assert!(closed.is_some());
}

/// The even share of the slots in which a partition has its own.
fn slots(partition: Partition) -> String {
    let first = partition.index() * 256;
    format!("{first} {}", first + 255)
}
