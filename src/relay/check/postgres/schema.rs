use crate::{
    history::{
        Migrations,
        postgres::probe::{Index, Schema, State},
    },
    relay::check::item::Item,
};

pub fn migrations(schema: &Schema) -> Item {
    const ITEM: &str = "postgres-migrations";
    let Some(name) = &schema.name else {
        return Item::fail(
            ITEM,
            "none of the schemas in the search path is there",
            "make the schema, or correct search_path in DATABASE_URL",
        );
    };
    let Migrations {
        applied,
        missing,
        changed,
        later,
    } = &schema.migrations;
    if !changed.is_empty() {
        return Item::fail(
            ITEM,
            format!(
                "applied to {name} with another text: {}",
                changed.join(", ")
            ),
            "start the release that this database is of",
        );
    }
    if missing.is_empty() {
        let later = match later {
            0 => String::new(),
            _ => format!(", and {later} of a later release"),
        };
        return Item::ok(
            ITEM,
            format!("all {} are applied to {name}{later}", applied.len()),
        );
    }
    let advice = if schema.may_migrate {
        "run `switchboard migrate`, or let the first pod do it at its start"
    } else {
        "run `switchboard migrate` with the URL of the owner: this role may not"
    };
    Item::fail(
        ITEM,
        format!("missing in {name}: {}", missing.join(", ")),
        advice,
    )
}

pub fn tables(schema: &Schema) -> Item {
    const ITEM: &str = "postgres-tables";
    let missing = &schema.missing_tables;
    if missing.is_empty() {
        return Item::ok(ITEM, format!("all {} are there", schema.tables.len()));
    }
    let found = format!("missing: {}", missing.join(", "));
    Item::fail(
        ITEM,
        found,
        after_migrations(schema, "restore them from a backup"),
    )
}

pub fn indexes(schema: &Schema) -> Item {
    const ITEM: &str = "postgres-indexes";
    let all = &schema.indexes;
    let bad: Vec<&Index> = all.iter().filter(|it| it.state != State::Good).collect();
    if bad.is_empty() {
        return Item::ok(ITEM, format!("all {} are there and valid", all.len()));
    }
    let told = bad.iter().map(|index| {
        let how = match index.state {
            State::Invalid => "invalid",
            _ => "missing",
        };
        format!("{} ({how})", index.name)
    });
    let found = told.collect::<Vec<_>>().join(", ");
    let advice = if bad.iter().any(|index| index.is_key) {
        "bring the constraint back (sql/postgres): without it messages may be stored twice"
    } else {
        "make it again as in sql/postgres, with CREATE INDEX CONCURRENTLY; an invalid one has to be dropped first"
    };
    Item::fail(ITEM, found, after_migrations(schema, advice))
}

/// What is missing may come with what is to be applied.
fn after_migrations(schema: &Schema, advice: &'static str) -> &'static str {
    if schema.migrations.missing.is_empty() {
        advice
    } else {
        "apply the migrations first"
    }
}
