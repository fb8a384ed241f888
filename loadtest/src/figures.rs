//! Latencies, and how they are written.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Microseconds, to three digits.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

const QUANTILES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

impl Latencies {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new(3)?))
    }

    pub fn record(&mut self, micros: u64) {
        // It grows as needed, and can for any number of microseconds that a run may last.
        let _ = self.0.record(micros);
    }

    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    pub fn len(&self) -> u64 {
        self.0.len()
    }

    pub fn ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// `p50 0.41  p90 …  max … ms`.
    pub fn line(&self) -> String {
        if self.0.is_empty() {
            return "none".to_owned();
        }
        let figures = QUANTILES.map(|(name, quantile)| format!("{name} {:.2}", self.ms(quantile)));
        format!("{} ms", figures.join("  "))
    }

    /// Milliseconds by name, and how many there were.
    pub fn json(&self) -> Value {
        let mut fields = json!({ "count": self.len() });
        for (name, quantile) in QUANTILES {
            fields[name] = json!(self.ms(quantile));
        }
        fields
    }
}

/// So many within so many seconds.
pub fn per_second(count: u64, seconds: u64) -> f64 {
    count as f64 / (seconds.max(1)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut latencies = Latencies::new().unwrap();
        assert_eq!(latencies.line(), "none");
        for micros in 1..=1000 {
            latencies.record(micros * 100);
        }
        let line = latencies.line();
        assert!(
            line.starts_with("p50 50.") && line.contains("p99 99."),
            "{line}"
        );
        assert_eq!(latencies.json()["count"], 1000);
    }
}
