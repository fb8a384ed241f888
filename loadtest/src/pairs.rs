//! Guests write and wait for acks, operators read along: how fast messages are taken.

use clap::Args;

use crate::{
    fanout, limits,
    load::{self, Until},
    shape::Shape,
    target::Target,
};

#[derive(Clone, Debug, Args)]
pub struct Settings {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    shape: Shape,
    /// Operators, each of whom receives every message. A message is in flight until its ack.
    #[arg(long, default_value_t = 1)]
    operators: usize,
}

/// Whether nothing was lost.
pub async fn run(settings: Settings) -> anyhow::Result<bool> {
    let Settings {
        target,
        shape,
        operators,
    } = settings;
    limits::allow(shape.guests + operators)?;
    let cast = fanout::cast(&target, &shape, operators).await?;
    let outcome = load::run("pairs", cast, &shape, Until::Acked, false).await?;
    if shape.json {
        println!("{}", outcome.json());
    } else {
        outcome.print();
    }
    Ok(!outcome.failed())
}
