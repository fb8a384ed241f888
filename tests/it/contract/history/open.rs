use switchboard::model::{EntryId, Epoch, Guest, Session, SessionId, Status, WorkspaceId};

use super::{
    Place,
    support::{Book, agent, changed, session, started},
};

pub async fn open_sessions_come_page_after_page(place: &impl Place) {
    let mut book = Book::open(place).await;
    let mut open = Vec::new();
    let mut entries = Vec::new();
    let statuses = [Status::Waiting, Status::Active, Status::Ended];
    let workspaces = ["b", "a", "\u{e4}", "B"];
    for (n, (status, workspace)) in (0..).zip((0..24).map(|n| (statuses[n % 3], workspaces[n % 4])))
    {
        let row = Session {
            status,
            agent: (status == Status::Active).then(|| agent("1")),
            queued: EntryId {
                ms: 100 - n,
                seq: 1,
            },
            ..session(workspace)
        };
        entries.push(changed(&row, 10 + n));
        if status.is_open() {
            open.push((row.workspace, row.id));
        }
    }
    book.put(entries).await;
    open.sort();

    let mut found: Vec<(WorkspaceId, SessionId)> = Vec::new();
    loop {
        let page = book.history.open_sessions(found.last(), 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        for row in page {
            assert!(row.queued > EntryId::ZERO);
            found.push((row.workspace, row.id));
        }
    }
    assert_eq!(found, open);
}

/// Written by a pod of the release before, while pods of this one run.
pub async fn open_sessions_of_the_release_before_are_read(place: &impl Place) {
    let book = Book::open(place).await;
    let old = "INSERT INTO sessions (workspace, id, status, version, guest_search, created_at,
            last_activity, last_seq, last_entry_ms, last_entry_seq, unread)
        VALUES ('default', 'old', 'waiting', 1, '', 5, 6, 0, 6, 0, 0);
        INSERT INTO ingest_cursor (partition, epoch, ms, seq) VALUES (63, 'e', 6, 0)";
    place.execute(old).await;
    let expected = Session {
        version: 1,
        last_activity: 6,
        last_entry: EntryId { ms: 6, seq: 0 },
        ..Session::new(
            SessionId::new("old"),
            WorkspaceId::new("default"),
            Guest::default(),
            5,
        )
    };
    let open = book.history.open_sessions(None, 10).await;
    assert_eq!(open, Ok(vec![expected]));
    let restored = book.history.restored().await.unwrap();
    assert!(restored.iter().all(|(of, _)| of.index() != 63));
}

pub async fn p1_what_was_put_back_is_known_by_its_epoch(place: &impl Place) {
    let mut book = Book::open(place).await;
    let (partition, first) = (book.partition, book.epoch.clone());
    let nothing_stored = book.history.restored().await.unwrap();
    assert_eq!(nothing_stored, [(partition, first.clone())]);
    book.put([started(&session("default"), 10)]).await;

    book.epoch = Epoch("second".into());
    book.reopened().await;
    let history = &book.history;
    assert_eq!(history.restored().await.unwrap(), [(partition, first)]);
    let (first, foreign) = (Epoch("first".into()), Epoch("third".into()));
    for (epoch, before) in [
        (&foreign, Some(&first)),
        (&book.epoch, Some(&foreign)),
        (&book.epoch, None),
    ] {
        let told = history.set_restored(partition, epoch, before).await;
        assert_eq!(told, Ok(false), "{epoch:?} after {before:?}");
    }
    let told = history
        .set_restored(partition, &book.epoch, Some(&first))
        .await;
    assert_eq!(told, Ok(true));
    let known = [(partition, book.epoch.clone())];
    assert_eq!(history.restored().await.unwrap(), known);
    assert_eq!(history.forget_restored(partition).await, Ok(()));
    assert_eq!(history.restored().await, Ok(vec![]));
    let told = history.set_restored(partition, &book.epoch, None).await;
    assert_eq!(told, Ok(true));
}
