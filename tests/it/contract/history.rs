//! The contract of `History`: one suite, stamped on each backend.

use std::{path::PathBuf, sync::Arc};

use switchboard::{
    history::{
        Appended, Batch, History, SessionCursor,
        sqlite::{OpenError, SqliteHistory},
    },
    metrics::Metrics,
    model::{
        Agent, Change, Content, Direction, Entry, EntryId, Epoch, FORMAT, Guest, Message,
        MessageId, OperatorId, Partition, Prev, Sender, SenderKind, Session, SessionId,
        SessionQuery, Status, WorkspaceId, limits,
    },
};
use uuid::Uuid;

/// A fresh history of one test. Opening it again finds what was stored; dropping it removes it.
trait Place {
    async fn open(&self) -> Arc<dyn History>;
}

macro_rules! history_suite {
    ($backend:ident, $place:expr) => {
        history_suite!(@stamp $backend, $place;
            p1_what_was_appended_is_read_back_in_order,
            p1_everything_is_there_after_opening_again,
            p1_of_two_writers_one_wins,
            p1_a_message_without_its_session_is_stored,
            p1_a_taken_place_holds_up_nothing,
            p3_a_batch_repeated_after_a_lost_answer_is_superseded,
            p3_the_same_message_under_another_entry_is_one_row,
            p6_nothing_of_another_workspace_is_there,
            p7_any_text_comes_back_as_it_was,
            p7_unread_and_preview_follow_the_messages,
            a_batch_of_a_thousand_is_stored,
            a_session_comes_back_as_it_was,
            an_older_snapshot_does_not_overwrite_a_newer_one,
            the_cursor_survives_a_change_of_epoch,
            paging_goes_over_holes_in_seq,
            the_list_goes_on_after_its_cursor,
            the_list_is_filtered_by_status_and_agent,
            a_search_takes_every_character_as_itself,
        );
    };
    (@stamp $backend:ident, $place:expr; $($case:ident,)*) => {
        mod $backend {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&$place).await;
            })*
        }
    };
}

history_suite!(sqlite, super::Directory::fresh());

async fn p1_what_was_appended_is_read_back_in_order(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let entries: Vec<_> = (1..=5)
        .map(|n| said(&session, n, 10 + n, "in order"))
        .collect();
    assert_eq!(book.put([started(&session, 10)]).await, STORED);
    assert_eq!(book.put(entries.clone()).await, STORED);

    let read = book.messages(&session, u64::MAX, 10).await;
    let ids: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| (entry.id, body(entry).clone()))
        .collect();
    assert_eq!(read, ids);
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.last_seq, row.last_entry), (5, at(15)));
    book.history.ping().await.unwrap();
}

async fn p1_everything_is_there_after_opening_again(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "kept")])
        .await;
    let (row, cursor) = (book.session(&session).await, book.cursor);
    let partition = book.partition;
    drop(book);

    let book = Book::open(place).await;
    assert_eq!(book.history.cursors().await.unwrap(), [(partition, cursor)]);
    assert_eq!(book.cursor, cursor);
    assert_eq!(book.session(&session).await, row);
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["kept"]);
}

async fn p1_of_two_writers_one_wins(place: &impl Place) {
    let mut first = Book::open(place).await;
    let mut second = Book::over(Arc::clone(&first.history), first.epoch.clone()).await;
    let session = session("default");
    assert_eq!(
        second
            .put([started(&session, 10), said(&session, 1, 11, "second")])
            .await,
        STORED
    );
    let late = first
        .put([started(&session, 10), said(&session, 1, 11, "first")])
        .await;
    assert_eq!(late, Appended::Superseded);
    assert_eq!(second.texts(&session, u64::MAX, 10).await, ["second"]);

    let mut third = Book::over(Arc::clone(&first.history), Epoch("newer".into())).await;
    assert_eq!(
        second.put([said(&session, 2, 12, "of an old epoch")]).await,
        Appended::Superseded
    );
    assert_eq!(third.put([said(&session, 2, 12, "third")]).await, STORED);
    assert_eq!(
        third.texts(&session, u64::MAX, 10).await,
        ["third", "second"]
    );
}

