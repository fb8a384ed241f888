//! The SQLite file of another chat: opened for reading, and read twice as it was the first time.

use std::{cmp::Ordering, path::Path};

use anyhow::{Context as _, bail};
use rusqlite::{Connection, OpenFlags, Row, Rows, Statement};

use super::{cell, columns};
use crate::{
    config::ImportArgs,
    model::{Direction, Millis, Status, limits},
};

pub struct Source {
    connection: Connection,
    sessions: String,
    messages: String,
    /// Rows of both tables.
    pub rows: u64,
    /// What was taken for what, for people.
    pub columns: Vec<String>,
}

/// What belongs together.
pub struct Conversation {
    pub session: SessionRow,
    /// In the order in which they were said, and of the same time in which they were stored.
    pub messages: Vec<MessageRow>,
    /// There are messages of it, and no row.
    pub is_orphan: bool,
}

pub struct SessionRow {
    pub id: String,
    pub status: Status,
    pub created_at: Millis,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    /// How many were created at the same time before it.
    pub nth: u32,
}

pub struct MessageRow {
    pub row: i64,
    pub id: Option<String>,
    pub session: String,
    pub text: String,
    pub direction: Direction,
    pub sender_id: Option<String>,
    pub sender_name: Option<String>,
    pub at: Millis,
    /// How many of all sessions were said at the same time before it.
    pub nth: u32,
}

/// What is wrong with a row: which it is and the column, never what stands there.
pub type Wrong = String;
type Read<T> = Result<T, Wrong>;

