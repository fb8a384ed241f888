//! The verdict as people read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard::model::Millis;

use super::{Breach, Felt, Verdict, Window};
use crate::{chaos::schedule::Kind, figures::Latencies};

/// Of all of it, or of what happened while one kind of fault was felt.
pub struct Line {
    name: &'static str,
    faults: usize,
    acknowledged: usize,
    delivered: usize,
    breaches: [usize; 6],
    recovered: usize,
    anew: usize,
    refused: usize,
    from_heal: Latencies,
    from_start: Latencies,
    /// Faults that were felt to the end of the run.
    never: usize,
}

/// The whole run first.
pub fn lines(verdict: &Verdict, windows: &[Window], felt: &[Felt]) -> anyhow::Result<Vec<Line>> {
    let mut by_kind: BTreeMap<Kind, Vec<(&Window, Felt)>> = BTreeMap::new();
    for (window, felt) in windows.iter().zip(felt) {
        by_kind
            .entry(window.kind)
            .or_default()
            .push((window, *felt));
    }
    let all: Vec<_> = windows.iter().zip(felt.iter().copied()).collect();
    let mut lines = vec![Line::of("all", verdict, &all, |_| true)?];
    for (kind, faults) in by_kind {
        let during = |at: Millis| {
            faults
                .iter()
                .any(|(window, felt)| is_felt(window, felt, at))
        };
        lines.push(Line::of(kind.name(), verdict, &faults, during)?);
    }
    Ok(lines)
}

fn is_felt(window: &Window, felt: &Felt, at: Millis) -> bool {
    let over = felt.from_heal.map_or(Millis::MAX, |ms| window.healed + ms);
    (window.from..=over).contains(&at)
}

impl Line {
    fn of(
        name: &'static str,
        verdict: &Verdict,
        faults: &[(&Window, Felt)],
        during: impl Fn(Millis) -> bool,
    ) -> anyhow::Result<Self> {
        let count = |times: &[Millis]| times.iter().filter(|at| during(**at)).count();
        let connected = |how| {
            let those = verdict.connected.iter();
            let those = those.filter(|(at, recovered)| *recovered == how && during(*at));
            those.count()
        };
        let breaches = Breach::ALL.map(|breach| {
            let found = verdict.findings.iter();
            let found = found.filter(|finding| finding.breach == breach && during(finding.at));
            found.count()
        });
        let mut line = Self {
            name,
            faults: faults.len(),
            acknowledged: count(&verdict.acknowledged),
            delivered: count(&verdict.delivered),
            breaches,
            recovered: connected(true),
            anew: connected(false),
            refused: count(&verdict.refused),
            from_heal: Latencies::new()?,
            from_start: Latencies::new()?,
            never: 0,
        };
        for (_, felt) in faults {
            match (felt.from_start, felt.from_heal) {
                (Some(start), Some(heal)) => {
                    line.from_start.record(start * 1000);
                    line.from_heal.record(heal * 1000);
                }
                _ => line.never += 1,
            }
        }
        Ok(line)
    }

    fn cells(&self) -> Vec<String> {
        let ms = |latencies: &Latencies, quantile| {
            if latencies.len() == 0 {
                return "-".to_owned();
            }
            format!("{:.1}", latencies.ms(quantile) / 1000.0)
        };
        let mut cells = vec![self.name.to_owned()];
        let counts = [self.faults, self.acknowledged, self.delivered];
        cells.extend(counts.iter().chain(&self.breaches).map(usize::to_string));
        cells.extend([self.recovered, self.anew, self.refused].map(|count| count.to_string()));
        for latencies in [&self.from_heal, &self.from_start] {
            cells.extend([0.5, 0.99].map(|quantile| ms(latencies, quantile)));
        }
        cells.push(self.never.to_string());
        cells
    }

    pub fn json(&self) -> Value {
        let mut fields = json!({
            "name": self.name,
            "faults": self.faults,
            "acknowledged": self.acknowledged,
            "delivered": self.delivered,
            "recovered": self.recovered,
            "anew": self.anew,
            "refused": self.refused,
            "from_heal_ms": self.from_heal.json(),
            "from_start_ms": self.from_start.json(),
            "never": self.never,
        });
        for (breach, count) in Breach::ALL.iter().zip(self.breaches) {
            fields[breach.name()] = count.into();
        }
        fields
    }
}

const HEAD: [&str; 18] = [
    "",
    "faults",
    "acked",
    "delivered",
    "lost",
    "doubled",
    "reordered",
    "leaked",
    "false",
    "differing",
    "recovered",
    "anew",
    "refused",
    "heal p50",
    "p99",
    "start p50",
    "p99",
    "never",
];

/// Times to recover are in seconds, from the heal of a fault and from its start.
pub fn print(lines: &[Line]) {
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(Line::cells));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    for row in &rows {
        let mut text = format!("{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        println!("{text}");
    }
}