async fn p1_a_message_without_its_session_is_stored(place: &impl Place) {
    let mut book = Book::open(place).await;
    let unknown = session("default");
    assert_eq!(
        book.put([said(&unknown, 1, 11, "still here")]).await,
        STORED
    );
    assert_eq!(book.texts(&unknown, u64::MAX, 10).await, ["still here"]);
    assert_eq!(book.session(&unknown).await, None);
}

async fn p1_a_taken_place_holds_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let clash = [
        said(&session, 1, 11, "first"),
        said(&session, 1, 11, "other"),
    ];
    book.put(clash).await;
    assert_eq!(book.put([said(&session, 2, 12, "next")]).await, STORED);
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["next", "first"]);
}

async fn p3_a_batch_repeated_after_a_lost_answer_is_superseded(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let entries = [started(&session, 10), said(&session, 1, 11, "once")];
    let before = book.cursor;
    assert_eq!(book.put(entries.clone()).await, STORED);
    let row = book.session(&session).await;

    book.cursor = before;
    assert_eq!(book.put(entries).await, Appended::Superseded);
    assert_eq!(book.texts(&session, u64::MAX, 10).await, ["once"]);
    assert_eq!(book.session(&session).await, row);
    assert_eq!(book.reopened().await, at(11));
}

async fn p3_the_same_message_under_another_entry_is_one_row(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let first = said(&session, 1, 11, "once");
    let again = Entry {
        id: at(20),
        ..Entry::clone(&first)
    };
    book.put([started(&session, 10), first]).await;

    let answer = book
        .put([Arc::new(again), said(&session, 2, 21, "next")])
        .await;
    assert_eq!(answer, Appended::Stored { duplicates: 1 });
    let read = book.messages(&session, u64::MAX, 10).await;
    assert_eq!(
        read.iter().map(|(entry, _)| *entry).collect::<Vec<_>>(),
        [at(21), at(11)]
    );
    assert_eq!(book.session(&session).await.unwrap().unread, 2);
}

async fn p6_nothing_of_another_workspace_is_there(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "private")])
        .await;

    let (history, other) = (&book.history, WorkspaceId::new("other"));
    assert_eq!(history.session(&other, &session.id).await, Ok(None));
    assert_eq!(
        history
            .messages_before(&other, &session.id, u64::MAX, 10)
            .await,
        Ok(vec![])
    );
    assert_eq!(history.sessions(&other, &all(), None).await, Ok(vec![]));
    let wanted = SessionQuery {
        status: Some(Status::Waiting),
        search: Some("a".into()),
        ..all()
    };
    assert_eq!(history.sessions(&other, &wanted, None).await, Ok(vec![]));
}

async fn p7_any_text_comes_back_as_it_was(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let long = "ä".repeat(8 * 1024);
    let texts = [
        "a\0b\0",
        "👩‍👩‍👧‍👦 🇨🇭",
        "\u{202e}\u{200f}",
        "\u{feff} '; -- %_\\",
        "",
        "\r\n\t",
        &long,
    ];
    let entries: Vec<_> = (1..)
        .zip(texts)
        .map(|(n, text)| said(&session, n, 10 + n, text))
        .collect();
    assert_eq!(book.put([started(&session, 10)]).await, STORED);
    assert_eq!(book.put(entries).await, STORED);
    let mut read = book.texts(&session, u64::MAX, 10).await;
    read.reverse();
    assert_eq!(read, texts);
    let preview = book.session(&session).await.unwrap().last_message.unwrap();
    assert_eq!(preview.text, "ä".repeat(limits::PREVIEW_CHARS));
}