impl Source {
    pub fn open(args: &ImportArgs) -> anyhow::Result<Self> {
        let connection =
            connect(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
        let mut told = Vec::new();
        let sessions = select(
            &connection,
            (&args.sessions, "sessions"),
            (&columns::SESSION, &mut told),
            args,
        )?;
        let messages = select(
            &connection,
            (&args.messages, "messages"),
            (&columns::MESSAGE, &mut told),
            args,
        )?;
        let count = format!(
            "SELECT (SELECT count(*) FROM {}) + (SELECT count(*) FROM {})",
            quoted(&args.sessions),
            quoted(&args.messages)
        );
        let rows: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        Ok(Self {
            connection,
            sessions,
            messages,
            rows: u64::try_from(rows).unwrap_or_default(),
            columns: told,
        })
    }

    /// Gives every conversation, or what is wrong with a row of it, in the order of the sessions' ids.
    pub fn read(
        &self,
        mut take: impl FnMut(Read<Conversation>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut sessions = self.connection.prepare(&self.sessions)?;
        let mut messages = self.connection.prepare(&self.messages)?;
        let mut messages = Messages::of(&mut messages)?;
        let mut sessions = sessions.query([])?;
        let mut before: Option<String> = None;
        while let Some(row) = sessions.next()? {
            let named = cell::text(row.get_ref(0)?);
            let session = match session(row)? {
                Ok(session) => session,
                Err(wrong) => {
                    take(Err(wrong))?;
                    // What was said in it is no conversation without it, which may be mended and come later.
                    if let Some(id) = named {
                        while let Some(orphans) = messages.below(&id, &mut take)? {
                            take(Ok(orphans))?;
                        }
                        messages.of_session(&id, &mut take)?;
                    }
                    continue;
                }
            };
            match before.as_deref().map(|before| before.cmp(&session.id)) {
                Some(Ordering::Equal) => {
                    take(Err(format!("session {} has two rows", session.id)))?;
                    continue;
                }
                Some(Ordering::Greater) => bail!("the sessions come in no order by their ids"),
                Some(Ordering::Less) | None => {}
            }
            before = Some(session.id.clone());
            while let Some(orphans) = messages.below(&session.id, &mut take)? {
                take(Ok(orphans))?;
            }
            let said = messages.of_session(&session.id, &mut take)?;
            take(Ok(Conversation::of(session, said)))?;
        }
        while let Some(orphans) = messages.left(&mut take)? {
            take(Ok(orphans))?;
        }
        Ok(())
    }
}

impl Conversation {
    fn of(session: SessionRow, mut messages: Vec<MessageRow>) -> Self {
        // Stable.
        messages.sort_by_key(|message| message.at);
        Self {
            session,
            messages,
            is_orphan: false,
        }
    }

    fn orphan(messages: Vec<MessageRow>) -> Option<Self> {
        let first = messages.first()?;
        let session = SessionRow {
            id: first.session.clone(),
            status: Status::Ended,
            created_at: messages.iter().map(|message| message.at).min()?,
            name: None,
            email: None,
            phone: None,
            agent_id: None,
            agent_name: None,
            nth: 0,
        };
        Some(Self {
            is_orphan: true,
            ..Self::of(session, messages)
        })
    }
}

/// Messages session by session, with a look ahead.
struct Messages<'s> {
    rows: Rows<'s>,
    next: Option<MessageRow>,
    /// Of the first row.
    begun: bool,
}

type Take<'t> = dyn FnMut(Read<Conversation>) -> anyhow::Result<()> + 't;

impl<'s> Messages<'s> {
    fn of(statement: &'s mut Statement<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            rows: statement.query([])?,
            next: None,
            begun: false,
        })
    }

    fn peek(&mut self, take: &mut Take<'_>) -> anyhow::Result<Option<&MessageRow>> {
        if !self.begun {
            self.begun = true;
            self.advance(take)?;
        }
        Ok(self.next.as_ref())
    }

    /// To the next row that can be taken.
    fn advance(&mut self, take: &mut Take<'_>) -> anyhow::Result<()> {
        self.next = None;
        while let Some(row) = self.rows.next()? {
            match message(row)? {
                Ok(message) => {
                    self.next = Some(message);
                    return Ok(());
                }
                Err(wrong) => take(Err(wrong))?,
            }
        }
        Ok(())
    }

    fn of_session(&mut self, id: &str, take: &mut Take<'_>) -> anyhow::Result<Vec<MessageRow>> {
        let mut said = Vec::new();
        while self.peek(take)?.is_some_and(|next| next.session == id) {
            said.extend(self.next.take());
            self.advance(take)?;
        }
        Ok(said)
    }

    /// Those of a session before this one, which has no row.
    fn below(&mut self, id: &str, take: &mut Take<'_>) -> anyhow::Result<Option<Conversation>> {
        let next = self.peek(take)?.map(|next| next.session.clone());
        match next {
            Some(session) if session.as_str().cmp(id) == Ordering::Less => {
                Ok(Conversation::orphan(self.of_session(&session, take)?))
            }
            _ => Ok(None),
        }
    }

    fn left(&mut self, take: &mut Take<'_>) -> anyhow::Result<Option<Conversation>> {
        match self.peek(take)?.map(|next| next.session.clone()) {
            Some(session) => Ok(Conversation::orphan(self.of_session(&session, take)?)),
            None => Ok(None),
        }
    }
}

fn connect(file: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    // One look at all of it, though somebody goes on writing.
    connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
    let encoding: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    if encoding != "UTF-8" {
        bail!("its texts are in {encoding}; export it to a file in UTF-8 first");
    }
    Ok(connection)
}

