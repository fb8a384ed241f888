//! How a signal to one connection is named in scripts and publications.

use crate::hub::Signal;

pub fn name(signal: Signal) -> &'static str {
    match signal {
        Signal::Wake => "wake",
        Signal::Replaced => "replaced",
        Signal::Release => "release",
        Signal::Closed { by_client: true } => "closed-by-client",
        Signal::Closed { by_client: false } => "closed",
        Signal::Fenced => "fenced",
    }
}

/// Of a later release: whoever is meant looks for itself.
pub fn named(name: &str) -> Signal {
    [
        Signal::Wake,
        Signal::Replaced,
        Signal::Release,
        Signal::Closed { by_client: true },
        Signal::Closed { by_client: false },
        Signal::Fenced,
    ]
    .into_iter()
    .find(|signal| self::name(*signal) == name)
    .unwrap_or(Signal::Wake)
}
