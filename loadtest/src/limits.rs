//! What this process may use, and how long it waits for a connection.

use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};

/// For each connection to be made and let in.
pub const CONNECT: Duration = Duration::from_secs(15);

/// Connections that are being made at a time: a listener's backlog is no part of what is measured.
const AT_ONCE: usize = 32;

/// Files that are open anyway.
const SPARE: u64 = 64;

/// Raises the limit of open files as far as it goes, and says if that is too little for so many
/// sockets.
pub fn allow(sockets: usize) -> anyhow::Result<()> {
    // Where it cannot be raised it is what it was, and the sentence below tells.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let (limit, _) = rlimit::Resource::NOFILE.get()?;
    let needed = sockets as u64 + SPARE;
    ensure!(
        needed <= limit,
        "{sockets} sockets need {needed} open files, and the limit of this process is {limit} \
         (ulimit -Hn): raise it, or run several load tests side by side"
    );
    Ok(())
}

/// For the error of a connection that failed: most often it is this.
pub fn open_files() -> String {
    match rlimit::Resource::NOFILE.get() {
        Ok((limit, _)) => format!("this process may have {limit} files open, see ulimit -n"),
        Err(_) => "see also ulimit -n".to_owned(),
    }
}

/// Makes `count` of something over sockets, some at a time, in order of their numbers.
pub async fn each<T, F>(
    what: &str,
    count: usize,
    make: impl Fn(usize) -> F,
) -> anyhow::Result<Vec<T>>
where
    F: Future<Output = anyhow::Result<T>>,
{
    stream::iter(0..count)
        .map(|number| {
            let making = make(number);
            async move {
                making
                    .await
                    .with_context(|| format!("{what} {} of {count}", number + 1))
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}