async fn p7_unread_and_preview_follow_the_messages(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([started(&session, 10)]).await;
    book.put([
        said(&session, 1, 11, "hello"),
        said(&session, 2, 12, "anyone?"),
    ])
    .await;
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.unread, row.last_seq, row.last_activity), (2, 2, 12));
    assert_eq!(row.last_message.unwrap().text, "anyone?");

    // Taken and answered between two messages of one batch, as the hub saw it.
    let mut taken = Session {
        status: Status::Active,
        version: 2,
        unread: 0,
        ..session.clone()
    };
    taken.note(body(&said(&session, 3, 13, "hm")), at(13));
    taken.unread = 0;
    let entries = [
        said(&session, 3, 13, "hm"),
        changed(&taken, 14),
        answered(&session, 4, 15, "here I am"),
        said(&session, 5, 16, "good"),
    ];
    assert_eq!(book.put(entries).await, STORED);
    let row = book.session(&session).await.unwrap();
    assert_eq!(
        (row.status, row.unread, row.last_seq),
        (Status::Active, 1, 5)
    );
    let preview = row.last_message.unwrap();
    assert_eq!(
        (preview.text.as_str(), preview.direction, preview.at),
        ("good", Direction::In, 16)
    );
}

async fn a_batch_of_a_thousand_is_stored(place: &impl Place) {
    let mut book = Book::open(place).await;
    let sessions: Vec<_> = (0..10).map(|_| session("default")).collect();
    let mut entries: Vec<_> = (1..).zip(&sessions).map(|(n, s)| started(s, n)).collect();
    for n in 0..990_u64 {
        let session = &sessions[usize::try_from(n).unwrap() % 10];
        entries.push(said(session, n / 10 + 1, 11 + n, "one of many"));
    }
    assert_eq!(book.put(entries).await, STORED);
    for session in &sessions {
        assert_eq!(book.messages(session, u64::MAX, 1000).await.len(), 99);
        assert_eq!(book.session(session).await.unwrap().unread, 99);
    }
}

async fn a_session_comes_back_as_it_was(place: &impl Place) {
    let mut book = Book::open(place).await;
    let bare = session("default");
    let mut full = Session {
        status: Status::Ended,
        version: 7,
        guest: Guest {
            name: Some("Zoë\0".into()),
            email: Some("zoe@example.org".into()),
            phone: Some("+41".into()),
            page: Some("https://example.org/?a=b".into()),
            metadata: Some(serde_json::json!({"plan": "pro", "n": [1, 2.5, null]})),
        },
        agent: Some(agent("7")),
        created_at: 5,
        ..session("default")
    };
    full.note(body(&answered(&full, 9, 11, "bye")), at(11));
    book.put([changed(&bare, 10), changed(&full, 12)]).await;
    assert_eq!(
        book.session(&bare).await,
        Some(Session {
            last_entry: at(10),
            ..bare
        })
    );
    assert_eq!(
        book.session(&full).await,
        Some(Session {
            last_entry: at(12),
            ..full
        })
    );
}

async fn an_older_snapshot_does_not_overwrite_a_newer_one(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let newer = Session {
        status: Status::Active,
        ..session.clone()
    };
    book.put([started(&session, 10), changed(&newer, 12)]).await;
    // An entry that carries an old view of its session, whatever its own place.
    let stale = Session {
        last_entry: at(11),
        ..session.clone()
    };
    let entry = Entry {
        after: Some(Box::new(stale)),
        ..Entry::clone(&started(&session, 13))
    };
    assert_eq!(book.put([Arc::new(entry)]).await, STORED);
    let row = book.session(&session).await.unwrap();
    assert_eq!((row.status, row.last_entry), (Status::Active, at(12)));
}

async fn the_cursor_survives_a_change_of_epoch(place: &impl Place) {
    let mut book = Book::open(place).await;
    assert_eq!(book.cursor, EntryId::ZERO);
    assert_eq!(
        book.history.cursors().await,
        Ok(vec![]),
        "opened, but never written"
    );
    book.put([Arc::new(Entry {
        id: EntryId { ms: 10, seq: 3 },
        ..bare("default", 10)
    })])
    .await;

    book.epoch = Epoch("second".into());
    assert_eq!(
        book.put([Arc::new(bare("default", 11))]).await,
        Appended::Superseded
    );
    assert_eq!(book.reopened().await, EntryId { ms: 10, seq: 3 });
    assert_eq!(book.put([Arc::new(bare("default", 11))]).await, STORED);
    assert_eq!(
        book.history.cursors().await,
        Ok(vec![(book.partition, at(11))])
    );
}

