//! In which column of somebody else's table what stands.

use anyhow::bail;

/// What a column holds.
pub struct Wanted {
    /// As `--column` names it.
    pub what: &'static str,
    /// By which it is known, the first of these that there is.
    names: &'static [&'static str],
    required: bool,
}

const fn needed(what: &'static str, names: &'static [&'static str]) -> Wanted {
    Wanted {
        what,
        names,
        required: true,
    }
}

const fn extra(what: &'static str, names: &'static [&'static str]) -> Wanted {
    Wanted {
        what,
        names,
        required: false,
    }
}

/// In the order of the fields of [`super::source::SessionRow`].
pub const SESSION: [Wanted; 8] = [
    needed("id", &["session_id", "id"]),
    needed("status", &["status"]),
    needed("created_at", &["created_at", "started_at"]),
    extra("name", &["visitor_name", "guest_name", "name"]),
    extra("email", &["visitor_email", "guest_email", "email"]),
    extra("phone", &["visitor_phone", "guest_phone", "phone"]),
    extra(
        "agent_id",
        &[
            "agent_id",
            "assigned_agent_id",
            "assigned_agent",
            "assigned_to",
            "staff_id",
        ],
    ),
    extra("agent_name", &["agent_name", "staff_name"]),
];

/// In the order of the fields of [`super::source::MessageRow`].
pub const MESSAGE: [Wanted; 7] = [
    extra("id", &["message_id", "id"]),
    needed("session", &["session_id"]),
    needed(
        "text",
        &["message", "content", "text", "message_text", "body"],
    ),
    needed(
        "sender",
        &["sender_type", "sender_role", "sender", "from_type", "role"],
    ),
    extra("sender_id", &["sender_id", "agent_id", "staff_id"]),
    extra("sender_name", &["sender_name", "agent_name", "staff_name"]),
    needed("at", &["created_at", "timestamp", "sent_at"]),
];

/// For each what is wanted, its column among those that there are; `chosen` by hand, as `messages.text=body`, first.
pub fn find(
    (table, prefix): (&str, &str),
    wanted: &'static [Wanted],
    there: &[String],
    chosen: &[(String, String)],
) -> anyhow::Result<Vec<Option<String>>> {
    let all = || there.join(", ");
    let column = |name: &str| {
        let found = there.iter().find(|it| it.eq_ignore_ascii_case(name));
        found.cloned()
    };
    let mut found = Vec::new();
    for it in wanted {
        let what = format!("{prefix}.{}", it.what);
        if let Some((_, name)) = chosen.iter().find(|(chosen, _)| *chosen == what) {
            let Some(column) = column(name) else {
                bail!(
                    "--column {what}: {table} has no column {name}, but {}",
                    all()
                );
            };
            found.push(Some(column));
            continue;
        }
        let known = it.names.iter().find_map(|name| column(name));
        if known.is_none() && it.required {
            let names = it.names.join(", ");
            bail!(
                "{table} has no column {names}, but {}: name it by --column {what}=COLUMN",
                all()
            );
        }
        found.push(known);
    }
    Ok(found)
}

/// A line of what was found for what, and what was not.
pub fn told(table: &str, wanted: &[Wanted], there: &[String], found: &[Option<String>]) -> String {
    let pairs = || wanted.iter().zip(found);
    let taken =
        pairs().filter_map(|(it, column)| Some(format!("{}={}", it.what, column.as_ref()?)));
    let missing = pairs().filter(|(_, column)| column.is_none());
    let missing = missing.map(|(it, _)| it.what.to_owned());
    let unused = there
        .iter()
        .filter(|name| !found.iter().flatten().any(|it| it == *name));
    let parts = [
        ("", taken.collect::<Vec<_>>()),
        ("; not there: ", missing.collect()),
        ("; not used: ", unused.cloned().collect()),
    ];
    let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
    let parts = parts.map(|(before, names)| format!("{before}{}", names.join(", ")));
    format!("{table}: {}", parts.collect::<String>())
}

/// Of what is chosen by hand there is nothing that means nothing.
pub fn check(chosen: &[(String, String)]) -> anyhow::Result<()> {
    let known = |what: &str| {
        let within = |prefix: &str, wanted: &[Wanted]| {
            let rest = what
                .strip_prefix(prefix)
                .and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| wanted.iter().any(|it| it.what == rest))
        };
        within("sessions", &SESSION) || within("messages", &MESSAGE)
    };
    match chosen.iter().find(|(what, _)| !known(what)) {
        None => Ok(()),
        Some((what, _)) => {
            bail!("--column: there is no {what}; `switchboard import --help` lists what there is")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_first_name_that_is_there_counts() {
        let there = names(&["id", "Session_ID", "status", "created_at"]);
        let found = find(("t", "sessions"), &SESSION, &there, &[]).unwrap();
        assert_eq!(found[0].as_deref(), Some("Session_ID"));
        assert_eq!(found[3], None, "a name is no must");
    }

    #[test]
    fn what_is_missing_is_named_and_how_to_name_it() {
        let there = names(&["session_id", "said", "sender", "created_at"]);
        let missing = find(("talk", "messages"), &MESSAGE, &there, &[]).unwrap_err();
        let says = missing.to_string();
        assert!(
            says.contains("talk has no column message, content"),
            "{says}"
        );
        assert!(says.contains("--column messages.text=COLUMN"), "{says}");
        let chosen = [("messages.text".to_owned(), "said".to_owned())];
        let found = find(("talk", "messages"), &MESSAGE, &there, &chosen).unwrap();
        assert_eq!(found[2].as_deref(), Some("said"));
        assert_eq!(found[0], None, "an id is no must");
    }

    #[test]
    fn what_is_chosen_in_vain_is_refused() {
        for wrong in ["messages.colour", "text", "session.id"] {
            assert!(check(&[(wrong.to_owned(), "x".to_owned())]).is_err());
        }
        assert!(check(&[("sessions.name".to_owned(), "x".to_owned())]).is_ok());
        let there = names(&["id", "status", "created_at"]);
        let chosen = [("sessions.name".to_owned(), "x".to_owned())];
        let error = find(("t", "sessions"), &SESSION, &there, &chosen).unwrap_err();
        assert!(error.to_string().contains("t has no column x"));
    }
}
