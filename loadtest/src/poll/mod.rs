//! Guests on HTTP long-polling whose every request may go to another pod.
//!
//! | file | |
//! |---|---|
//! | `transport` | Engine.IO over requests: which address is next, what came back |
//! | `joined` | a guest gets its session, and hears |
//! | `guest` | writes, and waits for each ack and each answer |
//! | `operator` | answers each message, over WebSocket |
//! | `report` | what came of it |

mod guest;
mod joined;
mod operator;
mod report;
mod transport;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use clap::Args;
use serde_json::json;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::{
    client::Client,
    limits::{self, each},
    progress::Progress,
    shape::{LINGER, Shape},
    tag::Run,
    target::Target,
};
use guest::Guest;
use joined::Joined;
use operator::Operator;
use report::Report;
use transport::{Route, Tally};

#[derive(Clone, Debug, Args)]
pub struct Settings {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    shape: Shape,
    /// Operators on WebSocket; each guest's messages are answered by one of them.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    operators: u16,
    /// Send each request of a guest to the next address of --url. Without it a guest stays with
    /// one address.
    #[arg(long)]
    scatter: bool,
}

/// What all who take part know of the run.
struct Course {
    run: Run,
    size: usize,
    in_flight: usize,
    interval: Option<Duration>,
    began: Instant,
    until: Instant,
    measured: std::ops::Range<u64>,
    /// Messages that were acknowledged and answered.
    done: Arc<AtomicU64>,
    tally: Tally,
}

/// Whether nothing was lost and no request failed.
pub async fn run(settings: Settings) -> anyhow::Result<bool> {
    let Settings {
        target,
        shape,
        operators,
        scatter,
    } = settings;
    let operators = usize::from(operators);
    let addresses = if scatter { target.urls.len() } else { 1 };
    limits::allow(shape.guests * addresses * transport::SOCKETS + operators)?;
    let tally = Tally::default();
    let operator = async |number| {
        let auth = json!({ "token": target.operator_token(number)? });
        Client::join(target.url(number), "/", auth).await
    };
    let answering = each("operator", operators, operator).await?;
    let guest = async |number| {
        let route = Route::new(&target.urls, number, scatter);
        let joining = joined::join(route, &target.workspace, number, &tally);
        timeout(limits::CONNECT, joining).await?
    };
    let guests = each("guest", shape.guests, guest).await?;
    // What it took to join is not counted to the messages.
    let course = Arc::new(Course::new(&shape, tally.restarted()));
    let mut progress = Progress::new()?;
    progress.count("polling", shape.writing(), course.done.clone());
    let report = converse(&course, answering, guests, shape.grace()).await?;
    drop(progress);
    report.tell(&course, &shape);
    Ok(!report.failed(&course))
}

async fn converse(
    course: &Arc<Course>,
    answering: Vec<Client>,
    guests: Vec<Joined>,
    grace: Duration,
) -> anyhow::Result<Report> {
    let (stop, stopped) = watch::channel(false);
    let (count, staff) = (guests.len(), answering.len());
    let mut operators = JoinSet::new();
    for (number, client) in answering.into_iter().enumerate() {
        let operator = Operator::new(number, staff, count, client);
        operators.spawn(operator.run(course.clone(), stopped.clone()));
    }
    let last = course.until + grace;
    let mut writers = JoinSet::new();
    for (number, joined) in guests.into_iter().enumerate() {
        let mut guest = Guest::new(number, joined, course.clone())?;
        writers.spawn(async move {
            let ended = timeout_at(last, guest.run()).await;
            guest.end(ended.ok().and_then(Result::err)).await
        });
    }
    let mut report = Report::new()?;
    while let Some(written) = writers.join_next().await {
        report.add_guest(written?)?;
    }
    // An operator may yet hear something twice.
    sleep(LINGER).await;
    stop.send_replace(true);
    while let Some(answered) = operators.join_next().await {
        report.add_operator(answered?);
    }
    Ok(report)
}

impl Course {
    fn new(shape: &Shape, tally: Tally) -> Self {
        let (run, began) = (Run::new(), Instant::now());
        let until = began + shape.writing();
        Self {
            measured: run.at(began + shape.warm_up())..run.at(until),
            run,
            size: shape.size,
            in_flight: shape.in_flight(),
            interval: shape.interval(),
            began,
            until,
            done: Arc::default(),
            tally,
        }
    }

    fn measures(&self, at: u64) -> bool {
        self.measured.contains(&at)
    }

    /// When a message is to be sent, if there is a pace. Guests begin one after the other.
    fn due(&self, guest: usize, seq: u64) -> Option<Instant> {
        let interval = self.interval?;
        // The golden ratio spreads any number of guests evenly over the interval.
        let apart = (guest as f64 * 0.618_033_988_75).fract();
        Some(self.began + interval.mul_f64(seq as f64 + apart))
    }

    fn one_done(&self) {
        self.done.fetch_add(1, Relaxed);
    }
}
