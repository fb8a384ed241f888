//! What `switchboard workspace`, `operator` and `migrate` do.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    sync::Arc,
};

use anyhow::{Context as _, bail};

use crate::{
    config::{
        Cluster, DataDir, MigrateArgs, OperatorArgs, OperatorCommand, PasswordArgs, Whom,
        WorkspaceArgs, WorkspaceCommand,
    },
    history::{AccountChange, Accounts, postgres, sqlite},
    metrics::Metrics,
    model::{Account, Clock, OperatorId, PasswordHash, Role, Workspace, WorkspaceId, timestamp},
    rest::hash_password,
};

/// Rows asked for at once.
const PAGE: usize = 500;
/// Letters of a password that is drawn: 100 bits.
const DRAWN: usize = 20;

pub async fn workspace(args: WorkspaceArgs) -> anyhow::Result<()> {
    let accounts = open(&args.data).await?;
    match args.command {
        WorkspaceCommand::Add { id, name } => {
            let workspace = Workspace {
                name: name.unwrap_or_else(|| id.clone()),
                id: WorkspaceId::new(id),
                created_at: Clock::System.now(),
            };
            if !accounts.add_workspace(&workspace).await? {
                bail!("there is a workspace {}", workspace.id);
            }
            eprintln!("made the workspace {}", workspace.id);
        }
        WorkspaceCommand::List => {
            let mut rows = vec![["WORKSPACE", "NAME", "CREATED"].map(str::to_owned)];
            for it in accounts.workspaces(usize::MAX).await? {
                rows.push([it.id.to_string(), it.name, timestamp(it.created_at)]);
            }
            print(&rows)?;
        }
    }
    Ok(())
}

pub async fn operator(args: OperatorArgs) -> anyhow::Result<()> {
    let accounts = open(&args.data).await?;
    let accounts = accounts.as_ref();
    match args.command {
        OperatorCommand::Add {
            whom,
            name,
            role,
            password,
        } => add(accounts, &whom, (name, role), &password).await,
        OperatorCommand::List { workspace } => list(accounts, &WorkspaceId::new(workspace)).await,
        OperatorCommand::Disable { whom } => {
            let change = AccountChange {
                disabled: Some(true),
                // Its tokens stay void when it is let in again.
                valid_from: Some(Clock::System.now() / 1000 + 1),
                ..AccountChange::default()
            };
            changed(accounts, &whom, change, "disabled").await
        }
        OperatorCommand::Enable { whom } => {
            let change = AccountChange {
                disabled: Some(false),
                ..AccountChange::default()
            };
            changed(accounts, &whom, change, "enabled").await
        }
        OperatorCommand::Password { whom, password } => {
            let (hash, drawn) = chosen(&password)?;
            let change = AccountChange {
                password: Some(hash),
                // Whatever was issued within this second as well.
                valid_from: Some(Clock::System.now() / 1000 + 1),
                ..AccountChange::default()
            };
            changed(accounts, &whom, change, "has a new password:").await?;
            tell(drawn)
        }
    }
}

pub async fn migrate(args: MigrateArgs) -> anyhow::Result<()> {
    let applied = match Cluster::from_environment()? {
        Some(cluster) => postgres::migrate(&cluster.database_url).await?,
        None => sqlite::migrate(&args.data.data_dir)?,
    };
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("the schema is up to date");
    }
    Ok(())
}

/// The accounts of the deployment that the environment tells of. An embedded relay may be running on them.
async fn open(data: &DataDir) -> anyhow::Result<Arc<dyn Accounts>> {
    let metrics = Metrics::new()?.history;
    Ok(match Cluster::from_environment()? {
        Some(cluster) => {
            let history = postgres::PostgresHistory::connect(&cluster.database_url, metrics);
            Arc::new(history.await?)
        }
        None => Arc::new(sqlite::accounts(&data.data_dir, metrics)?),
    })
}

async fn add(
    accounts: &dyn Accounts,
    whom: &Whom,
    (name, role): (String, Role),
    password: &PasswordArgs,
) -> anyhow::Result<()> {
    let workspace = whom.workspace();
    if accounts.workspace(&workspace).await?.is_none() {
        bail!(
            "there is no workspace {workspace}; `switchboard workspace add {workspace}` makes it"
        );
    }
    let (hash, drawn) = chosen(password)?;
    let account = Account {
        workspace,
        id: whom.operator(),
        name,
        role,
        password: Some(hash),
        disabled: false,
        valid_from: 0,
        created_at: Clock::System.now(),
    };
    if !accounts.add_operator(&account).await? {
        bail!(
            "there is an operator {} in {}",
            account.id,
            account.workspace
        );
    }
    let (id, workspace) = (&account.id, &account.workspace);
    eprintln!("added {id} to {workspace} as {}", role.as_str());
    tell(drawn)
}

async fn list(accounts: &dyn Accounts, workspace: &WorkspaceId) -> anyhow::Result<()> {
    let mut rows =
        vec![["OPERATOR", "NAME", "ROLE", "LOGS IN", "STATE", "CREATED"].map(str::to_owned)];
    let mut after: Option<OperatorId> = None;
    loop {
        let page = accounts.operators(workspace, after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        for it in page {
            let by = if it.password.is_some() {
                "with a password"
            } else {
                "by token"
            };
            let state = if it.disabled { "disabled" } else { "enabled" };
            rows.push([
                it.id.to_string(),
                it.name,
                it.role.as_str().into(),
                by.into(),
                state.into(),
                timestamp(it.created_at),
            ]);
        }
    }
    print(&rows)
}

async fn changed(
    accounts: &dyn Accounts,
    whom: &Whom,
    change: AccountChange,
    says: &str,
) -> anyhow::Result<()> {
    let (workspace, operator) = (whom.workspace(), whom.operator());
    if !accounts
        .change_operator(&workspace, &operator, change)
        .await?
    {
        bail!("there is no operator {operator} in {workspace}");
    }
    eprintln!("{operator} of {workspace} {says}");
    Ok(())
}

/// What somebody typed, or one that is drawn, which is to be told.
fn chosen(args: &PasswordArgs) -> anyhow::Result<(PasswordHash, Option<String>)> {
    if args.password_stdin {
        if io::stdin().is_terminal() {
            eprintln!("The password, and Enter:");
        }
        let mut line = String::new();
        io::stdin()
            .lock()
            .read_line(&mut line)
            .context("cannot read the password")?;
        let typed = line.trim_end_matches(['\n', '\r']);
        return Ok((hash_password(typed)?, None));
    }
    let drawn = draw();
    Ok((hash_password(&drawn)?, Some(drawn)))
}

/// Of letters and digits that are not taken for one another.
fn draw() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = (0..DRAWN).map(|_| {
        let at: u8 = rand::random();
        char::from(LETTERS[usize::from(at) % LETTERS.len()])
    });
    letters.collect()
}

fn tell(drawn: Option<String>) -> anyhow::Result<()> {
    if let Some(password) = drawn {
        writeln!(io::stdout(), "{password}")?;
    }
    Ok(())
}

/// In columns.
fn print<const N: usize>(rows: &[[String; N]]) -> anyhow::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let mut out = io::stdout().lock();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
