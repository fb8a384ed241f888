//! Postgres: reached, in what state, and by whom.

mod schema;

use super::item::{Item, told};
use crate::history::postgres::{
    CONNECTIONS, OpenError,
    probe::{Facts, Probe, Rights, Room, Schema, Unanswered},
};

/// What is said once it has answered.
const BEHIND_IT: [&str; 7] = [
    "postgres-version",
    "postgres-durability",
    "postgres-migrations",
    "postgres-tables",
    "postgres-indexes",
    "postgres-rights",
    "postgres-connections",
];

pub fn items(probe: &Result<Probe, OpenError>) -> Vec<Item> {
    const ITEM: &str = "postgres";
    let probe = match probe {
        Ok(probe) => probe,
        Err(error) => {
            let advice = "correct DATABASE_URL: a start is refused";
            let mut items = vec![Item::wrong(ITEM, told(error), advice)];
            items.extend(BEHIND_IT.map(|item| Item::unseen(item, "DATABASE_URL")));
            return items;
        }
    };
    let place = &probe.place;
    match &probe.answer {
        Err(error) => {
            let found = format!("{place}: {}", told(error));
            let mut items = vec![Item::fail(ITEM, found, advice(error))];
            items.extend(BEHIND_IT.map(|item| Item::unseen(item, "Postgres")));
            items
        }
        Ok(facts) => {
            let took = facts.took.as_millis();
            let mut items = vec![Item::ok(ITEM, format!("{place} answers, in {took} ms"))];
            items.extend(behind(facts));
            items
        }
    }
}

fn advice(error: &OpenError) -> &'static str {
    match error {
        OpenError::Refused(_) => "correct user, password and database in DATABASE_URL",
        OpenError::Certificates(_) => {
            "give sslrootcert in DATABASE_URL, or a certificate of an authority that this machine trusts"
        }
        _ => {
            "start it, and let this machine reach it: address, firewall; a standby takes no writes"
        }
    }
}

fn behind(facts: &Facts) -> Vec<Item> {
    let version = match facts.server.check() {
        Ok(()) => Item::ok(
            "postgres-version",
            format!("{}, UTF8", facts.server.version),
        ),
        Err(error) => Item::fail(
            "postgres-version",
            told(&error),
            "use another server or database: a start is refused",
        ),
    };
    let durability = if facts.server.loses {
        Item::warn(
            "postgres-durability",
            "fsync or synchronous_commit is off: a crash of Postgres loses what it had stored",
            "set both to on",
        )
    } else {
        let found = "fsync and synchronous_commit are on: what is stored survives a crash";
        Item::ok("postgres-durability", found)
    };
    let mut items = vec![version, durability];
    match &facts.schema {
        Ok(it) => items.extend([
            schema::migrations(it),
            schema::tables(it),
            schema::indexes(it),
        ]),
        Err(why) => items.extend(
            ["postgres-migrations", "postgres-tables", "postgres-indexes"]
                .map(|item| unasked(item, why)),
        ),
    }
    items.push(match &facts.rights {
        Ok(rights) => self::rights(rights, facts.schema.as_ref().ok()),
        Err(why) => unasked("postgres-rights", why),
    });
    items.push(match &facts.room {
        Ok(room) => connections(*room),
        Err(why) => unasked("postgres-connections", why),
    });
    items
}

fn unasked(item: &'static str, why: &Unanswered) -> Item {
    let advice = "let the role of DATABASE_URL ask, as in sql/README.md, and run this again";
    Item::fail(item, format!("cannot be looked at: {why}"), advice)
}

fn rights(rights: &Rights, schema: Option<&Schema>) -> Item {
    const ITEM: &str = "postgres-rights";
    let Rights {
        role,
        is_superuser,
        lacks,
    } = rights;
    if !lacks.is_empty() {
        return Item::fail(
            ITEM,
            format!("{role} lacks {}", lacks.join(", ")),
            "GRANT as in sql/README.md, all of it: a release that adds a table adds rights",
        );
    }
    if *is_superuser {
        return Item::warn(
            ITEM,
            format!("{role} is a superuser, which the relay need not be"),
            "give the relay a role of its own, with the rights in sql/README.md",
        );
    }
    let migrates = match schema {
        Some(Schema {
            may_migrate: true, ..
        }) => "may read, write, and migrate",
        _ => "may read and write, and not migrate",
    };
    Item::ok(ITEM, format!("{role} {migrates}"))
}

fn connections(Room { allowed, used }: Room) -> Item {
    const ITEM: &str = "postgres-connections";
    let found = format!("{used} of {allowed} are in use, and each pod opens up to {CONNECTIONS}");
    let left = allowed.saturating_sub(used);
    if left < i64::try_from(CONNECTIONS).unwrap_or(i64::MAX) {
        return Item::warn(
            ITEM,
            found,
            "raise max_connections, or the limit of the role",
        );
    }
    Item::ok(ITEM, found)
}
