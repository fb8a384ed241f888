//! Guests write, many operators read everything: how fast one message reaches all of them.

use clap::Args;
use serde_json::json;

use crate::{
    client::Client,
    floor::Floor,
    limits::{self, each},
    load::{self, Cast, Until},
    outcome::{Outcome, compare},
    shape::Shape,
    target::Target,
};

#[derive(Clone, Debug, Args)]
pub struct Settings {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    shape: Shape,
    /// Operators, each of whom receives every message. A message is in flight until all have it.
    #[arg(long, default_value_t = 50)]
    operators: usize,
    /// Measure the floor instead: a bare broadcast over WebSockets that knows nothing of chat.
    #[arg(long)]
    floor: bool,
    /// Measure the floor first, then the relay, and say how far they are apart.
    #[arg(long, conflicts_with = "floor")]
    against_floor: bool,
}

/// Whether nothing was lost.
pub async fn run(settings: Settings) -> anyhow::Result<bool> {
    limits::allow(settings.shape.guests + settings.operators)?;
    let mut outcomes = Vec::new();
    if settings.floor || settings.against_floor {
        outcomes.push(floor(&settings).await?);
    }
    if !settings.floor {
        outcomes.push(relay(&settings).await?);
    }
    report(&outcomes, settings.shape.json);
    Ok(!outcomes.iter().any(Outcome::failed))
}

async fn floor(settings: &Settings) -> anyhow::Result<Outcome> {
    let floor = Floor::start().await?;
    let cast = Cast {
        receivers: each("receiver", settings.operators, |_| floor.receiver()).await?,
        senders: each("sender", settings.shape.guests, |_| floor.sender()).await?,
    };
    load::run("floor", cast, &settings.shape, Until::Delivered, true).await
}

async fn relay(settings: &Settings) -> anyhow::Result<Outcome> {
    let cast = cast(&settings.target, &settings.shape, settings.operators).await?;
    load::run("relay", cast, &settings.shape, Until::Delivered, false).await
}

/// Operators and guests of a relay, who have joined.
pub async fn cast(target: &Target, shape: &Shape, operators: usize) -> anyhow::Result<Cast> {
    let operator = async |number| {
        let auth = json!({ "token": target.operator_token(number)? });
        Client::join(target.url(number), "/", auth).await
    };
    Ok(Cast {
        receivers: each("operator", operators, operator).await?,
        senders: each("guest", shape.guests, |number| guest(target, number)).await?,
    })
}

async fn guest(target: &Target, number: usize) -> anyhow::Result<Client> {
    let mut guest = Client::join(target.url(number), "/public-portal", json!({})).await?;
    let start = json!({ "name": format!("guest {number}"), "workspace": target.workspace });
    guest.ask("guest:start", &start).await?;
    Ok(guest)
}

fn report(outcomes: &[Outcome], as_json: bool) {
    let ratio = match outcomes {
        [floor, relay] => Some(compare(relay, floor)),
        _ => None,
    };
    if as_json {
        let mut all = json!({ "runs": outcomes.iter().map(Outcome::json).collect::<Vec<_>>() });
        if let Some(ratio) = ratio {
            all["relay_to_floor"] = ratio;
        }
        println!("{all}");
        return;
    }
    for outcome in outcomes {
        outcome.print();
    }
    if let Some(ratio) = ratio {
        println!(
            "relay to floor: deliveries/s x{}, p50 x{}, p99 x{}",
            ratio["deliveries_per_second"], ratio["p50"], ratio["p99"]
        );
    }
}