async fn paging_goes_over_holes_in_seq(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let seqs = [1, 2, 5, 6, 40, 41];
    let entries: Vec<_> = seqs
        .map(|n| said(&session, n, 10 + n, &n.to_string()))
        .into();
    book.put(entries).await;
    assert_eq!(book.texts(&session, u64::MAX, 2).await, ["41", "40"]);
    assert_eq!(book.texts(&session, 40, 2).await, ["6", "5"]);
    assert_eq!(book.texts(&session, 5, 2).await, ["2", "1"]);
    assert_eq!(book.texts(&session, 4, 2).await, ["2", "1"]);
    assert!(book.texts(&session, 1, 2).await.is_empty());
    assert!(book.texts(&session, 9, 0).await.is_empty());
}

async fn the_list_goes_on_after_its_cursor(place: &impl Place) {
    let mut book = Book::open(place).await;
    // Three share their last activity.
    for (n, activity) in [
        (10, 100),
        (11, 300),
        (12, 200),
        (13, 200),
        (14, 200),
        (15, 50),
    ] {
        book.put([changed(
            &Session {
                last_activity: activity,
                ..session("default")
            },
            n,
        )])
        .await;
    }
    let whole = book.list(all(), None).await;
    let order: Vec<_> = whole
        .iter()
        .map(|s| (s.last_activity, s.id.clone()))
        .collect();
    assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
    assert_eq!(order.len(), 6);

    for limit in 1..=3 {
        let (mut pages, mut cursor) = (Vec::new(), None);
        loop {
            let page = book
                .list(SessionQuery { limit, ..all() }, cursor.as_ref())
                .await;
            let Some(last) = page.last() else { break };
            let last_activity = last.last_activity;
            cursor = Some(SessionCursor {
                last_activity,
                id: last.id.clone(),
            });
            pages.extend(page);
        }
        assert_eq!(pages, whole, "in pages of {limit}");
    }
}

async fn the_list_is_filtered_by_status_and_agent(place: &impl Place) {
    let mut book = Book::open(place).await;
    let with = |status, agent| Session {
        status,
        agent,
        ..session("default")
    };
    let [one, two] = ["1", "2"].map(|id| Some(agent(id)));
    let sessions = [
        with(Status::Waiting, None),
        with(Status::Active, one.clone()),
        with(Status::Active, two),
        with(Status::Ended, one),
    ];
    book.put(
        (10..)
            .zip(&sessions)
            .map(|(n, session)| changed(session, n)),
    )
    .await;
    let active = SessionQuery {
        status: Some(Status::Active),
        ..all()
    };
    let of_one = SessionQuery {
        agent: Some(OperatorId::new("1")),
        ..all()
    };
    let both = SessionQuery {
        agent: of_one.agent.clone(),
        ..active.clone()
    };
    assert_eq!(book.list(all(), None).await.len(), 4);
    assert_eq!(
        book.found(active).await,
        sorted([&sessions[1], &sessions[2]])
    );
    assert_eq!(
        book.found(of_one).await,
        sorted([&sessions[1], &sessions[3]])
    );
    assert_eq!(book.found(both).await, sorted([&sessions[1]]));
    let last = SessionQuery {
        status: Some(Status::Active),
        limit: 1,
        ..all()
    };
    assert_eq!(book.list(last, None).await.len(), 1);
}

async fn a_search_takes_every_character_as_itself(place: &impl Place) {
    let mut book = Book::open(place).await;
    let named = |name: &str, email: Option<&str>| Session {
        guest: Guest {
            name: Some(name.into()),
            email: email.map(Into::into),
            ..Guest::default()
        },
        ..session("default")
    };
    let sessions = [
        named("100% Éric", Some("eric@Example.org")),
        named("snake_case", None),
        named("back\\slash ДМИТРИЙ", None),
        session("default"),
    ];
    book.put(
        (10..)
            .zip(&sessions)
            .map(|(n, session)| changed(session, n)),
    )
    .await;
    for (search, expected) in [
        ("%", vec![&sessions[0]]),
        ("_", vec![&sessions[1]]),
        ("\\", vec![&sessions[2]]),
        ("0%%", vec![]),
        ("éRIC", vec![&sessions[0]]),
        ("@eXAMPLE.", vec![&sessions[0]]),
        ("дмит", vec![&sessions[2]]),
        ("s", vec![&sessions[1], &sessions[2]]),
        ("'", vec![]),
    ] {
        let query = SessionQuery {
            search: Some(search.into()),
            ..all()
        };
        assert_eq!(
            book.found(query.clone()).await,
            sorted(expected.clone()),
            "{search}"
        );
        let waiting = SessionQuery {
            status: Some(Status::Waiting),
            ..query
        };
        assert_eq!(
            book.found(waiting).await,
            sorted(expected),
            "{search}, by status"
        );
    }
}

