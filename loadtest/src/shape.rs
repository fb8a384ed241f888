//! How much load, and for how long.

use std::time::Duration;

use clap::Args;

#[derive(Clone, Debug, Args)]
pub struct Shape {
    /// Guests, who write.
    #[arg(long, default_value_t = 20)]
    pub guests: usize,
    /// Messages per second of all guests together, at an even pace. Who falls behind counts from
    /// when a message was due. Without it each guest writes as soon as its window has room.
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Messages that a guest has in flight at most [default: 1, or 1000 with --rate].
    #[arg(long, alias = "window", value_parser = in_flight)]
    in_flight: Option<usize>,
    /// Bytes of a message's text.
    #[arg(long, default_value_t = 120, value_parser = size)]
    pub size: usize,
    /// How long to measure.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Seconds of the same load before, whose figures are left out; its losses are not.
    #[arg(long, default_value_t = 2)]
    pub warm_up: u64,
    /// Seconds that whatever is under way may take at the end. What has not come by then is lost.
    #[arg(long, default_value_t = 10)]
    grace: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

impl Shape {
    pub fn in_flight(&self) -> usize {
        self.in_flight
            .unwrap_or(if self.rate.is_some() { 1000 } else { 1 })
    }

    /// Between two messages of one guest.
    pub fn interval(&self) -> Option<Duration> {
        self.rate
            .map(|rate| Duration::from_secs_f64(self.guests as f64 / rate))
    }

    pub fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }

    /// Warm-up and measurement.
    pub fn writing(&self) -> Duration {
        Duration::from_secs(self.warm_up + self.seconds)
    }

    pub fn grace(&self) -> Duration {
        Duration::from_secs(self.grace)
    }
}

/// Once all has come, as long again is listened for what comes twice.
pub const LINGER: Duration = Duration::from_millis(500);

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e7).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number above 0".to_owned()),
    }
}

fn in_flight(text: &str) -> Result<usize, String> {
    within(text, 1..=100_000)
}

/// A message holds its tag at least.
fn size(text: &str) -> Result<usize, String> {
    within(text, crate::tag::LONGEST..=1_000_000)
}

fn within(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("from {} to {}", range.start(), range.end())),
    }
}
