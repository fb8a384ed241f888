use std::sync::Weak;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::mpsc,
    time::{Duration, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    super::{
        commits,
        gates::Closed,
        pack::Unreadable,
        script::{Call, Reply},
    },
    LOOK, Servers,
    kept::Acknowledged,
};
use crate::{
    hub::{Commit, lock},
    model::{Epoch, Partition},
};

/// Between two looks at a server that does not answer, and between two rounds.
const PAUSE: Duration = Duration::from_millis(100);
/// A commit may need one that another pod says again, as a message its session.
const ROUNDS: usize = 10;

/// Opens every gate that is closed, as soon as the server behind it is known and has what was acknowledged.
/// Those of a server that is away hold up no others.
pub async fn open_gates(
    servers: Weak<Servers>,
    mut closed: mpsc::Receiver<Closed>,
    stop: CancellationToken,
) {
    let mut opening = FuturesUnordered::new();
    loop {
        tokio::select! {
            next = closed.recv() => match next {
                Some(closed) => opening.push(open(Weak::clone(&servers), closed)),
                None => return,
            },
            Some(()) = opening.next(), if !opening.is_empty() => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn open(servers: Weak<Servers>, closed: Closed) {
    loop {
        let Some(servers) = servers.upgrade() else {
            return;
        };
        if servers.meet(closed).await {
            servers.link.gates.open(closed.0);
            return;
        }
        drop(servers);
        sleep(PAUSE).await;
    }
}

/// What a commit that is said again has come to.
enum Again {
    Restored,
    Known,
    /// Not now: the session may be another pod's to bring back.
    Refused,
}

impl Servers {
    /// Learns which server has the partition; and if it is another one than before, tells it what it may not
    /// know. `false` if it does not answer, or not to all.
    async fn meet(&self, (partition, closed): Closed) -> bool {
        let known = &self.runs[partition.index()];
        let kept = self.kept.of(partition, closed);
        if kept.is_empty() {
            *lock(known) = None;
            return true;
        }
        let Ok((run, epoch)) = self.ask(partition).await else {
            return false;
        };
        let before = lock(known).clone();
        // One that may not be asked is taken for another one each time.
        if run.is_empty() || before.as_ref() != Some(&run) {
            // Another life begins with what is in the history.
            let same = kept.into_iter().filter(|one| one.epoch == epoch).collect();
            if !self.say_again(partition, same).await {
                return false;
            }
            *lock(known) = Some(run);
        }
        true
    }

    async fn ask(&self, partition: Partition) -> Result<(String, Epoch), Unreadable> {
        let call = self.link.call().key(self.keys.of(partition, "meta"));
        let answer = self.link.run(partition, &LOOK, call).await;
        let mut answer = answer.map_err(|_| Unreadable)?;
        let run = self.learn(&mut answer.list()?)?;
        Ok((run, Epoch(answer.text()?)))
    }

    async fn say_again(&self, partition: Partition, mut left: Vec<Acknowledged>) -> bool {
        let (mut restored, mut known) = (0_u64, 0_u64);
        for _ in 0..ROUNDS {
            let mut refused = Vec::new();
            for one in left {
                match self.commit_again(&one).await {
                    Some(Again::Restored) => restored += 1,
                    Some(Again::Known) => known += 1,
                    Some(Again::Refused) => refused.push(one),
                    None => return false,
                }
            }
            left = refused;
            if left.is_empty() {
                break;
            }
            sleep(PAUSE).await;
        }
        for (outcome, count) in [
            ("restored", restored),
            ("known", known),
            ("refused", left.len() as u64),
        ] {
            self.metrics
                .reruns
                .with_label_values(&[outcome])
                .inc_by(count);
        }
        let partition = partition.index();
        if restored > 0 {
            info!(
                partition,
                restored, "another Redis had missed commits: it has them now"
            );
        }
        if !left.is_empty() {
            warn!(
                partition,
                refused = left.len(),
                "another Redis had missed commits, and does not take them"
            );
        }
        true
    }

    /// As it was, but for what it was charged: that is paid. `None` without an answer.
    async fn commit_again(&self, one: &Acknowledged) -> Option<Again> {
        let commit = Commit {
            rate: None,
            ..Commit::clone(&one.commit)
        };
        let partition = Partition::of(&commit.workspace);
        let call = commits::again(
            self.life(partition),
            &self.keys,
            &commit,
            (one.format, &one.epoch),
        );
        let mut reply: Reply = self
            .link
            .run(partition, &commits::COMMIT, call)
            .await
            .ok()?;
        match reply.text().ok()?.as_str() {
            "committed" => Some(Again::Restored),
            "duplicate" => Some(Again::Known),
            _ => Some(Again::Refused),
        }
    }

    fn life(&self, partition: Partition) -> Call {
        self.keys.life(self.link.call(), partition)
    }
}
