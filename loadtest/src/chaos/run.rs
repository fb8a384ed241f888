//! One run from its start to its verdict.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use serde_json::json;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    Ack, Settings,
    crew::{Crew, OTHER, World},
    faults::{self, Log, Servers},
    peer::Phase,
    presence::{LeftBehind, left_behind},
    record::{Journal, What},
    schedule::{self, Fault},
    verdict::{Breach, Verdict, felt, judge, table},
    world::{
        front::Front,
        pods::{Launch, Pods},
        private::Private,
        rows::Rows,
    },
};

const PODS: usize = 3;
const JWT_SECRET: &str = "what the operators' tokens are signed with";
const SIGNING_KEY: &str = "what guests' tokens and pids are signed with";
/// Short, so that a minute has many faults; the same proportions as in earnest.
const SETTINGS: [(&str, &str); 19] = [
    ("LISTEN", "127.0.0.1:0"),
    ("METRICS_LISTEN", "127.0.0.1:0"),
    ("WORKSPACES", OTHER),
    ("POD_LEASE", "2s"),
    ("PING_INTERVAL", "2s"),
    ("PING_TIMEOUT", "2s"),
    // The longest life of a silent connection is counted over both mounts.
    ("CHAT_PING_TIMEOUT", "2s"),
    ("UPGRADE_TIMEOUT", "3s"),
    ("CONNECT_TIMEOUT", "5s"),
    ("ACK_TIMEOUT", "3s"),
    ("REDIS_HOLD", "2s"),
    ("OPERATOR_GRACE", "3s"),
    ("DRAIN_TIMEOUT", "1s"),
    ("LOG_FORMAT", "json"),
    ("RATE_GUEST", "0"),
    ("RATE_OPERATOR", "0"),
    ("RATE_HANDSHAKE", "0"),
    ("RATE_SESSION", "0"),
    ("SLOW_TIMEOUT", "5s"),
];
/// Until all are there, or all is told.
const LONG: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(200);
const CALM: Duration = Duration::from_secs(6);
const FINDINGS_TOLD: usize = 30;

/// What is there at the end of the faults.
struct Stage {
    servers: Servers,
    front: Arc<Front>,
    url: String,
    journal: Journal,
    rows: String,
}

pub async fn run(settings: &Settings, seed: u64, ack: Ack) -> anyhow::Result<bool> {
    let length = Duration::from_secs_f64(settings.minutes * 60.0);
    let mut schedule = schedule::draw(seed, length, ack == Ack::Stored);
    if !settings.plant.is_empty() {
        schedule = [Vec::new(), Vec::new()];
    }
    eprintln!(
        "SEED={seed} ACK={} MINUTES={}: {} faults of servers, {} of clients",
        ack.name(),
        settings.minutes,
        schedule[0].len(),
        schedule[1].len()
    );
    if settings.schedule {
        print_schedule(&schedule);
        return Ok(true);
    }
    let folder = settings.folder.clone().unwrap_or_else(|| {
        let name = format!("switchboard-chaos-{seed}-{}", std::process::id());
        std::env::temp_dir().join(name)
    });
    std::fs::create_dir_all(&folder)?;
    let stage = Stage::set(settings, seed, ack, &folder).await?;
    let kept = stage.play(settings, seed, schedule, length).await?;
    if kept && settings.folder.is_none() {
        std::fs::remove_dir_all(&folder)?;
    } else {
        eprintln!("journal and logs: {}", folder.display());
    }
    Ok(kept)
}

impl Stage {
    async fn set(settings: &Settings, seed: u64, ack: Ack, folder: &Path) -> anyhow::Result<Self> {
        let (redis, postgres) = tokio::try_join!(
            Private::start(&settings.root, &["redis"]),
            Private::start(&settings.root, &["postgres"])
        )?;
        let mut environment: Vec<_> = SETTINGS
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        environment.extend([
            ("REDIS_URL", redis.url.clone()),
            ("DATABASE_URL", postgres.url.clone()),
            ("JWT_SECRET", JWT_SECRET.to_owned()),
            ("SIGNING_KEY", SIGNING_KEY.to_owned()),
            ("ACK", ack.name().to_owned()),
        ]);
        let launch = Launch {
            binary: settings.switchboard.clone(),
            environment,
            logs: folder.to_owned(),
        };
        let (front, address) = Front::start(PODS, seed).await?;
        let pods = Pods::start(launch, PODS, front.clone()).await?;
        Ok(Self {
            rows: postgres.url.clone(),
            servers: Servers {
                pods,
                redis,
                postgres,
            },
            front,
            url: format!("http://{address}"),
            journal: Journal::create(&folder.join("journal.jsonl"))?,
        })
    }

    async fn play(
        mut self,
        settings: &Settings,
        seed: u64,
        schedule: [Vec<Fault>; 2],
        length: Duration,
    ) -> anyhow::Result<bool> {
        let world = World {
            root: settings.root.clone(),
            url: self.url.clone(),
            secret: JWT_SECRET.to_owned(),
            seed,
            journal: self.journal.clone(),
        };
        let crew = Mutex::new(Crew::gather(world, &settings.plant).await?);
        let everybody = crew.lock().await.len();
        timeout(LONG, self.counted(everybody, is_first_ack))
            .await
            .context("not everybody gets through, before any fault")?;
        eprintln!("{everybody} clients are there");
        let (log, [of_servers, of_clients]) = (Log::new(), schedule);
        let until = Instant::now() + length;
        let ticking = tokio::spawn(tick(self.journal.clone(), length));
        let troubled = tokio::try_join!(
            faults::of_servers(&of_servers, &mut self.servers, &log, until),
            faults::of_clients(&of_clients, &crew, &self.front, &log)
        );
        // So that the last fault can be seen to be over.
        sleep_until(until + CALM).await;
        ticking.abort();
        let mut troubles: Vec<String> = Vec::new();
        troubles.extend(troubled.err().map(|error| format!("{error:#}")));
        let ended = self.finish(crew.into_inner(), &mut troubles).await?;
        self.servers.redis.end().await?;
        self.servers.postgres.end().await?;
        let journal = self.journal;
        Ok(ended.tell(settings, &log, &troubles, &journal))
    }

