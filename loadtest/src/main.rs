//! Load on a relay that runs already, from real sockets. It says what it saw, and fails if a
//! message was lost, came twice or came out of order. The relay has to run without limits of rates.

mod chaos;
mod client;
mod fanout;
mod figures;
mod floor;
mod limits;
mod load;
mod oracle;
mod outcome;
mod pairs;
mod poll;
mod progress;
mod receiver;
mod sender;
mod shape;
mod tag;
mod target;
mod troubles;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The relay's own limits would be what is measured.
const UNLIMITED: &str =
    "Start the relay with RATE_HANDSHAKE=0 RATE_SESSION=0 RATE_GUEST=0 RATE_OPERATOR=0.";

#[derive(Debug, Parser)]
#[command(version, about, after_help = UNLIMITED)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Guests write, many operators read everything: deliveries per second and how long each
    /// took, beside a bare broadcast if you like.
    Fanout(fanout::Settings),
    /// Guests write and wait for acks, operators read along: acknowledged messages per second and
    /// how long the acks took.
    Pairs(pairs::Settings),
    /// Guests on HTTP long-polling write and are answered; with --scatter each request goes to the
    /// next address: round trips, requests for each message, and requests that failed.
    Poll(poll::Settings),
    /// Three pods of its own with all that they need, in all kinds of trouble, and clients that see
    /// whether a message is lost.
    Chaos(chaos::Settings),
    /// Serve the bare broadcast that `fanout` compares with, until standard input ends.
    Floor(floor::Settings),
}

/// 0 if all went well, 1 if the relay has lost something or failed, 2 if there was no run at all.
#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().scenario).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // On one line: a backtrace would only tell where connections are made.
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(scenario: Scenario) -> anyhow::Result<bool> {
    match scenario {
        Scenario::Fanout(settings) => fanout::run(settings).await,
        Scenario::Pairs(settings) => pairs::run(settings).await,
        Scenario::Poll(settings) => poll::run(settings).await,
        Scenario::Chaos(settings) => chaos::run(settings).await,
        Scenario::Floor(settings) => floor::serve(settings).await.map(|()| true),
    }
}
