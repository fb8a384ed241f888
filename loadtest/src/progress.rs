//! How far a run is, on standard error.

use std::{
    io::{IsTerminal, stderr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::{task::JoinHandle, time::interval};

/// A bar on a terminal, a line every few seconds elsewhere. It ends when it is dropped.
pub struct Progress {
    bar: Option<ProgressBar>,
    ticking: Option<JoinHandle<()>>,
}

/// Between two lines where nobody watches.
const LINE_EVERY: u64 = 5;

impl Progress {
    pub fn new() -> anyhow::Result<Self> {
        let bar = if stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} s")?;
            Some(ProgressBar::new(0).with_style(style))
        } else {
            None
        };
        let ticking = None;
        Ok(Self { bar, ticking })
    }

    /// Shows from now on how many seconds have passed, and how many more `counted` there are.
    pub fn count(&mut self, title: &str, length: Duration, counted: Arc<AtomicU64>) {
        let (bar, title, length) = (self.bar.clone(), title.to_owned(), length.as_secs());
        self.ticking = Some(tokio::spawn(async move {
            let mut ticks = interval(Duration::from_secs(1));
            ticks.tick().await;
            let mut before = 0;
            for second in 1..=length {
                ticks.tick().await;
                let now = counted.load(Relaxed);
                let told = format!("{title}: {}/s", now - before);
                before = now;
                match &bar {
                    Some(bar) => {
                        bar.set_length(length);
                        bar.set_position(second);
                        bar.set_message(told);
                    }
                    None if second % LINE_EVERY == 0 => eprintln!("{told} ({second}/{length} s)"),
                    None => {}
                }
            }
        }));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(ticking) = &self.ticking {
            ticking.abort();
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
