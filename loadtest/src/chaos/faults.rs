//! Carries out what is scheduled.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use switchboard::model::{Clock, Millis};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep, sleep_until},
};

use super::{
    crew::Crew,
    schedule::{Fault, Kind},
    verdict::Window,
    world::{
        front::Front,
        pods::Pods,
        private::{Private, redis},
    },
};

/// The servers that are troubled, one after the other.
pub struct Servers {
    pub pods: Pods,
    pub redis: Private,
    pub postgres: Private,
}

/// What was carried out, as it went.
#[derive(Clone)]
pub struct Log {
    began: Instant,
    windows: Arc<Mutex<Vec<Window>>>,
}

impl Log {
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            windows: Arc::default(),
        }
    }

    pub fn windows(&self) -> Vec<Window> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.clone()
    }

    async fn wait(&self, fault: &Fault) -> Millis {
        sleep_until(self.began + fault.at).await;
        Clock::System.now()
    }

    fn tell(&self, fault: &Fault, whom: &str) {
        let at = self.began.elapsed().as_secs_f64();
        let lasts = fault.lasts.as_secs_f64();
        eprintln!("{at:7.1} s  {}{whom} ({lasts:.1} s)", fault.kind.name());
    }

    fn add(&self, kind: Kind, from: Millis, whose: Vec<String>) {
        let healed = Clock::System.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.push(Window {
            kind,
            from,
            healed,
            whose,
        });
    }
}

/// Those of the servers.
pub async fn of_servers(
    faults: &[Fault],
    servers: &mut Servers,
    log: &Log,
    last: Instant,
) -> anyhow::Result<()> {
    for fault in faults {
        let from = log.wait(fault).await;
        // One that ends by itself may take its time; the end of the run stays calm.
        if Instant::now() + fault.lasts > last {
            return Ok(());
        }
        let pod = fault.target % servers.pods.len();
        let whom = match fault.kind {
            Kind::PodKilled | Kind::PodStopped | Kind::PodDrained => format!(" {pod}"),
            _ => String::new(),
        };
        log.tell(fault, &whom);
        let carried = servers.suffer(fault, pod).await;
        carried.with_context(|| format!("{}{whom}", fault.kind.name()))?;
        log.add(fault.kind, from, Vec::new());
    }
    Ok(())
}

impl Servers {
    async fn suffer(&mut self, fault: &Fault, pod: usize) -> anyhow::Result<()> {
        let Self {
            pods,
            redis: server,
            postgres,
        } = self;
        let lasts = fault.lasts;
        match fault.kind {
            Kind::PodKilled => pods.kill(pod, lasts).await,
            Kind::PodStopped => pods.stop(pod, lasts).await,
            Kind::PodDrained => pods.drain(pod).await,
            Kind::SubscribersKilled => redis(&server.url, "CLIENT KILL TYPE pubsub").await,
            Kind::ConnectionsKilled => redis(&server.url, "CLIENT KILL TYPE normal").await,
            Kind::RedisFlushed => redis(&server.url, "FLUSHALL").await,
            Kind::RedisRestarted => around(server, ["kill", "start"], lasts).await,
            Kind::RedisStopped => around(server, ["pause", "resume"], lasts).await,
            Kind::PostgresRestarted => around(postgres, ["kill", "start"], lasts).await,
            Kind::PostgresStopped => around(postgres, ["pause", "resume"], lasts).await,
            _ => Ok(()),
        }
    }
}

async fn around(
    server: &mut Private,
    [hurt, heal]: [&str; 2],
    lasts: Duration,
) -> anyhow::Result<()> {
    server.order(hurt).await?;
    sleep(lasts).await;
    server.order(heal).await
}

/// Those of single clients.
pub async fn of_clients(
    faults: &[Fault],
    crew: &AsyncMutex<Crew>,
    front: &Front,
    log: &Log,
) -> anyhow::Result<()> {
    for fault in faults {
        let from = log.wait(fault).await;
        let mut who = crew.lock().await.who(fault.target);
        match fault.kind {
            Kind::Cut => front.change(&who, |weather| weather.cuts += 1),
            Kind::ResponseCut => front.change(&who, |weather| weather.bites += 1),
            Kind::Reconnected => crew.lock().await.kick(&who).await?,
            Kind::SecondTab => match crew.lock().await.open_tab(fault.target) {
                Some(tab) => who = tab,
                None => continue,
            },
            _ => {}
        }
        log.tell(fault, &format!(" {who}"));
        front.change(&who, |weather| match fault.kind {
            Kind::Frozen => weather.frozen = true,
            // It has to come back to want one.
            Kind::UpgradeRefused => {
                weather.refuses_upgrade = true;
                weather.cuts += 1;
            }
            Kind::Delayed => weather.delay = DELAY,
            _ => {}
        });
        sleep(fault.lasts).await;
        front.change(&who, |weather| {
            weather.frozen = false;
            weather.refuses_upgrade = false;
            weather.delay = Duration::ZERO;
        });
        log.add(fault.kind, from, vec![who]);
    }
    Ok(())
}

const DELAY: Duration = Duration::from_millis(300);
