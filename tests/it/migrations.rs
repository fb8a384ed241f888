//! Every migration only expands: while a release rolls out, and after it is rolled back, the release before it
//! works on the new schema.

use std::{fs, path::Path};

#[test]
fn every_migration_only_expands() {
    let mut seen = 0;
    for database in ["postgres", "sqlite"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("sql")
            .join(database);
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let found = contracting(&fs::read_to_string(&path).unwrap());
            assert_eq!(found, Vec::<String>::new(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 10, "the migrations were not found");
}

#[test]
fn the_scan_sees_what_contracts() {
    for bad in [
        "DROP TABLE messages",
        "drop index sessions_open",
        "ALTER TABLE sessions DROP COLUMN unread",
        "ALTER TABLE sessions RENAME TO talks",
        "ALTER TABLE sessions RENAME COLUMN unread TO waiting",
        "ALTER TABLE sessions ALTER COLUMN unread TYPE integer",
        "ALTER TABLE sessions ALTER unread SET NOT NULL",
        "ALTER TABLE sessions ALTER COLUMN unread DROP DEFAULT",
        "ALTER TABLE sessions ADD COLUMN mood text NOT NULL",
        "ALTER TABLE sessions ADD COLUMN a text, ADD COLUMN b\n  text not null",
        "ALTER TABLE sessions ADD COLUMN a numeric(3, 1) DEFAULT 0 NOT NULL, DROP COLUMN b",
        "ALTER TABLE sessions ADD COLUMN mood text UNIQUE",
        "ALTER TABLE sessions ADD COLUMN mood text NOT NULL DEFAULT NULL",
        "ALTER TABLE sessions ADD CONSTRAINT positive CHECK (unread > 0)",
        "ALTER TABLE sessions ADD COLUMN mood text REFERENCES moods",
        "CREATE UNIQUE INDEX one ON sessions (id)",
        "INSERT INTO workspaces SELECT workspace FROM sessions",
        "UPDATE sessions SET unread = 0",
        "DELETE FROM poison",
        "TRUNCATE poison",
        "CREATE TABLE fine (id text); -- harmless\n DROP TABLE other;",
        "CREATE TABLE t (a text DEFAULT ';'); DROP TABLE other",
        "/* fine */ DROP TABLE other",
    ] {
        assert_eq!(contracting(bad).len(), 1, "{bad}");
    }
    for fine in [
        "-- DROP TABLE messages;\nCREATE TABLE t (a text NOT NULL, b text UNIQUE);",
        "CREATE INDEX i ON t (a) WHERE b IS NOT NULL;",
        "CREATE VIRTUAL TABLE f USING fts5(words, content = '', prefix = '5 6');",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = 1; DELETE FROM d; END;",
        "ALTER TABLE t ADD COLUMN a text, ADD COLUMN b numeric(3, 1) NOT NULL DEFAULT 0;",
        "INSERT INTO t (a, b) VALUES ('DROP TABLE x; it''s fine', 0);",
    ] {
        assert_eq!(contracting(fine), Vec::<String>::new(), "{fine}");
    }
}

/// The statements that are none of those which the release before does not notice.
fn contracting(migration: &str) -> Vec<String> {
    let all = statements(migration).into_iter();
    all.filter(|statement| !expands(statement)).collect()
}

fn expands(statement: &str) -> bool {
    let fixed = |rest: &str| rest.contains(" VALUES ") && !rest.contains("SELECT");
    let created = ["TABLE ", "INDEX ", "TRIGGER ", "VIRTUAL TABLE "];
    if let Some(what) = statement.strip_prefix("CREATE ") {
        return created.iter().any(|kind| what.starts_with(kind)) && !what.contains(" AS SELECT");
    }
    if let Some(rest) = statement.strip_prefix("INSERT INTO ") {
        return fixed(rest);
    }
    let Some(table) = statement.strip_prefix("ALTER TABLE ") else {
        return false;
    };
    let Some((_, changes)) = table.split_once(' ') else {
        return false;
    };
    parts(changes).iter().all(|change| adds_a_column(change))
}

/// One that an INSERT which does not know it may leave out.
fn adds_a_column(change: &str) -> bool {
    let words: Vec<&str> = change.split(' ').collect();
    let has = |word: &str| words.contains(&word);
    let given = words
        .windows(2)
        .any(|pair| pair[0] == "DEFAULT" && pair[1] != "NULL");
    let needed = words.windows(2).any(|pair| pair == ["NOT", "NULL"]) && !given;
    let bound = ["UNIQUE", "PRIMARY", "CHECK", "REFERENCES", "GENERATED"];
    words.starts_with(&["ADD", "COLUMN"]) && !needed && !bound.iter().any(|word| has(word))
}

/// Between the commas that are in no parentheses.
fn parts(changes: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in changes.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(letter);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// In upper case, without comments, each text as `''`, one space between words. A trigger is one with what it does.
fn statements(migration: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let bare = without_comments_and_texts(migration).to_uppercase();
    for part in bare.split(';') {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        let last = statements.last_mut().unwrap();
        *last = format!("{last} {part}").trim().to_owned();
        let open = last.starts_with("CREATE TRIGGER ") && !last.ends_with(" END");
        if !open {
            statements.push(String::new());
        }
    }
    statements.retain(|statement| !statement.is_empty());
    statements
}

fn without_comments_and_texts(migration: &str) -> String {
    let (mut bare, mut rest) = (String::new(), migration);
    while let Some(letter) = rest.chars().next() {
        let (skipped, left) = if rest.starts_with("--") {
            (" ", rest.split_once('\n').map_or("", |(_, left)| left))
        } else if rest.starts_with("/*") {
            (" ", rest.split_once("*/").map_or("", |(_, left)| left))
        } else if let Some(text) = rest.strip_prefix('\'') {
            ("''", text.split_once('\'').map_or("", |(_, left)| left))
        } else {
            let (this, left) = rest.split_at(letter.len_utf8());
            (this, left)
        };
        bare += skipped;
        rest = left;
    }
    bare
}
