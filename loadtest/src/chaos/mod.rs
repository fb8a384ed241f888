//! A relay of three pods in trouble, and clients that write down what they see of it.
//!
//! | file | |
//! |---|---|
//! | `schedule` | which faults, and when, from the seed |
//! | `world` | Redis, Postgres, pods, and what is in front of them |
//! | `faults` | carries out the schedule |
//! | `crew`, `peer` | the clients |
//! | `record` | what they write down |
//! | `verdict` | whether that is what was promised |
//! | `presence` | whether anybody is left behind |
//! | `run` | one run from its start to its verdict |

mod crew;
mod faults;
mod peer;
mod presence;
mod record;
mod regressions;
mod run;
mod schedule;
mod verdict;
mod world;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rand::Rng;

use peer::plant::Bug;

#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// How long there are faults; decimals are fine.
    #[arg(long, env = "MINUTES", default_value_t = 1.0, value_parser = minutes)]
    minutes: f64,
    /// Gives the faults; drawn and told if left out.
    #[arg(long, env = "SEED")]
    seed: Option<u64>,
    /// What an ack means; drawn from the seed if left out. Redis loses everything only with `stored`.
    #[arg(long, env = "ACK", value_enum)]
    ack: Option<Ack>,
    /// The relay.
    #[arg(
        long,
        env = "SWITCHBOARD_BIN",
        default_value = "target/debug/switchboard"
    )]
    switchboard: PathBuf,
    /// Where .ci and tests are.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/.."))]
    root: PathBuf,
    /// For the journal and the logs of the pods; removed after a run without a fault if left out.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Only print the schedule.
    #[arg(long)]
    schedule: bool,
    /// Run the seeds that found something, instead of one.
    #[arg(long)]
    regressions: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// No fault, but bugs in the streams of some clients: the verdict has to name each once.
    #[arg(long, hide = true, value_enum, value_delimiter = ',')]
    plant: Vec<Bug>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ack {
    Accepted,
    Stored,
}

impl Ack {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Stored => "stored",
        }
    }
}

/// Whether every promise was kept.
pub async fn run(settings: Settings) -> anyhow::Result<bool> {
    if !settings.regressions {
        return one(settings).await;
    }
    let mut kept = true;
    for regression in regressions::ALL {
        eprintln!("{}", regression.found);
        let again = Settings {
            minutes: regression.minutes,
            seed: Some(regression.seed),
            ack: Some(regression.ack),
            ..settings.clone()
        };
        kept &= one(again).await?;
    }
    Ok(kept)
}

async fn one(settings: Settings) -> anyhow::Result<bool> {
    let seed = settings.seed;
    let seed = seed.unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let drawn = if seed.is_multiple_of(2) {
        Ack::Stored
    } else {
        Ack::Accepted
    };
    let ack = settings.ack.unwrap_or(drawn);
    run::run(&settings, seed, ack).await
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if (0.1..=10_000.0).contains(&minutes) => Ok(minutes),
        _ => Err("a number from 0.1".to_owned()),
    }
}
