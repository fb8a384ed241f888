//! `switchboard import`: takes over the conversations of a chat that kept them in SQLite tables of its own.
//!
//! The file is read twice, in one look: first to say all that is wrong with it, then to write. So what cannot be
//! taken whole is not taken at all, and a person has a list of rows to mend.

mod cell;
mod columns;
mod entries;
mod sieve;
mod source;

use std::{collections::HashSet, io::Write as _, sync::Arc};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{sync::mpsc, task::spawn_blocking};

use self::{
    entries::{Made, Terms},
    sieve::Sieve,
    source::{Conversation, Source},
};
use crate::{
    config::{Cluster, ImportArgs},
    history::{Accounts, Imported, Imports, postgres::PostgresHistory, sqlite::SqliteHistory},
    metrics::Metrics,
    model::{Clock, Entry, Partition, SessionId, Status},
};

/// Entries of one transaction, as of the history's writer.
const BATCH: usize = 500;
/// Conversations that are read ahead of the database.
const AHEAD: usize = 16;
/// Rows that are listed; of more, how many they are.
const SHOWN: usize = 20;
/// Text of one transaction, in bytes.
const BATCH_BYTES: usize = 4_000_000;

pub async fn run(args: ImportArgs) -> anyhow::Result<()> {
    columns::check(&args.columns)?;
    let source = Source::open(&args)?;
    let terms = Terms {
        workspace: args.workspace(),
        now: Clock::System.now(),
        waiting_life_ms: args.waiting_life.ms(),
    };
    for line in &source.columns {
        println!("{line}");
    }
    let skip = args.skip;
    let (source, terms, found) = spawn_blocking(move || {
        let found = look(&source, &terms, skip)?;
        anyhow::Ok((source, terms, found))
    })
    .await??;
    if args.dry_run {
        return found.tell("can be taken");
    }
    let (imports, accounts) = open(&args).await?;
    if accounts.workspace(&terms.workspace).await?.is_none() {
        let workspace = &terms.workspace;
        bail!(
            "there is no workspace {workspace}; `switchboard workspace add {workspace}` makes it"
        );
    }
    let known = write(&*imports, source, terms, skip).await?;
    found.tell("are there now")?;
    if known > 0 {
        println!("{known} of the messages had been there before");
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

fn look(source: &Source, terms: &Terms, skip: bool) -> anyhow::Result<Found> {
    let progress = progress(source.rows, "looking");
    let mut found = Found::default();
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut sieve = Sieve::new(terms.now);
    source.read(|read| {
        let before = wrong.len();
        let read = sieve.sift(read, &mut wrong);
        count += wrong.len() - before;
        wrong.truncate(SHOWN);
        progress.set_position(sieve.rows);
        if let Some(conversation) = read {
            found.count(conversation, terms);
        }
        Ok(())
    })?;
    progress.finish_and_clear();
    if count == 0 {
        return Ok(found);
    }
    let left = count - wrong.len();
    let more = (left > 0).then(|| format!("\n  and {left} more"));
    let list = format!("{}{}", wrong.join("\n  "), more.unwrap_or_default());
    if !skip {
        bail!(
            "nothing was written, since {count} rows cannot be taken (--skip leaves them out):\n  {list}"
        );
    }
    eprintln!("left out are {count} rows that cannot be taken:\n  {list}");
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

/// Returns how many messages were there before.
async fn write(
    imports: &dyn Imports,
    source: Source,
    terms: Terms,
    skip: bool,
) -> anyhow::Result<u64> {
    let progress = progress(source.rows, "writing");
    let to = (imports, Partition::of(&terms.workspace));
    let (read, mut conversations) = mpsc::channel::<(Made, u64)>(AHEAD);
    let reading = spawn_blocking(move || {
        let mut sieve = Sieve::new(terms.now);
        source.read(|conversation| {
            // Those that are wrong have been told of.
            let Some(conversation) = sieve.sift(conversation, &mut Vec::new()) else {
                return Ok(());
            };
            let made = entries::entries(conversation, &terms);
            read.blocking_send((made, sieve.rows))
                .context("the database is not there any more")
        })
    });
    let (mut batch, mut known) = (Batch::default(), 0);
    while let Some((made, rows)) = conversations.recv().await {
        // Whole conversations, as far as they fit.
        if !batch.has_room_for(&made.entries) {
            known += batch.put(to, skip).await?;
        }
        for entry in made.entries {
            if batch.is_full() {
                known += batch.put(to, skip).await?;
            }
            batch.push(entry);
        }
        progress.set_position(rows);
    }
    reading.await??;
    known += batch.put(to, skip).await?;
    progress.finish_and_clear();
    Ok(known)
}

/// What is stored at once.
#[derive(Default)]
struct Batch {
    entries: Vec<Arc<Entry>>,
    bytes: usize,
    /// Of these nothing is stored any more, in this batch and those behind it: half of one would be mixed with what
    /// is in its place.
    left_out: HashSet<SessionId>,
}

impl Batch {
    fn has_room_for(&self, entries: &[Arc<Entry>]) -> bool {
        let bytes: usize = entries.iter().map(|entry| size(entry)).sum();
        self.entries.len() + entries.len() <= BATCH && self.bytes + bytes <= BATCH_BYTES
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= BATCH || self.bytes >= BATCH_BYTES
    }

    fn push(&mut self, entry: Arc<Entry>) {
        if entry
            .session
            .as_ref()
            .is_some_and(|it| self.left_out.contains(it))
        {
            return;
        }
        self.bytes += size(&entry);
        self.entries.push(entry);
    }

    /// Returns how many messages were there before.
    async fn put(
        &mut self,
        (imports, partition): (&dyn Imports, Partition),
        skip: bool,
    ) -> anyhow::Result<u64> {
        self.bytes = 0;
        let entries = std::mem::take(&mut self.entries);
        if entries.is_empty() {
            return Ok(0);
        }
        let mut entries = entries;
        loop {
            let stored = imports.import(partition, entries.clone()).await;
            match stored.context(HALF)? {
                Imported::Stored { known } => return Ok(known),
                Imported::Refused(clash) if skip => {
                    eprintln!("left out: {clash}");
                    self.left_out.insert(clash.session().clone());
                    entries.retain(|entry| entry.session.as_ref() != Some(clash.session()));
                }
                Imported::Refused(clash) => {
                    return Err(anyhow::Error::new(clash).context(CLASH));
                }
            }
        }
    }
}

const CLASH: &str = "it was not written whole (--skip leaves out what is in the way)";

const HALF: &str =
    "it was not written whole; say the same command again, what is there is passed over";

fn size(entry: &Entry) -> usize {
    entry.message().map_or(0, |it| it.content.text().len())
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
