//! Rules of a conversation that a site chooses.

use clap::{Args, ValueEnum};

use super::{ConfigError, Span};
use crate::{
    dialect::Dialect,
    hub::Since,
    model::{WorkspaceId, WorkspaceSet},
    relay::{Namespaces, Vocabularies},
};

#[derive(Clone, Debug, Args)]
pub struct Conversation {
    /// Whether a guest goes on with its session by name and e-mail address alone; earlier messages stay
    /// hidden from it, and operators see that nothing proves who it is.
    #[arg(long, env = "REUSE_BY_EMAIL", default_value_t = true, action = clap::ArgAction::Set)]
    pub reuse_by_email: bool,
    /// Within which it does.
    #[arg(long, env = "REUSE_WINDOW", default_value = "30m")]
    pub reuse_window: Span,
    /// What REUSE_WINDOW is counted from.
    #[arg(long, env = "REUSE_FROM", value_enum, default_value = "activity")]
    pub reuse_from: ReuseFrom,
    /// How long an operator without a connection keeps its sessions; then they wait again.
    #[arg(long, env = "OPERATOR_GRACE", default_value = "60s")]
    pub operator_grace: Span,
    /// How long a guest without a connection counts as there, to front ends that are told when one goes.
    #[arg(long, env = "GUEST_GRACE", default_value = "60s")]
    pub guest_grace: Span,
    /// Who waits for an operator comes back into the queue when Redis was wiped or the embedded server started
    /// again; after so long without a word its session is ended instead. 0s: never.
    #[arg(long, env = "WAITING_LIFE", default_value = "7d")]
    pub waiting_life: Span,
    /// For the answer to an offered session.
    #[arg(long, env = "TRANSFER_TIMEOUT", default_value = "30s")]
    pub transfer_timeout: Span,
    /// Workspaces in which tags are taken out of what is said before it is stored, by comma, or `*` for all.
    #[arg(long, env = "STRIP_TAGS", value_delimiter = ',', value_parser = workspace_or_all)]
    strip_tags: Vec<String>,
    /// Workspaces whose front ends are told no `id`, `seq` and `clientMsgId` that their vocabulary does not know, by
    /// comma, or `*` for all: for pages that refuse, or show, what they do not know.
    #[arg(long, env = "STRICT_EVENTS", value_delimiter = ',', value_parser = workspace_or_all)]
    strict_events: Vec<String>,
    /// Namespaces on which guests may connect beside `/public-portal`, by comma.
    #[arg(long, env = "GUEST_NAMESPACES", value_delimiter = ',', value_parser = namespace)]
    guest_namespaces: Vec<String>,
    /// Namespaces on which operators may connect beside `/`, and front ends whose both sides share one, by comma.
    #[arg(long, env = "OPERATOR_NAMESPACES", value_delimiter = ',', value_parser = namespace)]
    operator_namespaces: Vec<String>,
    /// Vocabulary of front ends that do not say theirs: `operator-a`, or by workspace and comma
    /// `shop=operator-a,other=operator-b`; one of portal, widget, livechat, operator-a, operator-b.
    #[arg(long, env = "DIALECT", value_delimiter = ',', value_parser = dialect)]
    dialect: Vec<(Option<WorkspaceId>, Dialect)>,
}

impl Conversation {
    pub fn strip_tags(&self) -> WorkspaceSet {
        set(&self.strip_tags)
    }

    pub fn strict_events(&self) -> WorkspaceSet {
        set(&self.strict_events)
    }

    /// By the setting that names each. Workspaces come and go, so that none of these has to be there.
    pub fn workspaces(&self) -> Vec<(&'static str, WorkspaceId)> {
        let all = |name: &&String| *name != "*";
        let of = |setting, named: &[String]| {
            let named: Vec<_> = named.iter().filter(all).map(WorkspaceId::new).collect();
            named.into_iter().map(move |workspace| (setting, workspace))
        };
        let dialects = self.dialect.iter().filter_map(|(of, _)| of.clone());
        of("STRIP_TAGS", &self.strip_tags)
            .chain(of("STRICT_EVENTS", &self.strict_events))
            .chain(dialects.map(|workspace| ("DIALECT", workspace)))
            .collect()
    }

    pub fn namespaces(&self) -> Result<Namespaces, ConfigError> {
        let (guests, operators) = (&self.guest_namespaces, &self.operator_namespaces);
        Namespaces::with(guests.clone(), operators.clone()).map_err(ConfigError::Namespace)
    }

    pub fn vocabularies(&self) -> Vocabularies {
        let mut vocabularies = Vocabularies::default();
        for (workspace, dialect) in &self.dialect {
            match workspace {
                Some(workspace) => vocabularies.of.push((workspace.clone(), *dialect)),
                None => vocabularies.any = Some(*dialect),
            }
        }
        vocabularies
    }
}

/// What the time is counted from in which a guest comes back to its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReuseFrom {
    Activity,
    Creation,
}

impl From<ReuseFrom> for Since {
    fn from(from: ReuseFrom) -> Self {
        match from {
            ReuseFrom::Activity => Self::Activity,
            ReuseFrom::Creation => Self::Creation,
        }
    }
}

fn set(named: &[String]) -> WorkspaceSet {
    let (all, some): (Vec<_>, Vec<_>) = named.iter().partition(|name| *name == "*");
    WorkspaceSet {
        everywhere: !all.is_empty(),
        of: some.into_iter().map(WorkspaceId::new).collect(),
    }
}

fn workspace_or_all(text: &str) -> Result<String, String> {
    match text.trim() {
        "*" => Ok("*".to_owned()),
        // Whoever means all of them is not to believe that it has said so.
        "true" | "false" | "yes" | "no" | "on" | "off" => {
            Err("list workspaces by comma, as default,shop, or `*` for all".into())
        }
        name => super::workspace(name),
    }
}

/// Clients cut one off at `?`, and a packet names it up to the comma.
fn namespace(text: &str) -> Result<String, String> {
    let name = text.trim();
    let rest = name.strip_prefix('/').unwrap_or_default();
    if rest.is_empty() || rest.contains(['?', ',']) || rest.contains(char::is_whitespace) {
        return Err("a namespace is `/` and a name without blanks or `?`, as /support".into());
    }
    Ok(name.to_owned())
}

/// `DIALECT`, or `WORKSPACE=DIALECT`.
fn dialect(text: &str) -> Result<(Option<WorkspaceId>, Dialect), String> {
    let (workspace, name) = match text.split_once('=') {
        Some((workspace, name)) => (Some(super::workspace(workspace)?), name),
        None => (None, text),
    };
    let dialect = Dialect::named(name.trim()).ok_or_else(|| {
        let names: Vec<&str> = Dialect::NAMES.iter().map(|(name, _)| *name).collect();
        format!("a dialect is one of {}", names.join(", "))
    })?;
    Ok((workspace.map(WorkspaceId::new), dialect))
}
