//! `switchboard import`: takes over the conversations of a chat that kept them in SQLite tables of its own.
//!
//! The file is read twice, in one look: first to say all that is wrong with it, then to write. So what cannot be
//! taken whole is not taken at all, and a person has a list of rows to mend.

mod cell;
mod columns;
mod entries;
mod source;

use std::{io::Write as _, sync::Arc};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{sync::mpsc, task::spawn_blocking};

use self::{
    entries::{Made, Terms},
    source::{Conversation, Source, Wrong},
};
use crate::{
    config::{Cluster, ImportArgs},
    history::{Accounts, Imports, postgres::PostgresHistory, sqlite::SqliteHistory},
    metrics::Metrics,
    model::{Clock, Entry, Millis, Partition, Status},
};

/// Entries of one transaction, as of the history's writer.
const BATCH: usize = 500;
/// Conversations that are read ahead of the database.
const AHEAD: usize = 16;
/// Rows that are listed; of more, how many they are.
const SHOWN: usize = 20;
/// Clocks differ.
const SKEW_MS: Millis = 60_000;

pub async fn run(args: ImportArgs) -> anyhow::Result<()> {
    columns::check(&args.columns)?;
    let source = Source::open(&args)?;
    let terms = Terms {
        workspace: args.workspace(),
        now: Clock::System.now(),
        waiting_life_ms: args.waiting_life.ms(),
    };
    let (source, terms, found) = spawn_blocking(move || {
        let found = look(&source, &terms)?;
        anyhow::Ok((source, terms, found))
    })
    .await??;
    if args.dry_run {
        return found.tell("would be taken");
    }
    let (imports, accounts) = open(&args).await?;
    if accounts.workspace(&terms.workspace).await?.is_none() {
        let workspace = &terms.workspace;
        bail!(
            "there is no workspace {workspace}; `switchboard workspace add {workspace}` makes it"
        );
    }
    let known = write(&*imports, source, terms).await?;
    found.tell("are there now")?;
    if known > 0 {
        writeln!(
            std::io::stdout(),
            "{known} of the messages had been there before"
        )?;
    }
    Ok(())
}

/// What there is to take.
#[derive(Default)]
struct Found {
    waiting: u64,
    active: u64,
    ended: u64,
    given_up: u64,
    orphans: u64,
    messages: u64,
}

impl Found {
    fn tell(&self, verb: &str) -> anyhow::Result<()> {
        let sessions = self.waiting + self.active + self.ended;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "{sessions} sessions ({} waiting, {} active, {} ended) and {} messages {verb}",
            self.waiting, self.active, self.ended, self.messages
        )?;
        if self.given_up > 0 {
            let count = self.given_up;
            writeln!(
                out,
                "{count} of the ended were open, without a word for too long (WAITING_LIFE)"
            )?;
        }
        if self.orphans > 0 {
            let count = self.orphans;
            writeln!(
                out,
                "{count} of the ended have messages and no row of their own"
            )?;
        }
        Ok(())
    }
}

fn look(source: &Source, terms: &Terms) -> anyhow::Result<Found> {
    let progress = progress(source.rows, "looking");
    let mut found = Found::default();
    let (mut wrong, mut count) = (Vec::new(), 0_u64);
    source.read(|read| {
        let rows = read
            .as_ref()
            .map_or(1, |conversation| conversation.messages.len() as u64 + 1);
        progress.inc(rows);
        match read.and_then(|conversation| past(conversation, terms)) {
            Ok(conversation) => found.count(conversation, terms),
            Err(why) => {
                count += 1;
                if wrong.len() < SHOWN {
                    wrong.push(why);
                }
            }
        }
        Ok(())
    })?;
    progress.finish_and_clear();
    if count > 0 {
        let left = count - wrong.len() as u64;
        let more = (left > 0).then(|| format!("\n  and {left} more"));
        bail!(
            "nothing was written, since {count} rows cannot be taken:\n  {}{}",
            wrong.join("\n  "),
            more.unwrap_or_default()
        );
    }
    Ok(found)
}

impl Found {
    fn count(&mut self, conversation: Conversation, terms: &Terms) {
        self.messages += conversation.messages.len() as u64;
        self.orphans += u64::from(conversation.is_orphan);
        let made = entries::entries(conversation, terms);
        self.given_up += u64::from(made.gave_up);
        match made.status {
            Status::Waiting => self.waiting += 1,
            Status::Active => self.active += 1,
            Status::Ended => self.ended += 1,
        }
    }
}

/// What is said from now on has to come after all of it.
fn past(conversation: Conversation, terms: &Terms) -> Result<Conversation, Wrong> {
    let newest = conversation.messages.last().map(|message| message.at);
    let newest = newest.max(Some(conversation.session.created_at));
    if newest > Some(terms.now + SKEW_MS) {
        return Err(format!(
            "session {}: it has a time that has not come yet",
            conversation.session.id
        ));
    }
    Ok(conversation)
}

/// Returns how many messages were there before.
async fn write(imports: &dyn Imports, source: Source, terms: Terms) -> anyhow::Result<u64> {
    let progress = progress(source.rows, "writing");
    let partition = Partition::of(&terms.workspace);
    let (read, mut conversations) = mpsc::channel::<(Made, u64)>(AHEAD);
    let reading = spawn_blocking(move || {
        source.read(|conversation| {
            let conversation = conversation.map_err(anyhow::Error::msg)?;
            let rows = conversation.messages.len() as u64 + 1;
            let made = entries::entries(conversation, &terms);
            read.blocking_send((made, rows))
                .context("the database is not there any more")
        })
    });
    let (mut batch, mut known) = (Vec::new(), 0);
    while let Some((made, rows)) = conversations.recv().await {
        for entry in made.entries {
            batch.push(entry);
            if batch.len() >= BATCH {
                known += put(imports, partition, std::mem::take(&mut batch)).await?;
            }
        }
        progress.inc(rows);
    }
    reading.await??;
    if !batch.is_empty() {
        known += put(imports, partition, batch).await?;
    }
    progress.finish_and_clear();
    Ok(known)
}

async fn put(
    imports: &dyn Imports,
    partition: Partition,
    batch: Vec<Arc<Entry>>,
) -> anyhow::Result<u64> {
    let stored = imports.import(partition, batch).await;
    let stored = stored.context(
        "it was not written whole; say the same command again, what is there is passed over",
    )?;
    if stored.refused > 0 {
        bail!(
            "the database refused {} entries, which are in its table poison now",
            stored.refused
        );
    }
    Ok(stored.known)
}

type Opened = (Arc<dyn Imports>, Arc<dyn Accounts>);

/// The database of the deployment that the environment tells of.
async fn open(args: &ImportArgs) -> anyhow::Result<Opened> {
    let metrics = Metrics::new()?.history;
    Ok(match Cluster::from_environment()? {
        Some(cluster) => {
            let history = PostgresHistory::connect(&cluster.database_url, metrics).await?;
            let history = Arc::new(history);
            (history.clone(), history)
        }
        None => {
            let history = Arc::new(SqliteHistory::open(&args.data.data_dir, metrics)?);
            (history.clone(), history)
        }
    })
}

/// Nothing where nobody looks at a terminal.
fn progress(rows: u64, doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(rows);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} rows, {eta}") {
        bar.set_style(style);
    }
    bar.with_message(doing)
}
