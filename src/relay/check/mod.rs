//! What `switchboard check` does: everything that can be seen before a start, an item a line. It changes nothing,
//! and goes on to its end whatever does not answer.
//!
//! ```text
//! item       a line: what was looked at, what was found, what to do
//! settings   what a start would refuse, secrets, who signs tokens, whose pages may connect
//! redis, postgres, embedded     what the backends say of themselves, judged
//! files      where files go, and where their addresses lead
//! clock      theirs beside ours
//! machine    what this one lets a process have
//! by_hand    what cannot be seen from here
//! report     as lines, or as JSON
//! ```

mod by_hand;
mod clock;
mod embedded;
mod files;
mod item;
mod machine;
mod postgres;
mod redis;
mod report;
mod settings;

use std::{io, path::Path, process::ExitCode, time::Duration};

use tokio::{task::spawn_blocking, time::timeout};

use self::{item::Item, report::Report};
use crate::{
    config::{Ack, CheckArgs, Cluster, Config},
    history::{postgres as history, sqlite},
    hub::redis as hub,
    model::Clock,
};

/// What to do about what a start refuses.
const MEND: &str = "correct it: a start is refused";
/// For the data directory, and one of files: a disk may not answer, and would not be told to give up.
const DATA_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks at everything at the same time, and prints what was found.
pub async fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let CheckArgs {
        json,
        strict,
        mut config,
    } = args;
    let report = Box::pin(look(&mut config, strict)).await;
    let printed = if json {
        report.print_json()
    } else {
        report.print_lines()
    };
    match printed {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed?,
    }
    Ok(ExitCode::from(report.exit()))
}

async fn look(config: &mut Config, strict: bool) -> Report {
    let found = config.find_cluster();
    let mode = match (&found, &config.cluster) {
        (Err(_), _) => "unknown",
        (Ok(()), Some(_)) => "cluster",
        (Ok(()), None) => "embedded",
    };
    let mut items = settings::items(config, found.as_ref().err());
    let (published, backends) = tokio::join!(settings::published(config), async {
        match (&found, &config.cluster) {
            // Neither can be told from what is set.
            (Err(_), _) => Vec::new(),
            (Ok(()), Some(cluster)) => shared(config, cluster).await,
            (Ok(()), None) => own(config).await,
        }
    });
    items.extend(published);
    items.extend(backends);
    items.extend(machine::items(config));
    items.extend(by_hand::items(config));
    Report::new(mode, strict, items)
}

async fn shared(config: &Config, cluster: &Cluster) -> Vec<Item> {
    let (url, prefix) = (&cluster.redis_url, &config.redis_prefix);
    let (redis, postgres, stored) = tokio::join!(
        hub::probe::probe(url, prefix, &Clock::System),
        history::probe::probe(&cluster.database_url, &Clock::System),
        files::stored(config),
    );
    // A contradiction is told of with the settings.
    let ack = config.ack().unwrap_or(Ack::Accepted);
    let mut items = redis::items(&redis, ack);
    items.extend(postgres::items(&postgres));
    items.push(stored.unwrap_or_else(|| files::in_database(&postgres)));
    items.extend(clock::items(&redis, &postgres));
    items
}

async fn own(config: &Config) -> Vec<Item> {
    let folder = config.keys.data_dir.clone();
    let probe = spawn_blocking(move || sqlite::probe::probe(&folder));
    let probe = timeout(DATA_TIMEOUT, probe);
    let (probe, stored) = tokio::join!(probe, files::stored(config));
    let mut items = embedded::items(dir(config), probe.ok().and_then(Result::ok));
    items.extend(stored);
    items
}

fn dir(config: &Config) -> &Path {
    &config.keys.data_dir
}
