//! How long what is bad lasts in tests: as long as it takes to show what happens, or (`TEST_LONG`) as in life.

use std::{env, time::Duration};

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings of their own"
)]
fn is_long() -> bool {
    env::var_os("TEST_LONG").is_some()
}

/// Clients that come back at once.
pub fn storm() -> usize {
    if is_long() { 5_000 } else { 500 }
}

/// Of a client between its attempts to come back: at first, and at most.
pub fn pauses() -> (Duration, Duration) {
    let official = (Duration::from_secs(1), Duration::from_secs(5));
    if is_long() {
        official
    } else {
        (official.0 / 10, official.1 / 10)
    }
}

/// A client is asleep for longer than the servers wait for it, with [`pings`].
pub fn asleep() -> Duration {
    Duration::from_secs(if is_long() { 60 } else { 5 })
}

/// Interval and time-out of pings, where a test waits for that to be over.
pub fn pings() -> (&'static str, &'static str) {
    if is_long() {
        ("25s", "20s")
    } else {
        ("1s", "1s")
    }
}

/// After which somebody who takes nothing is closed, where a test waits for that.
pub fn slow() -> Duration {
    Duration::from_secs(if is_long() { 30 } else { 2 })
}

/// That a server is away.
pub fn outage() -> Duration {
    Duration::from_secs(if is_long() { 30 } else { 10 })
}

/// That a database is away, while the chat goes on.
pub fn database_outage() -> Duration {
    Duration::from_secs(if is_long() { 300 } else { 10 })
}

/// That each guest of a busy workspace says.
pub fn messages() -> u64 {
    if is_long() { 1_600 } else { 200 }
}

/// How often each of ten operators comes and goes.
pub fn joins() -> usize {
    if is_long() { 1_000 } else { 5 }
}

/// Messages in a database that is asked for a few. With either the planner of Postgres takes the same indexes.
pub fn stored() -> usize {
    if is_long() { 1_000_000 } else { 100_000 }
}
