//! Commands on workspaces and operators. They write to the database, whether the relay runs or not; what they
//! change holds on every pod within a few seconds.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::workspace;
use crate::model::{OperatorId, Role, WorkspaceId, limits};

#[derive(Debug, Args)]
pub struct WorkspaceArgs {
    #[command(subcommand)]
    pub command: WorkspaceCommand,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Subcommand)]
pub enum WorkspaceCommand {
    /// Make a workspace. `default` is always there.
    Add {
        /// Its id, without blanks.
        #[arg(value_parser = workspace)]
        id: String,
        /// For people; unset: the id.
        #[arg(long, value_parser = name)]
        name: Option<String>,
    },
    /// Show all of them.
    List,
}

#[derive(Debug, Args)]
pub struct OperatorArgs {
    #[command(subcommand)]
    pub command: OperatorCommand,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Add an operator who logs in with a password, which is drawn and printed as the last line.
    Add {
        #[command(flatten)]
        whom: Whom,
        /// The name that guests see.
        #[arg(long, value_parser = name)]
        name: String,
        #[arg(long, value_enum, default_value = "agent")]
        role: Role,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Show all of a workspace.
    List {
        #[arg(long, default_value = "default", value_parser = workspace)]
        workspace: String,
    },
    /// Send an operator away: connections are closed on every pod, and no token is taken any more.
    Disable {
        #[command(flatten)]
        whom: Whom,
    },
    /// Let an operator in again. Tokens of before stay void.
    Enable {
        #[command(flatten)]
        whom: Whom,
    },
    /// Give an operator another password. Tokens of before are void.
    Password {
        #[command(flatten)]
        whom: Whom,
        #[command(flatten)]
        password: PasswordArgs,
    },
}

#[derive(Debug, Args)]
pub struct Whom {
    /// The operator's id.
    #[arg(value_parser = operator)]
    id: String,
    #[arg(long, default_value = "default", value_parser = workspace)]
    workspace: String,
}

#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// Take the password from the first line of standard input.
    #[arg(long)]
    pub password_stdin: bool,
}

impl Whom {
    pub fn operator(&self) -> OperatorId {
        OperatorId::new(&self.id)
    }

    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId::new(&self.workspace)
    }
}

/// Of an embedded relay; with REDIS_URL and DATABASE_URL in the environment it is not asked.
#[derive(Debug, Args)]
pub struct DataDir {
    /// The folder with the database.
    #[arg(long, env = "DATA_DIR", default_value = "./data", global = true)]
    pub data_dir: PathBuf,
}

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    pub data: DataDir,
}

fn operator(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > limits::ID_BYTES || text.contains('\0') {
        return Err(format!("an id has 1 to {} bytes", limits::ID_BYTES));
    }
    if text == "guest" {
        return Err("guest is what guests are called".into());
    }
    Ok(text.to_owned())
}

fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.len() > limits::NAME_BYTES || text.contains('\0') {
        return Err(format!("a name has 1 to {} bytes", limits::NAME_BYTES));
    }
    Ok(text.to_owned())
}
