//! Keys that somebody else publishes and replaces (JWKS, RFC 7517).

mod fetch;
mod set;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use fetch::{FetchError, Source, SourceError};

use super::PublicKey;
use crate::metrics::ServerMetrics;

/// The newest set that could be fetched. One task fetches, as often as [`Pace`] says and no more, however
/// many ask; it ends with this.
///
/// With the source away the last set stays: nobody could work any more if it went with it.
pub(super) struct Jwks {
    shared: Arc<Shared>,
    _stop: DropGuard,
}

impl Source {
    /// How many keys it gives out at the moment.
    pub async fn count(&self) -> Result<usize, FetchError> {
        let keys = set::parse(&self.fetch().await?)?;
        Ok(keys.len())
    }
}

/// How often a set is fetched.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// So long a key verifies after it has left the set.
    pub every: Duration,
    /// Between two fetches, whatever is asked for: anybody can make up the name of a key. A failed one is
    /// repeated after that.
    pub gap: Duration,
    /// Whoever names a key that is not there waits so long for the next set.
    pub wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(5 * 60),
            gap: Duration::from_secs(10),
            wait: Duration::from_secs(5),
        }
    }
}

struct Shared {
    source: Source,
    pace: Pace,
    metrics: ServerMetrics,
    asked: Notify,
    rounds: watch::Sender<Round>,
}

/// What is known after so many fetches.
struct Round {
    number: u64,
    began: Instant,
    under_way: bool,
    keys: Option<Arc<[PublicKey]>>,
}

impl Jwks {
    pub fn start(source: Source, pace: Pace, metrics: ServerMetrics) -> Self {
        let round = Round {
            number: 0,
            began: Instant::now(),
            under_way: true,
            keys: None,
        };
        let shared = Arc::new(Shared {
            source,
            pace,
            metrics,
            asked: Notify::new(),
            rounds: watch::Sender::new(round),
        });
        let stop = CancellationToken::new();
        let (fetching, stopped) = (Arc::clone(&shared), stop.clone());
        tokio::spawn(async move { stopped.run_until_cancelled(fetching.run()).await });
        Self {
            shared,
            _stop: stop.drop_guard(),
        }
    }

    /// All keys, of a set that has this one if there may be such a set soon.
    pub async fn with(&self, kid: Option<&str>) -> Arc<[PublicKey]> {
        let Shared { rounds, pace, .. } = &*self.shared;
        let mut rounds = rounds.subscribe();
        let number = {
            let round = rounds.borrow_and_update();
            if round.has(kid) || !round.may_end_within(*pace) {
                return round.keys();
            }
            if !round.under_way {
                self.shared.asked.notify_one();
            }
            round.number
        };
        let next = rounds.wait_for(|round| round.number > number);
        match timeout(pace.wait, next).await {
            Ok(Ok(round)) => round.keys(),
            _ => self.shared.rounds.borrow().keys(),
        }
    }
}

impl Round {
    fn has(&self, kid: Option<&str>) -> bool {
        let mut keys = self.keys.iter().flat_map(|keys| keys.iter());
        match kid {
            None => self.keys.is_some(),
            Some(kid) => keys.any(|key| key.kid.as_deref() == Some(kid)),
        }
    }

    /// Whether to wait for another one makes sense.
    fn may_end_within(&self, pace: Pace) -> bool {
        self.under_way || self.began.elapsed() + pace.wait >= pace.gap
    }

    fn keys(&self) -> Arc<[PublicKey]> {
        self.keys.clone().unwrap_or_default()
    }
}

impl Shared {
    async fn run(&self) {
        let mut before = None;
        loop {
            let began = Instant::now();
            self.rounds.send_modify(|round| {
                (round.began, round.under_way) = (began, true);
            });
            let fetched = self.fetch().await;
            let failed = fetched.as_ref().err().copied();
            self.note(failed, &mut before);
            self.rounds.send_modify(|round| {
                (round.number, round.under_way) = (round.number + 1, false);
                round.keys = fetched.ok().or_else(|| round.keys.take());
            });
            let next = match failed {
                None => self.pace.every,
                Some(_) => self.pace.gap,
            };
            tokio::select! {
                () = sleep_until(began + next) => {}
                () = self.asked.notified() => sleep_until(began + self.pace.gap).await,
            }
        }
    }

    async fn fetch(&self) -> Result<Arc<[PublicKey]>, FetchError> {
        let body = self.source.fetch().await?;
        set::parse(&body).map(Arc::from)
    }

    /// Counts each, and says once that the source has failed, and once that it is back.
    fn note(&self, failed: Option<FetchError>, before: &mut Option<FetchError>) {
        let outcome = failed.map_or("fetched", FetchError::outcome);
        let counter = &self.metrics.jwks_fetches;
        counter.with_label_values(&[outcome]).inc();
        match (failed, before.is_some()) {
            (Some(error), false) => tracing::warn!(%error, "JWKS_URL gives no keys"),
            (None, true) => tracing::info!("JWKS_URL gives keys again"),
            _ => {}
        }
        *before = failed;
    }
}
