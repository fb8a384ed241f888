use std::sync::Arc;

use switchboard::{
    history::Unread,
    model::{
        Change, Content, Direction, Entry, EntryId, Message, MessageId, OperatorId, Sender,
        SenderKind, Session, Status, WorkspaceId,
    },
};

use super::{
    Place,
    support::{Book, STORED, agent, at, changed, of, said, session},
};

fn said_by(session: &Session, ms: u64, kind: SenderKind, id: &str) -> Arc<Entry> {
    let direction = match kind {
        SenderKind::Guest => Direction::In,
        SenderKind::Operator => Direction::Out,
    };
    let message = Message {
        id: MessageId::draw(),
        session: session.id.clone(),
        seq: ms,
        direction,
        sender: Sender {
            kind,
            id: id.into(),
            name: "Somebody".into(),
        },
        content: Content::Text { text: "x".into() },
        client_id: None,
        at: ms,
    };
    Arc::new(of(session, ms, Change::Message { message }))
}

pub async fn what_an_operator_said_comes_page_after_page(place: &impl Place) {
    let mut book = Book::open(place).await;
    let (one, two, foreign) = (session("default"), session("default"), session("other"));
    let operator = SenderKind::Operator;
    let entries = [
        said_by(&one, 11, operator, "ann"),
        said_by(&two, 12, operator, "ann"),
        // A guest, another, one by another case, and one of another workspace.
        said_by(&one, 13, SenderKind::Guest, "ann"),
        said_by(&one, 14, operator, "ben"),
        said_by(&one, 15, operator, "Ann"),
        said_by(&foreign, 16, operator, "ann"),
        said_by(&one, 17, operator, "ann"),
        said_by(&one, 19, operator, "ann"),
    ];
    assert_eq!(book.put(entries).await, STORED);
    assert_eq!(
        book.put([said_by(&two, 18, operator, "ann"), said(&one, 9, 20, "x")])
            .await,
        STORED
    );
    let (workspace, ann) = (WorkspaceId::new("default"), OperatorId::new("ann"));
    for limit in [1, 2, 100] {
        let mut found: Vec<EntryId> = Vec::new();
        loop {
            let (history, last) = (&book.history, found.last().copied());
            let page = history.messages_of(&workspace, &ann, last, limit).await;
            let page = page.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            assert!(page.iter().all(|one| one.message.sender.id == "ann"));
            found.extend(page.iter().map(|stored| stored.entry));
        }
        assert_eq!(found, [19, 18, 17, 12, 11].map(at), "in pages of {limit}");
    }
    for nobody in ["nobody", "ann\0", ""] {
        let nobody = OperatorId::new(nobody);
        let found = book.history.messages_of(&workspace, &nobody, None, 9).await;
        assert_eq!(found, Ok(vec![]));
    }
}

pub async fn what_waits_unread_is_counted_in_open_sessions(place: &impl Place) {
    let mut book = Book::open(place).await;
    let workspace = WorkspaceId::new("default");
    assert_eq!(book.history.unread(&workspace).await, Ok(Unread::default()));
    let with = |workspace, status, unread| Session {
        status,
        unread,
        agent: (status == Status::Active).then(|| agent("1")),
        ..session(workspace)
    };
    let sessions = [
        with("default", Status::Waiting, 2),
        with("default", Status::Waiting, 0),
        with("default", Status::Active, 5),
        with("default", Status::Ended, 7),
        with("other", Status::Waiting, 9),
    ];
    book.put((10..).zip(&sessions).map(|(n, one)| changed(one, n)))
        .await;
    let unread = book.history.unread(&workspace).await.unwrap();
    assert_eq!((unread.sessions, unread.messages), (2, 7));
    // Read, and one more has come.
    let read = Session {
        unread: 0,
        ..sessions[2].clone()
    };
    book.put([changed(&read, 20), said(&sessions[1], 1, 21, "hello?")])
        .await;
    let unread = book.history.unread(&workspace).await.unwrap();
    assert_eq!((unread.sessions, unread.messages), (2, 3));
    let nowhere = book.history.unread(&WorkspaceId::new("nowhere\0")).await;
    assert_eq!(nowhere, Ok(Unread::default()));
}
