//! Senders and receivers over one time: what `fanout` and `pairs` have in common.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    client::Client,
    outcome::Outcome,
    progress::Progress,
    receiver::Receiver,
    sender::Sender,
    shape::{LINGER, Shape},
    tag::Run,
    window::Window,
};

/// Who takes part, connected already.
pub struct Cast {
    pub senders: Vec<Client>,
    pub receivers: Vec<Client>,
}

/// A message is in flight until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    Acked,
    /// To every receiver. It is the same where there are no acks, as at the floor.
    Delivered,
}

/// What all who take part know of the run.
pub struct Course {
    pub run: Run,
    pub size: usize,
    pub floor: bool,
    pub until_acked: bool,
    /// Deliveries so far, each once.
    pub arrived: Arc<AtomicU64>,
    /// When nothing more is written.
    pub until: Instant,
    began: Instant,
    /// Between two messages of one sender, and how much later each sender begins than the one
    /// before: so that they do not all write at once.
    interval: Option<Duration>,
    apart: Duration,
    /// In the run's microseconds.
    measured: std::ops::Range<u64>,
}

impl Course {
    fn new(shape: &Shape, until: Until, floor: bool) -> Self {
        let run = Run::new();
        let began = Instant::now();
        let over = began + shape.writing();
        let interval = shape.interval();
        Self {
            measured: run.at(began + shape.warm_up())..run.at(over),
            run,
            size: shape.size,
            floor,
            until_acked: until == Until::Acked,
            arrived: Arc::default(),
            until: over,
            began,
            interval,
            apart: interval.unwrap_or_default().div_f64(shape.guests as f64),
        }
    }

    pub fn measures(&self, at: u64) -> bool {
        self.measured.contains(&at)
    }

    /// When a message is to be sent, if there is a pace.
    pub fn due(&self, sender: usize, seq: u64) -> Option<Instant> {
        let later = self.interval?.mul_f64(seq as f64) + self.apart.mul_f64(sender as f64);
        Some(self.began + later)
    }
}

/// Runs it. It ends in time whatever the server does: what has not come by then is missing.
pub async fn run(
    title: &str,
    cast: Cast,
    shape: &Shape,
    until: Until,
    floor: bool,
) -> anyhow::Result<Outcome> {
    let course = Arc::new(Course::new(shape, until, floor));
    let parts = match until {
        Until::Acked => 1,
        Until::Delivered => cast.receivers.len(),
    };
    let windows: Vec<_> = cast
        .senders
        .iter()
        .map(|_| Arc::new(Window::new(shape.in_flight(), parts)))
        .collect();
    let receivers = cast.receivers.len() as u64;
    let (stop, stopped) = watch::channel(false);
    let mut readers = JoinSet::new();
    for client in cast.receivers {
        let receiver = Receiver::new(client, course.clone(), windows.clone())?;
        readers.spawn(read(receiver, stopped.clone()));
    }
    let mut progress = Progress::new()?;
    progress.count(title, shape.writing(), course.arrived.clone());
    let last = course.until + shape.grace();
    let mut writers = JoinSet::new();
    for (number, client) in cast.senders.into_iter().enumerate() {
        let sender = Sender::new(number, client, course.clone(), windows[number].clone())?;
        writers.spawn(write(sender, last));
    }
    let mut outcome = Outcome::new(title, shape.seconds)?;
    let mut senders = Vec::new();
    while let Some(written) = writers.join_next().await {
        senders.push(written?);
    }
    senders.sort_unstable_by_key(|(number, _)| *number);
    let owed: u64 = senders.iter().map(|(_, sent)| sent.acked.len()).sum();
    settle(&course, owed * receivers, last).await;
    stop.send_replace(true);
    while let Some(read) = readers.join_next().await {
        let (receiver, trouble) = read?;
        outcome.add_receiver(&receiver, &senders, trouble)?;
    }
    for (_, sent) in senders {
        outcome.add_sender(sent)?;
    }
    Ok(outcome)
}

async fn write(mut sender: Sender, last: Instant) -> (usize, crate::sender::Sent) {
    let ended = timeout_at(last, sender.run()).await;
    let (number, mut sent) = sender.end();
    if let Ok(Err(trouble)) = ended {
        sent.trouble.get_or_insert(trouble);
    }
    (number, sent)
}

async fn read(
    mut receiver: Receiver,
    mut stopped: watch::Receiver<bool>,
) -> (Receiver, Option<anyhow::Error>) {
    let trouble = tokio::select! {
        ended = receiver.run() => ended.err(),
        // An error would mean that nobody waits for what is read here.
        _ = stopped.wait_for(|stopped| *stopped) => None,
    };
    if trouble.is_some() {
        // What it does not read is missing in the end; the others go on.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
    (receiver, trouble)
}

/// Until all that is owed has come, and then for a moment longer: a duplicate comes last.
async fn settle(course: &Course, owed: u64, last: Instant) {
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let arrived = async {
        while course.arrived.load(Relaxed) < owed {
            sleep(LOOK_EVERY).await;
        }
    };
    if timeout_at(last, arrived).await.is_ok() {
        sleep(LINGER).await;
    }
}
