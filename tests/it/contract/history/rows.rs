use std::{collections::HashMap, sync::Arc};

use switchboard::{
    history::{History, MessageRow},
    model::{Entry, MessageId, OperatorId, Participant, SessionId, WorkspaceId},
};
use tokio::task::JoinSet;

use super::{
    Place,
    support::{Book, STORED, answered, body, read, said, session, started},
};

fn operator(id: &str) -> Participant {
    Participant::Operator(OperatorId::new(id))
}

fn ids(entries: &[Arc<Entry>]) -> Vec<MessageId> {
    entries.iter().map(|entry| body(entry).id).collect()
}

/// In the order in which they are asked for.
async fn rows(book: &Book, messages: &[MessageId]) -> Vec<Option<MessageRow>> {
    let workspace = WorkspaceId::new("default");
    let found = book.history.message_rows(&workspace, messages).await;
    let found: HashMap<_, _> = found
        .unwrap()
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    messages.iter().map(|id| found.get(id).copied()).collect()
}

async fn read_times(book: &Book, messages: &[MessageId]) -> Vec<Option<u64>> {
    let rows = rows(book, messages).await;
    rows.into_iter().map(|row| row.unwrap().read_at).collect()
}

async fn number(history: &dyn History, workspace: &str, session: &SessionId) -> u64 {
    let workspace = WorkspaceId::new(workspace);
    let named = [session.clone()];
    let given = history.session_numbers(&workspace, &named).await.unwrap();
    let [(of, number)] = given.as_slice() else {
        panic!("{given:?}")
    };
    assert_eq!(of, session);
    *number
}

pub async fn messages_have_numbers_that_are_never_reused(place: &impl Place) {
    let mut book = Book::open(place).await;
    let (here, there) = (session("default"), session("other"));
    let mine = [said(&here, 1, 11, "a"), said(&here, 2, 12, "b")];
    let ids = ids(&mine);
    assert_eq!(book.put(mine).await, STORED);
    let foreign = said(&there, 1, 13, "c");
    let foreign_id = body(&foreign).id;
    book.put([foreign]).await;
    let found = rows(&book, &ids).await;
    let numbers: Vec<u64> = found.iter().map(|row| row.unwrap().num).collect();
    assert!(numbers[0] < numbers[1], "{numbers:?}");
    let none = [foreign_id, MessageId::draw()];
    assert_eq!(rows(&book, &none).await, [None, None]);
    assert!(rows(&book, &[]).await.is_empty());
    let later = said(&here, 3, 14, "d");
    let id = body(&later).id;
    book.put([later]).await;
    let later = rows(&book, &[id]).await[0].unwrap().num;
    assert!(later > numbers[1]);
}

pub async fn a_message_is_read_when_the_first_has_read_it(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let said = [
        said(&session, 1, 11, "a"),
        said(&session, 2, 12, "b"),
        answered(&session, 3, 13, "c"),
        said(&session, 4, 14, "d"),
    ];
    let ids = ids(&said);
    book.put([started(&session, 10)].into_iter().chain(said))
        .await;
    assert_eq!(read_times(&book, &ids).await, [None; 4]);
    // The second one has read less, and in the same batch as well.
    let batch = [
        read(&session, 20, operator("ann"), 2),
        read(&session, 21, operator("ben"), 1),
    ];
    assert_eq!(book.put(batch).await, STORED);
    let expected = [Some(20), Some(20), None, None];
    assert_eq!(read_times(&book, &ids).await, expected);
    book.put([
        read(&session, 30, operator("ben"), 4),
        read(&session, 31, Participant::Guest, 3),
    ])
    .await;
    let expected = [Some(20), Some(20), Some(31), Some(30)];
    assert_eq!(read_times(&book, &ids).await, expected);
}

/// After a loss of hot state what was read before is read again.
pub async fn what_is_read_again_changes_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let said = [said(&session, 1, 11, "a"), said(&session, 2, 12, "b")];
    let ids = ids(&said);
    book.put(said).await;
    for ms in [20, 21] {
        book.put([read(&session, ms, operator("ann"), 1)]).await;
    }
    assert_eq!(
        book.put([read(&session, 22, operator("ben"), 2)]).await,
        STORED
    );
    assert_eq!(read_times(&book, &ids).await, [Some(20), Some(22)]);
    book.put([read(&session, 23, operator("ann"), 1)]).await;
    assert_eq!(read_times(&book, &ids).await, [Some(20), Some(22)]);
}

pub async fn a_session_keeps_the_number_that_it_is_given(place: &impl Place) {
    let book = Book::open(place).await;
    let [one, two] = [session("default").id, session("default").id];
    let history = &*book.history;
    let first = number(history, "default", &one).await;
    let workspace = WorkspaceId::new("default");
    let both = [two.clone(), one.clone()];
    let given = history.session_numbers(&workspace, &both).await.unwrap();
    let given: HashMap<_, _> = given.into_iter().collect();
    assert_eq!(given[&one], first);
    assert!(given[&two] > first);
    drop(book);
    let opened = place.open().await;
    assert_eq!(number(&*opened, "default", &two).await, given[&two]);
    for (session, number) in given {
        let found = opened.session_numbered(&workspace, number).await;
        assert_eq!(found, Ok(Some(session)));
    }
    for none in [0, 1 << 40, u64::MAX] {
        assert_eq!(opened.session_numbered(&workspace, none).await, Ok(None));
    }
    let given = opened.session_numbers(&workspace, &[]).await.unwrap();
    assert!(given.is_empty());
}

pub async fn p3_of_eight_that_ask_at_once_all_get_one_number(place: &impl Place) {
    let history = place.open().await;
    let session = session("default").id;
    let mut asking = JoinSet::new();
    for _ in 0..8 {
        let (history, session) = (Arc::clone(&history), session.clone());
        asking.spawn(async move { number(&*history, "default", &session).await });
    }
    let mut numbers = asking.join_all().await;
    numbers.dedup();
    assert_eq!(numbers.len(), 1, "{numbers:?}");
}

pub async fn p6_numbers_of_another_workspace_lead_nowhere(place: &impl Place) {
    let history = place.open().await;
    let session = session("default").id;
    // The same id in both: each has a number of its own.
    let here = number(&*history, "default", &session).await;
    let there = number(&*history, "other", &session).await;
    assert_ne!(here, there);
    let other = WorkspaceId::new("other");
    assert_eq!(history.session_numbered(&other, here).await, Ok(None));
    let found = history.session_numbered(&other, there).await;
    assert_eq!(found, Ok(Some(session)));
}
