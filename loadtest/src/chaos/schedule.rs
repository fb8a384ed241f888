//! Which faults there are, and when: from the seed alone.

use std::time::Duration;

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// A fault, with how long it lasts before it is healed and whom it hits: a number that whoever carries
/// it out takes modulo the pods or the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    pub at: Duration,
    pub lasts: Duration,
    pub target: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    PodKilled,
    PodStopped,
    PodDrained,
    SubscribersKilled,
    ConnectionsKilled,
    RedisRestarted,
    RedisStopped,
    RedisFlushed,
    PostgresRestarted,
    PostgresStopped,
    Cut,
    ResponseCut,
    Frozen,
    UpgradeRefused,
    Delayed,
    Reconnected,
    SecondTab,
}

use Kind::*;

/// Of the servers: one at a time, since of two at once nobody could say whose the damage is.
const SERVERS: [Kind; 9] = [
    PodKilled,
    PodStopped,
    PodDrained,
    SubscribersKilled,
    ConnectionsKilled,
    RedisRestarted,
    RedisStopped,
    PostgresRestarted,
    PostgresStopped,
];
/// Of single clients, beside those of the servers.
const CLIENTS: [Kind; 7] = [
    Cut,
    ResponseCut,
    Frozen,
    UpgradeRefused,
    Delayed,
    Reconnected,
    SecondTab,
];

/// Each tab stays to the end and wants everything, so there are only so many.
const TABS: usize = 4;
/// Before the first fault, so that everybody is there.
const CALM: Duration = Duration::from_secs(4);

/// The faults of the servers and those of the clients, each in order of time and none overlapping
/// another of its own kind.
pub fn draw(seed: u64, length: Duration, flushes: bool) -> [Vec<Fault>; 2] {
    let mut servers = SERVERS.to_vec();
    if flushes {
        servers.push(RedisFlushed);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let of_servers = lane(&mut rng, &servers, length, 1500..3500);
    let mut of_clients = lane(&mut rng, &CLIENTS, length, 500..2500);
    let mut tabs = 0;
    of_clients.retain(|fault| {
        tabs += usize::from(fault.kind == SecondTab);
        fault.kind != SecondTab || tabs <= TABS
    });
    [of_servers, of_clients]
}

/// Every kind comes once before one comes again.
fn lane(
    rng: &mut ChaCha8Rng,
    kinds: &[Kind],
    length: Duration,
    gap: std::ops::Range<u64>,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut bag: Vec<Kind> = Vec::new();
    let mut at = CALM;
    loop {
        let kind = match bag.pop() {
            Some(kind) => kind,
            None => {
                bag.extend(kinds);
                bag.shuffle(rng);
                continue;
            }
        };
        let lasts = kind.lasts(rng);
        if at + lasts > length {
            return faults;
        }
        let target = rng.random_range(0..10_000);
        faults.push(Fault {
            kind,
            at,
            lasts,
            target,
        });
        at += lasts + Duration::from_millis(rng.random_range(gap.clone()));
    }
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            PodKilled => "pod killed",
            PodStopped => "pod stopped",
            PodDrained => "pod drained",
            SubscribersKilled => "subscribers killed",
            ConnectionsKilled => "connections killed",
            RedisRestarted => "Redis restarted",
            RedisStopped => "Redis stopped",
            RedisFlushed => "Redis flushed",
            PostgresRestarted => "Postgres restarted",
            PostgresStopped => "Postgres stopped",
            Cut => "TCP cut",
            ResponseCut => "response cut",
            Frozen => "client frozen",
            UpgradeRefused => "upgrade refused",
            Delayed => "client delayed",
            Reconnected => "reconnect",
            SecondTab => "second tab",
        }
    }

    fn lasts(self, rng: &mut ChaCha8Rng) -> Duration {
        let ms = match self {
            PodKilled => 200..1500,
            // Twice the lease, so that others have taken it for dead when it goes on.
            PodStopped => 4000..4500,
            // It decides by itself when it is done.
            PodDrained => 7000..7001,
            SubscribersKilled | ConnectionsKilled | RedisFlushed => 0..1,
            RedisRestarted => 200..1000,
            RedisStopped => 1000..3000,
            PostgresRestarted => 500..2000,
            PostgresStopped => 1000..4000,
            Cut | Reconnected | ResponseCut | SecondTab => 0..1,
            // Longer than a ping may be on its way.
            Frozen => 4500..6500,
            UpgradeRefused => 1000..3000,
            Delayed => 1000..3000,
        };
        Duration::from_millis(rng.random_range(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_seed_gives_the_same_faults_again_and_another_one_others() {
        assert_eq!(draw(7, HOUR, true), draw(7, HOUR, true));
        assert_ne!(draw(7, HOUR, true), draw(8, HOUR, true));
    }

    #[test]
    fn a_longer_run_begins_as_the_shorter_one() {
        let [short, _] = draw(7, HOUR / 2, false);
        let [long, _] = draw(7, HOUR, false);
        assert_eq!(short, long[..short.len()]);
    }

    #[test]
    fn a_run_has_every_kind_and_flushes_only_what_is_stored() {
        let [servers, clients] = draw(1, HOUR, true);
        let has = |faults: &[Fault], kind| faults.iter().any(|fault| fault.kind == kind);
        assert!(SERVERS.iter().all(|kind| has(&servers, *kind)));
        assert!(CLIENTS.iter().all(|kind| has(&clients, *kind)));
        assert!(has(&servers, RedisFlushed));
        assert!(!has(&draw(1, HOUR, false)[0], RedisFlushed));
    }

    #[test]
    fn a_minute_holds_about_ten_faults_of_servers_and_none_at_its_ends() {
        let minute = Duration::from_secs(60);
        for seed in 0..100 {
            let [servers, clients] = draw(seed, minute, true);
            assert!((7..20).contains(&servers.len()), "{}", servers.len());
            assert!((8..30).contains(&clients.len()), "{}", clients.len());
            for faults in [servers, clients] {
                assert!(faults[0].at >= CALM);
                assert!(faults.iter().all(|fault| fault.at + fault.lasts <= minute));
                assert!(faults.is_sorted_by_key(|fault| fault.at));
            }
        }
    }
}
