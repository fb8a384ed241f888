//! Load on a relay that runs already, from real sockets. It says what it saw and judges nothing.

mod client;
mod pairs;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Guests write, operators of their workspace read everything: acknowledged and delivered
    /// messages per second, and how long each took.
    Pairs(pairs::Settings),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().scenario {
        Scenario::Pairs(settings) => pairs::run(settings).await,
    }
}