#[tokio::test]
async fn a_second_sqlite_history_in_one_directory_is_refused() {
    let directory = Directory::fresh();
    let first = directory.open().await;
    let refusal = SqliteHistory::open(&directory.0, metrics()).unwrap_err();
    assert!(matches!(refusal, OpenError::Locked(_)));
    let sentence = refusal.to_string();
    assert!(sentence.starts_with("another switchboard is running on this data directory"));
    drop(first);
    directory.open().await;
}

/// What a crash would leave: the files as they are on disk while the process still runs.
#[tokio::test]
async fn p1_sqlite_is_complete_in_its_files_after_append() {
    let (running, crashed) = (Directory::fresh(), Directory::fresh());
    let mut book = Book::open(&running).await;
    let session = session("default");
    book.put([started(&session, 10), said(&session, 1, 11, "acknowledged")])
        .await;
    std::fs::create_dir(&crashed.0).unwrap();
    for file in ["switchboard.db", "switchboard.db-wal"] {
        std::fs::copy(running.0.join(file), crashed.0.join(file)).unwrap();
    }
    let found = Book::open(&crashed).await;
    assert_eq!(found.cursor, at(11));
    assert_eq!(found.texts(&session, u64::MAX, 10).await, ["acknowledged"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_sqlite_directory_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::fresh();
    directory.open().await;
    let mode = std::fs::metadata(&directory.0)
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

const STORED: Appended = Appended::Stored { duplicates: 0 };

/// A writer of the partition of workspace `default`, and what is read back of it.
struct Book {
    history: Arc<dyn History>,
    partition: Partition,
    epoch: Epoch,
    cursor: EntryId,
}

impl Book {
    async fn open(place: &impl Place) -> Self {
        Self::over(place.open().await, Epoch("first".into())).await
    }

    async fn over(history: Arc<dyn History>, epoch: Epoch) -> Self {
        let partition = Partition::of(&WorkspaceId::new("default"));
        let cursor = history.open_cursor(partition, &epoch).await.unwrap();
        Self {
            history,
            partition,
            epoch,
            cursor,
        }
    }

    async fn reopened(&mut self) -> EntryId {
        self.cursor = self
            .history
            .open_cursor(self.partition, &self.epoch)
            .await
            .unwrap();
        self.cursor
    }

    async fn put(&mut self, entries: impl IntoIterator<Item = Arc<Entry>>) -> Appended {
        let entries: Vec<_> = entries.into_iter().collect();
        let (from, to) = (self.cursor, entries.last().unwrap().id);
        let (partition, epoch) = (self.partition, self.epoch.clone());
        let batch = Batch {
            partition,
            epoch,
            from,
            to,
            entries,
        };
        let appended = self.history.append(batch).await.unwrap();
        if appended != Appended::Superseded {
            self.cursor = to;
        }
        appended
    }

    async fn session(&self, session: &Session) -> Option<Session> {
        self.history
            .session(&session.workspace, &session.id)
            .await
            .unwrap()
    }

    async fn messages(
        &self,
        session: &Session,
        before: u64,
        limit: usize,
    ) -> Vec<(EntryId, Message)> {
        let (workspace, id) = (&session.workspace, &session.id);
        let read = self
            .history
            .messages_before(workspace, id, before, limit)
            .await
            .unwrap();
        read.into_iter()
            .map(|stored| (stored.entry, stored.message))
            .collect()
    }

    async fn texts(&self, session: &Session, before: u64, limit: usize) -> Vec<String> {
        let read = self.messages(session, before, limit).await;
        read.iter()
            .map(|(_, message)| message.content.text().to_owned())
            .collect()
    }

    async fn list(&self, query: SessionQuery, after: Option<&SessionCursor>) -> Vec<Session> {
        self.history
            .sessions(&WorkspaceId::new("default"), &query, after)
            .await
            .unwrap()
    }

    async fn found(&self, query: SessionQuery) -> Vec<SessionId> {
        sorted(&self.list(query, None).await)
    }
}

fn sorted<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<SessionId> {
    let mut ids: Vec<_> = sessions
        .into_iter()
        .map(|session| session.id.clone())
        .collect();
    ids.sort();
    ids
}

fn all() -> SessionQuery {
    SessionQuery {
        limit: 100,
        ..SessionQuery::default()
    }
}

fn at(ms: u64) -> EntryId {
    EntryId { ms, seq: 0 }
}

fn agent(id: &str) -> Agent {
    Agent {
        id: OperatorId::new(id),
        name: format!("Agent {id}"),
    }
}

fn session(workspace: &str) -> Session {
    Session {
        id: SessionId::new(Uuid::new_v4().to_string()),
        workspace: WorkspaceId::new(workspace),
        status: Status::Waiting,
        version: 1,
        guest: Guest::default(),
        agent: None,
        created_at: 1,
        last_activity: 1,
        last_seq: 0,
        last_entry: EntryId::ZERO,
        last_message: None,
        unread: 0,
    }
}

/// An entry that concerns the workspace alone.
fn bare(workspace: &str, ms: u64) -> Entry {
    Entry {
        v: FORMAT,
        id: at(ms),
        workspace: WorkspaceId::new(workspace),
        session: None,
        prev: Prev::default(),
        origin: None,
        change: Change::OperatorOnline { agent: agent("1") },
        after: None,
    }
}

fn of(session: &Session, ms: u64, change: Change) -> Entry {
    Entry {
        session: Some(session.id.clone()),
        change,
        ..bare(session.workspace.as_str(), ms)
    }
}

fn started(session: &Session, ms: u64) -> Arc<Entry> {
    let after = Session {
        last_entry: at(ms),
        ..session.clone()
    };
    Arc::new(Entry {
        after: Some(Box::new(after)),
        ..of(session, ms, Change::Started)
    })
}

fn changed(session: &Session, ms: u64) -> Arc<Entry> {
    let after = Session {
        last_entry: at(ms),
        ..session.clone()
    };
    let change = Change::Assigned { agent: agent("1") };
    Arc::new(Entry {
        after: Some(Box::new(after)),
        ..of(session, ms, change)
    })
}

fn said(session: &Session, seq: u64, ms: u64, text: &str) -> Arc<Entry> {
    message(session, seq, ms, text, Direction::In)
}

fn answered(session: &Session, seq: u64, ms: u64, text: &str) -> Arc<Entry> {
    message(session, seq, ms, text, Direction::Out)
}

fn message(session: &Session, seq: u64, ms: u64, text: &str, direction: Direction) -> Arc<Entry> {
    let kind = match direction {
        Direction::In => SenderKind::Guest,
        Direction::Out => SenderKind::Operator,
    };
    let message = Message {
        id: MessageId::draw(),
        session: session.id.clone(),
        seq,
        direction,
        sender: Sender {
            kind,
            id: session.id.to_string(),
            name: "Somebody".into(),
        },
        content: Content::Text { text: text.into() },
        client_id: seq.is_multiple_of(2).then(|| format!("client-{seq}")),
        at: ms,
    };
    Arc::new(of(session, ms, Change::Message { message }))
}

fn body(entry: &Entry) -> &Message {
    entry.message().unwrap()
}

fn metrics() -> switchboard::metrics::HistoryMetrics {
    Metrics::new().unwrap().history
}

/// A directory for one SQLite history, removed with all that is in it.
struct Directory(PathBuf);

impl Directory {
    fn fresh() -> Self {
        Self(std::env::temp_dir().join(format!("switchboard-{}", Uuid::new_v4())))
    }
}

impl Place for Directory {
    async fn open(&self) -> Arc<dyn History> {
        Arc::new(SqliteHistory::open(&self.0, metrics()).unwrap())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
