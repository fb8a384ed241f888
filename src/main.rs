//! Reads the settings, builds, serves, drains.

use std::{
    io::{self, IsTerminal},
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use clap::Parser;
use switchboard::{
    config::{
        self, CheckArgs, Cli, Cluster, Command, Config, IdentityArgs, Keys, LogFormat, Secrets,
        TokenArgs,
    },
    model::{Clock, WorkspaceId},
    relay::{self, admin, check, import, trial},
    server::{
        Health,
        auth::{Identity, OperatorClaims},
    },
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::Token(args)) => print_token(&args),
        Some(Command::IdentitySecret(args)) => print_identity_secret(&args),
        Some(Command::Serve(config)) => run(*config),
        Some(Command::Workspace(args)) => block_on(admin::workspace(args)),
        Some(Command::Operator(args)) => block_on(admin::operator(args)),
        Some(Command::Migrate(args)) => block_on(admin::migrate(args)),
        // It says why a database does not do it.
        Some(Command::Import(args)) => {
            log_to_stderr(LogFormat::Text).and_then(|()| block_on(import::run(*args)))
        }
        Some(Command::Check(args)) => return checked(*args),
        None => run(cli.config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("switchboard: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn checked(args: CheckArgs) -> ExitCode {
    let done = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let code = runtime.block_on(check::run(args));
            // A disk or a name server that still does not answer holds up nobody.
            runtime.shutdown_background();
            code
        });
    done.unwrap_or_else(|error| {
        eprintln!("switchboard: {error:#}");
        ExitCode::FAILURE
    })
}

/// Where secrets are made that are not set, if this is the place.
fn secrets_folder(keys: &Keys) -> anyhow::Result<Option<&Path>> {
    let embedded = Cluster::from_environment()?.is_none();
    Ok(embedded.then_some(keys.data_dir.as_path()))
}

fn print_identity_secret(args: &IdentityArgs) -> anyhow::Result<()> {
    let folder = secrets_folder(&args.keys)?;
    let is_new = folder.is_some_and(|folder| !folder.exists());
    let signing = Secrets::signing(folder)?;
    if is_new {
        let made = args.keys.data_dir.display();
        eprintln!(
            "DATA_DIR: made a new key in {made}; only a server on the same folder knows this secret"
        );
    }
    let workspace = WorkspaceId::new(&args.workspace);
    let secret = Identity::secret(&signing, &workspace);
    println!("{}", secret.context("there is no key")?);
    Ok(())
}

fn print_token(args: &TokenArgs) -> anyhow::Result<()> {
    let folder = secrets_folder(&args.keys)?;
    let is_new = folder.is_some_and(|folder| !folder.exists());
    let secrets = Secrets::load(&args.keys.issuers, folder)?;
    anyhow::ensure!(
        secrets.jwt.is_some(),
        "JWT_SECRET is not set: operators' tokens are made by whoever has the private keys to JWT_PUBLIC_KEY or JWKS_URL"
    );
    if is_new {
        let made = args.keys.data_dir.display();
        eprintln!(
            "DATA_DIR: made new secrets in {made}; only a server on the same folder takes this token"
        );
    }
    let now = Clock::System.now() / 1000;
    let claims = OperatorClaims {
        sub: args.operator(),
        name: args.name.clone(),
        workspace: args.workspace(),
        role: args.role,
        iat: now,
        exp: now + args.expires_in.as_secs(),
    };
    println!(
        "{}",
        trial::token(&secrets, &claims).context("the token cannot be signed")?
    );
    Ok(())
}

/// A command that says what went wrong itself: of the log only that is shown which makes it fail.
#[tokio::main]
async fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    work.await
}

#[tokio::main]
async fn run(mut config: Config) -> anyhow::Result<()> {
    log_to_stderr(config.log_format)?;
    // From the first moment: whoever asks early gets the same end.
    let mut signals = [
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    ];
    config.find_cluster()?;
    config.settings()?;
    let secrets = config.secrets()?;
    // A folder that another process uses is the first thing to say, before a busy port.
    let embedded = match config.cluster {
        None => Some(relay::prepare(&config).await?),
        Some(_) => None,
    };
    let listener = trial::bind(config.listen(), "the relay", config.trial)
        .await
        .with_context(|| format!("LISTEN: cannot listen on {}", config.listen()))?;
    let metrics = trial::bind(config.metrics_listen, "/metrics", config.trial)
        .await
        .with_context(|| format!("METRICS_LISTEN: cannot listen on {}", config.metrics_listen))?;
    let metrics_address = metrics.local_addr()?;
    let health = Health::default();
    let backends = match embedded {
        Some(backends) => backends,
        None => {
            let address = listener.local_addr()?;
            tracing::info!(%address, metrics = %metrics_address, "waiting for Redis and Postgres");
            tokio::select! {
                opened = relay::waiting([&listener, &metrics], &health, relay::prepare(&config)) => opened??,
                () = asked_to_end(&mut signals) => return Ok(()),
            }
        }
    };
    let running = relay::start(&config, &backends, listener, Some(metrics), health).await?;
    tracing::info!(address = %running.address, metrics = %metrics_address, "serving");
    if config.trial {
        println!(
            "{}",
            trial::welcome(running.address, metrics_address, &secrets, &backends.clock)
        );
    }
    asked_to_end(&mut signals).await;
    tracing::info!("draining");
    tokio::select! {
        () = async { running.drain().await; backends.close().await } => tracing::info!("ended"),
        // Asked twice: at once. What was acknowledged is stored.
        () = asked_to_end(&mut signals) => tracing::warn!("ended without draining"),
    }
    Ok(())
}

async fn asked_to_end([interrupt, terminate]: &mut [tokio::signal::unix::Signal; 2]) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn log_to_stderr(format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(config::log_directives()?)
        .context("LOG")?
        // It tells of each start that there was nothing to do.
        .add_directive("refinery_core=warn".parse()?)
        // What it says of lost connections is said by the hub, once.
        .add_directive("fred=off".parse()?)
        // They print what is sent: messages, tokens, rows.
        .add_directive("tokio_postgres=warn".parse()?)
        .add_directive("tungstenite=warn".parse()?)
        .add_directive("tokio_tungstenite=warn".parse()?);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.init(),
    }
    Ok(())
}
