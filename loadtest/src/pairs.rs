use std::{collections::HashMap, time::Duration};

use anyhow::Context;
use clap::Args;
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::client::{Client, Heard, granted};

#[derive(Clone, Debug, Args)]
pub struct Settings {
    #[arg(long, env = "SWITCHBOARD_URL", default_value = "http://127.0.0.1:3001")]
    url: String,
    /// Of an operator, from `switchboard token`.
    #[arg(long, env = "OPERATOR_TOKEN")]
    operator_token: String,
    #[arg(long, default_value_t = 50)]
    guests: usize,
    #[arg(long, default_value_t = 1)]
    operators: usize,
    /// Messages that a guest has in flight; 1 waits for each ack.
    #[arg(long, default_value_t = 1)]
    window: usize,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Bytes of a message's text.
    #[arg(long, default_value_t = 120)]
    size: usize,
}

/// Microseconds from sending to the ack, and how many.
type Latencies = Histogram<u64>;

pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let bar = ProgressBar::new(settings.seconds);
    bar.set_style(ProgressStyle::with_template(
        "{msg} {wide_bar} {pos}/{len} s",
    )?);
    bar.set_message("connecting");
    let (stop, stopped) = watch::channel(false);
    let mut readers = JoinSet::new();
    for _ in 0..settings.operators {
        let auth = json!({ "token": settings.operator_token });
        let operator = Client::join(&settings.url, "/", auth)
            .await
            .context("operator")?;
        readers.spawn(read(operator, stopped.clone()));
    }
    let mut guests = Vec::new();
    for number in 0..settings.guests {
        let mut guest = Client::join(&settings.url, "/public-portal", json!({})).await?;
        guest
            .ask("guest:start", &json!({ "name": format!("guest {number}") }))
            .await?;
        guests.push(guest);
    }
    bar.set_message("writing");
    let started = Instant::now();
    let until = started + Duration::from_secs(settings.seconds);
    let mut writers = JoinSet::new();
    for guest in guests {
        writers.spawn(write(guest, settings.clone(), until));
    }
    let ticking = tokio::spawn(tick(bar.clone(), settings.seconds));
    let mut latencies = Latencies::new(3)?;
    while let Some(written) = writers.join_next().await {
        latencies.add(written??)?;
    }
    let took = started.elapsed();
    ticking.abort();
    stop.send(true)?;
    let mut delivered = 0;
    while let Some(read) = readers.join_next().await {
        delivered += read??;
    }
    bar.finish_and_clear();
    report(&settings, &latencies, delivered, took);
    Ok(())
}

/// Keeps `window` messages in flight until the time is over, then waits for the rest.
async fn write(mut guest: Client, settings: Settings, until: Instant) -> anyhow::Result<Latencies> {
    let text = "x".repeat(settings.size);
    let mut latencies = Latencies::new(3)?;
    let mut sent = HashMap::new();
    loop {
        while sent.len() < settings.window && Instant::now() < until {
            let payload = json!({ "message": text, "type": "text" });
            let id = guest.emit("guest:message", &payload).await?;
            sent.insert(id, Instant::now());
        }
        if sent.is_empty() {
            return Ok(latencies);
        }
        if let Heard::Ack(id, answer) = guest.hear().await?
            && let Some(at) = sent.remove(&id)
        {
            granted("guest:message", answer)?;
            latencies.record(u64::try_from(at.elapsed().as_micros())?)?;
        }
    }
}

/// Counts guests' messages, up to a second of silence after the writers are done.
async fn read(mut operator: Client, mut stopped: watch::Receiver<bool>) -> anyhow::Result<u64> {
    const SILENCE: Duration = Duration::from_secs(1);
    let mut count = 0;
    let mut last = None;
    loop {
        let heard = match last {
            None => tokio::select! {
                heard = operator.hear() => heard?,
                _ = stopped.changed() => {
                    last = Some(Instant::now());
                    continue;
                }
            },
            Some(at) => match timeout_at(at + SILENCE, operator.hear()).await {
                Ok(heard) => heard?,
                Err(_) => return Ok(count),
            },
        };
        if matches!(&heard, Heard::Event(event) if event.name.as_str() == Some("guest:message")) {
            count += 1;
            last = last.map(|_| Instant::now());
        }
    }
}

async fn tick(bar: ProgressBar, seconds: u64) {
    for second in 1..=seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bar.set_position(second);
    }
}

fn report(settings: &Settings, latencies: &Latencies, delivered: u64, took: Duration) {
    let acked = latencies.len();
    let seconds = took.as_secs_f64();
    let ms = |quantile: f64| latencies.value_at_quantile(quantile) as f64 / 1000.0;
    println!(
        "guests {}  operators {}  window {}",
        settings.guests, settings.operators, settings.window
    );
    println!("acknowledged {acked} ({:.0}/s)", acked as f64 / seconds);
    println!(
        "delivered    {delivered} ({:.0}/s)",
        delivered as f64 / seconds
    );
    println!(
        "ack          p50 {:.2} ms  p99 {:.2} ms  max {:.2} ms",
        ms(0.5),
        ms(0.99),
        ms(1.0)
    );
    let owed = acked * settings.operators as u64;
    println!("missing      {}", owed.saturating_sub(delivered));
}
