//! The connections to Redis, and how a script is run on them whatever happens in between.

use std::time::Duration;

use fred::{
    clients::Pool,
    error::{Error, ErrorKind},
    interfaces::{ClientLike as _, LuaInterface as _},
    types::Value,
};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, error, warn};

use super::{
    gates::Gates,
    script::{Call, Reply, Script},
    seldom::Seldom,
};
use crate::{
    hub::Unavailable,
    metrics::HubMetrics,
    model::{Clock, Partition},
};

/// Pauses between two attempts: the first, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub struct Link {
    pool: Pool,
    clock: Clock,
    /// How long a call is held while Redis passes through trouble.
    hold: Duration,
    /// That Redis takes no writes.
    refusals: Seldom,
    /// Closed by every sign that another server may answer next.
    pub gates: Gates,
    metrics: HubMetrics,
}

/// Why a script gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Redis takes no writes for now, and said so before it did anything.
    Busy,
    /// It may or may not have happened.
    Unknown,
}

impl From<Failure> for Unavailable {
    fn from(_: Failure) -> Self {
        Self
    }
}

/// How an answer is waited for.
struct Patience {
    hold: Duration,
    in_turn: bool,
}

/// What an error says about the call that met it.
enum Verdict {
    /// Repeat it: it will pass, and repeating is safe.
    Passing,
    /// The same; and who answers next may be another server.
    Away,
    Busy,
    /// The server has not got the script (restarted, or another primary).
    NoScript,
    /// A mistake of ours, or an entry that nobody can read.
    Broken,
}

impl Link {
    pub fn new(
        pool: Pool,
        gates: Gates,
        clock: Clock,
        hold: Duration,
        metrics: HubMetrics,
    ) -> Self {
        Self {
            pool,
            clock,
            hold,
            refusals: Seldom::default(),
            gates,
            metrics,
        }
    }

    /// Closes the gates of what goes by a connection that is lost, or is another one.
    pub fn lost(&self, client: usize) {
        let clients = self.pool.clients().len();
        for partition in Partition::all().filter(|it| it.index() % clients == client) {
            self.gates.close(partition);
        }
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A call that begins with the clock: 0 lets the script ask Redis, whose time is the same for
    /// all pods.
    pub fn call(&self) -> Call {
        Call::default().number(match &self.clock {
            Clock::System => 0,
            manual @ Clock::Manual(_) => manual.now(),
        })
    }

    /// Runs a script as one step on the slot of this partition, again and again while Redis is in
    /// passing trouble, for as long as calls are held. The same call is sent each time: what it does
    /// must not be done twice.
    ///
    /// Calls on one partition take one connection, so they are carried out in the order of sending.
    pub async fn run(
        &self,
        partition: Partition,
        script: &Script,
        call: Call,
    ) -> Result<Reply, Failure> {
        self.run_within(self.hold, partition, script, call).await
    }

    /// As [`Link::run`], held for as long as this.
    pub async fn run_within(
        &self,
        hold: Duration,
        partition: Partition,
        script: &Script,
        call: Call,
    ) -> Result<Reply, Failure> {
        let patience = Patience {
            hold,
            in_turn: false,
        };
        self.attempt(patience, partition, script, call).await
    }

    /// As [`Link::run`]; not before the server has all that was acknowledged earlier.
    pub async fn run_in_turn(
        &self,
        partition: Partition,
        script: &Script,
        call: Call,
    ) -> Result<Reply, Failure> {
        let patience = Patience {
            hold: self.hold,
            in_turn: true,
        };
        self.attempt(patience, partition, script, call).await
    }

    async fn attempt(
        &self,
        Patience { hold, in_turn }: Patience,
        partition: Partition,
        script: &Script,
        call: Call,
    ) -> Result<Reply, Failure> {
        let until = Instant::now() + hold;
        let mut pause = PAUSE;
        let mut refused = Failure::Busy;
        loop {
            if in_turn && timeout_at(until, self.gates.pass(partition)).await.is_err() {
                return Err(Failure::Unknown);
            }
            let error = match self.once(partition, script, &call).await {
                Ok(value) => return Ok(Reply::new(value)),
                Err(error) => error,
            };
            let labels = [script.name];
            self.metrics.errors.with_label_values(&labels).inc();
            match verdict(&error) {
                Verdict::Busy => {
                    self.warn_of(&error);
                    return Err(refused);
                }
                Verdict::Broken => {
                    error!(script = script.name, kind = ?error.kind(), details = error.details(), "a script failed");
                    return Err(Failure::Unknown);
                }
                Verdict::Away => self.gates.close(partition),
                Verdict::Passing | Verdict::NoScript => {}
            }
            debug!(script = script.name, kind = ?error.kind(), "Redis did not answer");
            // Whatever is refused now, this attempt may have happened.
            refused = Failure::Unknown;
            if Instant::now() + pause >= until {
                return Err(Failure::Unknown);
            }
            sleep(pause).await;
            pause = PAUSE_MAX.min(pause * 2);
        }
    }

    async fn once(
        &self,
        partition: Partition,
        script: &Script,
        call: &Call,
    ) -> Result<Value, Error> {
        let clients = self.pool.clients();
        let client = &clients[partition.index() % clients.len()];
        let (hash, text) = script.whole();
        let labels = [script.name];
        self.metrics.commands.with_label_values(&labels).inc();
        let took = self.metrics.command_seconds.with_label_values(&labels);
        let timer = took.start_timer();
        let Call { keys, args } = call.clone();
        let done = match client.evalsha(hash, keys, args).await {
            Err(error) if matches!(verdict(&error), Verdict::NoScript) => {
                let Call { keys, args } = call.clone();
                client.eval(text, keys, args).await
            }
            done => done,
        };
        timer.observe_duration();
        done
    }

    fn warn_of(&self, refusal: &Error) {
        if self.refusals.is_time() {
            let word = refusal.details().split(' ').next();
            warn!(
                word,
                "Redis takes no writes: it is full, without replicas or unable to save"
            );
        }
    }

    pub async fn close(&self) {
        let _ = self.pool.quit().await;
    }
}

fn verdict(error: &Error) -> Verdict {
    const AWAY: [&str; 5] = [
        "CLUSTERDOWN",
        "LOADING",
        "READONLY",
        "MASTERDOWN",
        "UNKILLABLE",
    ];
    const BUSY: [&str; 4] = ["OOM", "NOREPLICAS", "MISCONF", "BUSY"];
    let says = |words: &[&str]| words.iter().any(|word| error.details().starts_with(word));
    if says(&["NOSCRIPT"]) {
        return Verdict::NoScript;
    }
    // A slot moves or has moved. Not all that the script wants is at one end, and it has not begun to write; or it
    // was sent to the wrong one, which fred, once it knows the right one, says in these words.
    let moves = ["TRYAGAIN", "MOVED", "ASK", "Too many failed write attempts"];
    if says(&moves) || error.details().contains("non local key") {
        return Verdict::Passing;
    }
    if says(&AWAY) {
        return Verdict::Away;
    }
    if says(&BUSY) {
        return Verdict::Busy;
    }
    match error.kind() {
        ErrorKind::IO
        | ErrorKind::Timeout
        | ErrorKind::Canceled
        | ErrorKind::Cluster
        | ErrorKind::Routing
        | ErrorKind::Sentinel
        | ErrorKind::Backpressure
        | ErrorKind::Tls => Verdict::Away,
        _ => Verdict::Broken,
    }
}
