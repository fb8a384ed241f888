//! The command that takes over what another chat has stored.

use std::path::PathBuf;

use clap::Args;

use super::{DataDir, Span, workspace};
use crate::model::WorkspaceId;

/// Ids, times (UTC, where they name no zone) and order are kept. All of the file is looked at first, and nothing is written unless all of it can be
/// taken. It may be repeated: what is there already is passed over.
///
/// The other chat has to be stopped before: what it stores later is not there, and while its file is read it cannot
/// write. To try it beside one that runs, take a copy (`sqlite3 chat.db ".backup copy.db"`) and --dry-run.
///
/// Before the first start, or with an embedded server stopped; beside pods on a cluster as well, and whoever waits is
/// in the queue once these have started again.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The other chat's SQLite file; it is only read.
    pub file: PathBuf,
    /// Who is to have the conversations.
    #[arg(long, default_value = "default", value_parser = workspace)]
    workspace: String,
    /// Only say what there is, and what is wrong with it.
    #[arg(long)]
    pub dry_run: bool,
    /// Leave out rows that cannot be taken, which are listed, instead of writing nothing.
    #[arg(long)]
    pub skip: bool,
    /// The table with a row for each session.
    #[arg(long, default_value = "public_chat_sessions")]
    pub sessions: String,
    /// The table with a row for each message.
    #[arg(long, default_value = "public_chat_messages")]
    pub messages: String,
    /// Where a column has a name that is not known, as `messages.text=body`; as often as needed. What there is to
    /// name: `sessions.` id, status, created_at, name, email, phone, agent_id, agent_name; `messages.` id, session,
    /// text, sender, sender_id, sender_name, at.
    #[arg(long = "column", value_name = "WHAT=COLUMN", value_parser = column)]
    pub columns: Vec<(String, String)>,
    /// A session that is open without a word for longer is taken as ended. 0s: none.
    #[arg(long, env = "WAITING_LIFE", default_value = "7d")]
    pub waiting_life: Span,
    #[command(flatten)]
    pub data: DataDir,
}

impl ImportArgs {
    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId::new(&self.workspace)
    }
}

fn column(text: &str) -> Result<(String, String), String> {
    let (what, column) = text
        .split_once('=')
        .ok_or("write it as messages.text=body")?;
    Ok((what.trim().to_owned(), column.trim().to_owned()))
}