fn select(
    connection: &Connection,
    (table, prefix): (&str, &str),
    (wanted, told): (&'static [columns::Wanted], &mut Vec<String>),
    args: &ImportArgs,
) -> anyhow::Result<String> {
    let there: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if there.is_empty() {
        let tables: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        bail!(
            "{} has no table {table}, but {}: name it by --{prefix}",
            args.file.display(),
            tables.join(", ")
        );
    }
    let found = columns::find((table, prefix), wanted, &there, &args.columns)?;
    told.push(columns::told(table, wanted, &there, &found));
    let names: Vec<String> = found
        .iter()
        .map(|column| column.as_deref().map_or_else(|| "NULL".to_owned(), quoted))
        .collect();
    let (list, from) = (names.join(", "), quoted(table));
    // The id of a session is the first column of the one table and the second of the other, the time the third and
    // the last. By bytes, whatever the column says: the two are merged.
    let (id, at) = match prefix {
        "sessions" => (&names[0], &names[2]),
        _ => (&names[1], &names[6]),
    };
    Ok(format!(
        "SELECT {list}, row_number() OVER (PARTITION BY {at} ORDER BY rowid) - 1, rowid
         FROM {from} ORDER BY CAST({id} AS TEXT) COLLATE BINARY, rowid"
    ))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn session(row: &Row<'_>) -> rusqlite::Result<Read<SessionRow>> {
    let text = |column| row.get_ref(column).map(cell::text);
    let Some(id) = text(0)?.filter(|id| is_id(id)) else {
        let number: i64 = row.get(9)?;
        return Ok(Err(format!(
            "the session in row {number} has an id {BOUNDS}"
        )));
    };
    let wrong = |what: &str| Ok(Err(format!("session {id}: {what}")));
    let Some(status) = text(1)?.as_deref().and_then(cell::status) else {
        return wrong(&format!("its status is none of {}", cell::statuses()));
    };
    let Some(created_at) = cell::time(row.get_ref(2)?) else {
        return wrong("created_at is no time that can be read");
    };
    let [name, email, phone] = [text(3)?, text(4)?, text(5)?];
    for (what, value, most) in [
        ("name", &name, NAME),
        ("email", &email, limits::EMAIL_BYTES),
        ("phone", &phone, NAME),
    ] {
        if value.as_deref().is_some_and(|value| !is_short(value, most)) {
            return wrong(&format!("its {what} has NUL, or more than {most} bytes"));
        }
    }
    let (agent_id, agent_name) = (text(6)?, text(7)?);
    if agent_name
        .as_deref()
        .is_some_and(|name| !is_short(name, NAME))
    {
        return wrong(&format!(
            "its agent's name has NUL, or more than {NAME} bytes"
        ));
    }
    if agent_id.as_deref().is_some_and(|id| !is_id(id)) {
        return wrong(&format!("its agent has an id {BOUNDS}"));
    }
    Ok(Ok(SessionRow {
        id,
        status,
        created_at,
        name,
        email,
        phone,
        agent_id,
        agent_name,
        nth: row.get(8)?,
    }))
}

fn message(row: &Row<'_>) -> rusqlite::Result<Read<MessageRow>> {
    let text = |column| row.get_ref(column).map(cell::text);
    let number: i64 = row.get(8)?;
    let wrong = |what: &str| Ok(Err(format!("the message in row {number}: {what}")));
    let Some(session) = text(1)?.filter(|id| is_id(id)) else {
        return wrong(&format!("its session has an id {BOUNDS}"));
    };
    let id = text(0)?;
    if id.as_deref().is_some_and(|id| !is_id(id)) {
        return wrong(&format!("it has an id {BOUNDS}"));
    }
    let Some(said) = text(2)?.filter(|text| is_short(text, TEXT_MAX)) else {
        return wrong(&format!(
            "its text is none, has NUL, or more than {TEXT_MAX} bytes"
        ));
    };
    let Some(direction) = text(3)?.as_deref().and_then(cell::side) else {
        return wrong(&format!("its sender is none of {}", cell::sides()));
    };
    // A guest is its session.
    let is_staff = direction == Direction::Out;
    let [sender_id, sender_name] = [text(4)?, text(5)?].map(|it| it.filter(|_| is_staff));
    if sender_id.as_deref().is_some_and(|id| !is_id(id)) {
        return wrong(&format!("its sender has an id {BOUNDS}"));
    }
    if sender_name
        .as_deref()
        .is_some_and(|name| !is_short(name, NAME))
    {
        return wrong(&format!(
            "its sender's name has NUL, or more than {NAME} bytes"
        ));
    }
    let Some(at) = cell::time(row.get_ref(6)?) else {
        return wrong("it has no time that can be read");
    };
    Ok(Ok(MessageRow {
        row: number,
        id,
        session,
        text: said,
        direction,
        sender_id,
        sender_name,
        at,
        nth: row.get(7)?,
    }))
}

const BOUNDS: &str = "that is empty, too long (128 bytes), or no text";
const NAME: usize = limits::NAME_BYTES;
/// Of a message, in bytes: what no page has shown as a text was none.
const TEXT_MAX: usize = 1_000_000;

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= limits::ID_BYTES && !text.contains('\0')
}

fn is_short(text: &str, most: usize) -> bool {
    text.len() <= most && !text.contains('\0')
}
