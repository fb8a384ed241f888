//! What can be asked of the binary beside serving.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, builder::NonEmptyStringValueParser};

use super::{Config, ImportArgs, Issuers, MigrateArgs, OperatorArgs, WorkspaceArgs, workspace};
use crate::model::{OperatorId, Role, WorkspaceId};

/// Settings that are in the environment only.
const NO_FLAGS: &str = "\
Environment:
  REDIS_URL, DATABASE_URL  of a cluster, or REDIS_URL_FILE, DATABASE_URL_FILE; unset: embedded, one process
  JWT_SECRET, SIGNING_KEY  secrets, or JWT_SECRET_FILE, SIGNING_KEY_FILE; unset: made once in DATA_DIR, but
                           with REDIS_URL they have to be set
  JWT_PUBLIC_KEY           of operators' tokens that others sign, as PEM, or JWT_PUBLIC_KEY_FILE; with it or
                           JWKS_URL, JWT_SECRET need not be set
  LOG                      what to log, as `warn` or `info,switchboard=debug` [default: info]";

/// Live-chat relay for unmodified Socket.IO clients.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true, after_help = NO_FLAGS)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve; the same as without a subcommand.
    Serve(Box<Config>),
    /// Print an operator's token, as the last line.
    Token(TokenArgs),
    /// Make workspaces, and show them.
    Workspace(WorkspaceArgs),
    /// Add operators, show them, send them away.
    Operator(OperatorArgs),
    /// Bring the database to this release's schema, and say what was done.
    Migrate(MigrateArgs),
    /// Take over the conversations of a chat that kept them in SQLite tables.
    Import(Box<ImportArgs>),
    /// Look at settings, Redis, Postgres and this machine before a start; nothing is changed.
    Check(Box<CheckArgs>),
    /// Print what a site's backend signs with to say who its visitor is.
    IdentitySecret(IdentityArgs),
}

/// Exit code: 0 all is well, or there are warnings; 1 something fails; 2 a setting is wrong.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// One JSON document instead of lines.
    #[arg(long)]
    pub json: bool,
    /// Take warnings for failures.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub config: Config,
}

#[derive(Debug, Args)]
pub struct IdentityArgs {
    /// Of the site: no other's visitors can be signed with it.
    #[arg(long, default_value = "default", value_parser = workspace)]
    pub workspace: String,
    #[command(flatten)]
    pub keys: Keys,
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// The operator's id.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub operator: String,
    /// The name that guests see.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub name: String,
    #[arg(long, default_value = "default", value_parser = workspace)]
    pub workspace: String,
    #[arg(long, value_enum, default_value = "agent")]
    pub role: Role,
    /// How long it is valid.
    #[arg(long, default_value = "12h", value_parser = humantime::parse_duration)]
    pub expires_in: Duration,
    #[command(flatten)]
    pub keys: Keys,
}

impl TokenArgs {
    pub fn operator(&self) -> OperatorId {
        OperatorId::new(&self.operator)
    }

    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId::new(&self.workspace)
    }
}

/// Where secrets come from: the environment (`JWT_SECRET`, `SIGNING_KEY`, or a file named by
/// `JWT_SECRET_FILE`, `SIGNING_KEY_FILE`), else made once in the data directory.
#[derive(Clone, Debug, Args)]
pub struct Keys {
    /// Database and generated secrets.
    #[arg(long, env = "DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    #[command(flatten)]
    pub issuers: Issuers,
}
