use std::collections::HashMap;

use refinery::{Migration, Report};

/// What a database has of the migrations that this release brings along, by the names of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// As this release has them.
    pub applied: Vec<String>,
    pub missing: Vec<String>,
    /// There, but not with the text that this release knows.
    pub changed: Vec<String>,
    /// How many a later release has applied.
    pub later: usize,
}

impl Migrations {
    /// `there`: version and checksum of each that was applied.
    pub fn compare(own: &[Migration], mut there: HashMap<i32, String>) -> Self {
        let mut found = Self::default();
        for migration in own {
            let place = match there.remove(&migration.version()) {
                None => &mut found.missing,
                Some(sum) if sum == migration.checksum().to_string() => &mut found.applied,
                Some(_) => &mut found.changed,
            };
            place.push(file(migration));
        }
        found.later = there.len();
        found
    }

    pub fn is_current(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty()
    }
}

/// What a run has applied, by the names of the files.
pub fn applied(report: &Report) -> Vec<String> {
    report.applied_migrations().iter().map(file).collect()
}

fn file(migration: &Migration) -> String {
    format!("V{:04}__{}", migration.version(), migration.name())
}

/// The names that migrations give to what they create by these words, as `CREATE INDEX`.
pub fn created(own: &[Migration], by: &str) -> Vec<String> {
    let texts = own.iter().filter_map(Migration::sql);
    let lines = texts.flat_map(str::lines);
    let named = lines.filter_map(|line| {
        let rest = line.trim_start().strip_prefix(by)?;
        rest.split_whitespace().next()
    });
    named.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_compared_with_the_release() {
        let own = [
            ("V0001__first", "CREATE TABLE a (id text);"),
            ("V0002__second", "CREATE INDEX by_id ON a (id);"),
            (
                "V0003__third",
                "-- CREATE INDEX never\n  CREATE INDEX other ON a (id);",
            ),
        ];
        let own = own.map(|(name, sql)| Migration::unapplied(name, sql).unwrap());
        let there = [
            (1, own[0].checksum().to_string()),
            (2, "7".to_owned()),
            (9, "8".to_owned()),
        ];
        let found = Migrations::compare(&own, HashMap::from(there));
        let expected = Migrations {
            applied: vec!["V0001__first".into()],
            missing: vec!["V0003__third".into()],
            changed: vec!["V0002__second".into()],
            later: 1,
        };
        assert_eq!(found, expected);
        assert!(!found.is_current());
        assert_eq!(created(&own, "CREATE TABLE"), ["a"]);
        assert_eq!(created(&own, "CREATE INDEX"), ["by_id", "other"]);
    }
}