    /// All say what they have begun to say, read everything and go; then the pods end, and what is stored
    /// is compared with what was seen.
    async fn finish(
        &mut self,
        mut crew: Crew,
        troubles: &mut Vec<String>,
    ) -> anyhow::Result<Ended> {
        eprintln!("the faults are over: until all is said");
        crew.enter(Phase::Stop).await?;
        let everybody = crew.everybody();
        let is_idle = |what: &What| *what == What::Idle;
        if timeout(LONG, self.counted(everybody, is_idle))
            .await
            .is_err()
        {
            troubles.push("somebody is not acknowledged to the end".to_owned());
        }
        let rows = Rows::connect(&self.rows).await?;
        self.settled(&rows).await?;
        crew.enter(Phase::Leave).await?;
        if timeout(LONG, crew.end())
            .await
            .map_err(anyhow::Error::from)
            .flatten()
            .is_err()
        {
            troubles.push("somebody cannot read everything to the end".to_owned());
        }
        let left = left_behind(&self.url, JWT_SECRET, &self.journal).await?;
        if let Err(error) = self.servers.pods.stop_all().await {
            troubles.push(format!("{error:#}"));
        }
        let poison = rows.poison().await?;
        if poison > 0 {
            troubles.push(format!("{poison} entries are poison"));
        }
        let verdict = judge(&self.journal.all(), &rows.all().await?);
        Ok(Ended { verdict, left })
    }

    /// Until nothing is missing any more, or for as long as may be waited for that.
    async fn settled(&self, rows: &Rows) -> anyhow::Result<()> {
        const MAY_TAKE: Duration = Duration::from_secs(20);
        let until = Instant::now() + MAY_TAKE;
        loop {
            let before = self.journal.len();
            sleep(LOOK * 5).await;
            let verdict = judge(&self.journal.all(), &rows.all().await?);
            let missing = verdict.count(Breach::Lost) + verdict.count(Breach::FalseAck);
            let quiet = self.journal.len() == before;
            if (missing == 0 && quiet) || Instant::now() > until {
                return Ok(());
            }
        }
    }

    /// Until so many clients have such a record.
    async fn counted(&self, wanted: usize, is_it: impl Fn(&What) -> bool) {
        let mut who = std::collections::HashSet::new();
        let mut seen = 0;
        while who.len() < wanted {
            let new = self.journal.since(seen);
            seen += new.len();
            let those = new.into_iter().filter(|record| is_it(&record.what));
            who.extend(those.map(|record| record.who));
            sleep(LOOK).await;
        }
    }
}

fn is_first_ack(what: &What) -> bool {
    matches!(what, What::Acked { .. })
}

struct Ended {
    verdict: Verdict,
    left: LeftBehind,
}

impl Ended {
    /// Whether every promise was kept.
    fn tell(&self, settings: &Settings, log: &Log, troubles: &[String], journal: &Journal) -> bool {
        let windows = log.windows();
        let felt = felt(&journal.all(), &windows);
        let nobody = self.left == LeftBehind::default();
        let kept = self.verdict.kept() && nobody && troubles.is_empty();
        match table::lines(&self.verdict, &windows, &felt) {
            Ok(lines) if settings.json => {
                let lines: Vec<_> = lines.iter().map(table::Line::json).collect();
                let LeftBehind {
                    operators,
                    sessions,
                } = self.left;
                let left = json!({ "operators": operators, "sessions": sessions });
                println!(
                    "{}",
                    json!({ "kept": kept, "lines": lines, "left_behind": left, "troubles": troubles })
                );
            }
            Ok(lines) => table::print(&lines),
            Err(error) => eprintln!("{error:#}"),
        }
        if !settings.json {
            let left = self.left;
            println!(
                "left behind: {} operators shown as present, {} sessions held by nobody",
                left.operators, left.sessions
            );
        }
        for finding in self.verdict.findings.iter().take(FINDINGS_TOLD) {
            eprintln!("{}: {}", finding.breach.name(), finding.says);
        }
        for trouble in troubles {
            eprintln!("trouble: {trouble}");
        }
        kept
    }
}

fn print_schedule(schedule: &[Vec<Fault>; 2]) {
    let mut all: Vec<&Fault> = schedule.iter().flatten().collect();
    all.sort_by_key(|fault| fault.at);
    for fault in all {
        let (at, lasts) = (fault.at.as_secs_f64(), fault.lasts.as_secs_f64());
        println!("{at:7.1} s  {} ({lasts:.1} s)", fault.kind.name());
    }
}

/// How far it is, every few seconds.
async fn tick(journal: Journal, length: Duration) {
    const EVERY: Duration = Duration::from_secs(10);
    let began = Instant::now();
    let mut seen = 0;
    loop {
        sleep(EVERY).await;
        let new = journal.since(seen);
        seen += new.len();
        let acked = new.iter().filter(|record| is_first_ack(&record.what));
        let (now, all) = (began.elapsed().as_secs(), length.as_secs());
        eprintln!("{now:5} / {all} s  {} acknowledged in 10 s", acked.count());
    }
}
