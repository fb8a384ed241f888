use std::{net::SocketAddr, path::Path};

use clap::Parser;
use switchboard::{
    config::{Cli, Config},
    relay::{self, Backends, Running},
    server::Health,
};
use tokio::net::TcpListener;

use super::folder::Folder;

/// Server objects on ports of their own that share one hub and one history: what one of them knows
/// of a client, it knows from there.
pub struct Relays {
    pub config: Config,
    pub backends: Backends,
    running: Vec<Running>,
    folder: Folder,
}

impl Relays {
    /// With further command-line settings.
    pub async fn start_with(count: usize, settings: &[&str]) -> Self {
        let folder = Folder::fresh();
        let config = config(&folder, settings);
        let backends = relay::prepare(&config).await.unwrap();
        let mut relays = Self {
            config,
            backends,
            running: Vec::new(),
            folder,
        };
        for _ in 0..count {
            relays.add().await;
        }
        relays
    }

    /// One more server object.
    pub async fn add(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = relay::start(
            &self.config,
            &self.backends,
            listener,
            None,
            Health::default(),
        )
        .await
        .unwrap();
        self.running.push(running);
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.running.iter().map(|running| running.address).collect()
    }

    /// Ends in order: everything said is stored when this returns.
    pub async fn stop(self) -> Folder {
        for running in self.running {
            running.drain().await;
        }
        self.backends.close().await;
        self.folder
    }
}

/// Tests are faster than people. Those that are about a limit set it.
const NO_LIMITS: [&str; 4] = [
    "--rate-guest",
    "--rate-operator",
    "--rate-handshake",
    "--rate-session",
];

/// The settings of a server on `folder`.
pub fn config(folder: &Folder, settings: &[&str]) -> Config {
    let data = folder.path().to_str().unwrap();
    let own = [
        "switchboard",
        "--data-dir",
        data,
        "--workspaces",
        "other",
        "--drain-timeout",
        "0s",
    ];
    let limits = NO_LIMITS
        .iter()
        .filter(|limit| !settings.contains(limit))
        .flat_map(|limit| [*limit, "0"]);
    let all = own.into_iter().chain(limits);
    Cli::try_parse_from(all.chain(settings.iter().copied()))
        .unwrap()
        .config
}
