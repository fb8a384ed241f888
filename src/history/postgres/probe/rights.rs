use deadpool_postgres::Client;
use tokio_postgres::Error;

/// What this role may do with the tables that are there.
#[derive(Clone, Debug)]
pub struct Rights {
    pub role: String,
    /// Above all rights: a mistake of ours could do anything.
    pub is_superuser: bool,
    /// As `INSERT on messages`.
    pub lacks: Vec<String>,
}

/// As `sql/README.md` gives them to a role that may not change the schema.
const NEEDED: &[(&str, &[&str])] = &[
    ("refinery_schema_history", &["SELECT"]),
    // Of UPDATE one column is enough.
    ("messages", &["SELECT", "INSERT", "UPDATE"]),
    ("sessions", &["SELECT", "INSERT", "UPDATE"]),
    ("reactions", &["SELECT", "INSERT", "UPDATE"]),
    ("ingest_cursor", &["SELECT", "INSERT", "UPDATE"]),
    ("workspaces", &["SELECT", "INSERT"]),
    ("operators", &["SELECT", "INSERT", "UPDATE"]),
    ("session_numbers", &["SELECT", "INSERT"]),
    ("reads", &["SELECT", "INSERT"]),
    ("files", &["SELECT", "INSERT"]),
    ("poison", &["INSERT"]),
];

pub async fn look(client: &Client) -> Result<Rights, Error> {
    const ASK_ROLE: &str =
        "SELECT rolname::text, rolsuper FROM pg_roles WHERE rolname = current_user";
    // A table that is missing is told of elsewhere.
    const ASK: &str = "SELECT t || '', p || '' FROM unnest($1::text[], $2::text[]) AS needed (t, p)
        WHERE to_regclass(t) IS NOT NULL AND NOT CASE p
            WHEN 'UPDATE' THEN has_any_column_privilege(to_regclass(t), p)
            ELSE has_table_privilege(to_regclass(t), p) END";
    let role = client.query_one(ASK_ROLE, &[]).await?;
    let each = |(table, rights): &(&'static str, &'static [&'static str])| {
        let table = *table;
        rights.iter().map(move |right| (table, *right))
    };
    let (tables, rights): (Vec<&str>, Vec<&str>) = NEEDED.iter().flat_map(each).unzip();
    let rows = client.query(ASK, &[&tables, &rights]).await?;
    let lacks = rows.iter().map(|row| {
        let (table, right): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        Ok(format!("{right} on {table}"))
    });
    Ok(Rights {
        role: role.try_get(0)?,
        is_superuser: role.try_get(1)?,
        lacks: lacks.collect::<Result<_, Error>>()?,
    })
}
