//! How long what is bad lasts in tests: as long as it takes to show what happens, or (`TEST_LONG`) as in life.

use std::env;

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
