use std::{sync::Arc, time::Duration};

use switchboard::{
    history::keep_indexed,
    model::{Entry, EntryId, Session, WorkspaceId},
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Place,
    support::{Book, STORED, answered, at, said, session, started},
};

impl Book {
    async fn search(&self, workspace: &str, text: &str) -> Vec<String> {
        let workspace = WorkspaceId::new(workspace);
        let found = self.history.search(&workspace, text, None, 100).await;
        let found = found.unwrap().into_iter();
        found
            .map(|stored| stored.message.content.text().to_owned())
            .collect()
    }
}

/// In the order of `texts`, in entries from 11 on.
fn all_said(session: &Session, texts: &[&str]) -> Vec<Arc<Entry>> {
    let texts = (1..).zip(texts);
    texts
        .map(|(n, text)| said(session, n, 10 + n, text))
        .collect()
}

pub async fn p7_what_is_found_is_the_message_as_it_was(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let message = said(&session, 1, 11, "Where is my parcel?");
    let answer = answered(&session, 2, 12, "The parcel is on its way");
    book.put([started(&session, 10), message.clone(), answer.clone()])
        .await;
    let found = book
        .history
        .search(&session.workspace, "PARCEL is", None, 10);
    let found = found.await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.entry, &one.message)).collect();
    let expected = [&answer, &message].map(|entry| (entry.id, entry.message().unwrap()));
    assert_eq!(found, expected);
}

pub async fn a_search_finds_words_in_any_writing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let texts = [
        "Hello World",
        "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43c}\u{438}\u{440}!",
        "M\u{fc}ller gr\u{fc}\u{df}t \u{c4}RZTE",
        "so nice \u{1f600}\u{1f680}rocket",
        "well-known foo_bar a.b@example.org \u{2014}dash\u{2014}",
        "it's \"quoted\" (x OR y) AND z NEAR w",
        "5* for order 12345-A, v1.5",
        "\u{1f600} !?",
        "\u{6f22}\u{5b57}\u{304b}\u{306a} \u{627}\u{644}\u{639}\u{631}\u{628}\u{64a}\u{629}",
    ];
    assert_eq!(
        book.put(all_said(&session("default"), &texts)).await,
        STORED
    );
    for (asked, expected) in [
        ("hello", vec![0]),
        ("WORLD hello", vec![0]),
        ("hello worlds", vec![]),
        ("hell world", vec![]),
        ("hello wor", vec![0]),
        ("ello", vec![]),
        (
            "\u{41f}\u{420}\u{418}\u{412}\u{415}\u{422} \u{43c}",
            vec![1],
        ),
        ("m\u{dc}LLER", vec![2]),
        ("muller", vec![]),
        ("\u{e4}rz", vec![2]),
        ("GR\u{dc}\u{df}T", vec![2]),
        ("rocket", vec![3]),
        ("\u{1f680} nice", vec![3]),
        ("known", vec![4]),
        ("well-kn", vec![4]),
        ("bar-foo", vec![4]),
        ("example", vec![4]),
        ("A.B@EXAMPLE.ORG", vec![4]),
        ("dash", vec![4]),
        ("\"quoted\" it's", vec![5]),
        ("quoted\"", vec![5]),
        ("or", vec![6, 5, 4]),
        ("AND OR NEAR", vec![5]),
        ("NEAR(x y)", vec![5]),
        ("hello OR quoted", vec![]),
        ("NOT hello", vec![]),
        ("-hello", vec![0]),
        ("hell*", vec![0]),
        ("hello* & !world | ':*", vec![0]),
        ("hello:*", vec![0]),
        ("12345", vec![6]),
        ("1 5 v1", vec![]),
        ("5 v1", vec![6]),
        ("words : hello", vec![]),
        ("\u{6f22}", vec![8]),
        ("\u{5b57}", vec![]),
        ("\u{627}\u{644}\u{639}\u{631}", vec![8]),
        ("x' y\\", vec![5]),
        ("hello\0world", vec![0]),
        ("", vec![]),
        (" ", vec![]),
        ("*", vec![]),
        ("\"", vec![]),
        ("'", vec![]),
        ("\\", vec![]),
        ("-", vec![]),
        ("\u{1f600}", vec![]),
        ("!?.,:*()&|<->", vec![]),
        ("\0", vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|n| texts[n]).collect();
        assert_eq!(book.search("default", asked).await, expected, "{asked}");
    }
}

pub async fn hits_come_page_after_page_from_the_newest_on(place: &impl Place) {
    let mut book = Book::open(place).await;
    let sessions = [session("default"), session("default"), session("default")];
    let entry = |n: u64| EntryId {
        ms: 10 + n / 4,
        seq: u32::try_from(n % 4).unwrap(),
    };
    let message = |n: u64| {
        let text = if n.is_multiple_of(3) {
            "other"
        } else {
            "ticket"
        };
        let message = said(&sessions[n as usize % 3], n, 0, &format!("{text} {n}"));
        Arc::new(Entry {
            id: entry(n),
            ..Entry::clone(&message)
        })
    };
    // One came late, after it had been passed over.
    let late = 7;
    book.put((0..20).filter(|n| *n != late).map(message)).await;
    book.put([message(late), message(20)]).await;
    let expected: Vec<_> = (0..=20).rev().filter(|n| n % 3 != 0).map(entry).collect();
    let workspace = WorkspaceId::new("default");
    for limit in [1, 2, 5, 100] {
        let mut found: Vec<EntryId> = Vec::new();
        loop {
            let page = book
                .history
                .search(&workspace, "tick", found.last().copied(), limit);
            let page = page.await.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page.iter().map(|stored| stored.entry));
        }
        assert_eq!(found, expected, "in pages of {limit}");
    }
    let none = book.history.search(&workspace, "ticket", None, 0).await;
    assert_eq!(none, Ok(vec![]));
}

/// The last two share the mark that words have of their workspace.
pub async fn p6_words_of_another_workspace_are_not_found(place: &impl Place) {
    let mut book = Book::open(place).await;
    let workspaces = ["default", "other", "shop-173", "shop-400"];
    for (n, workspace) in (1..).zip(workspaces) {
        let own = said(
            &session(workspace),
            1,
            10 + n,
            &format!("secret of {workspace}"),
        );
        book.put([own]).await;
    }
    for workspace in workspaces {
        let expected = format!("secret of {workspace}");
        assert_eq!(book.search(workspace, "secret").await, [expected]);
    }
    assert!(book.search("nobody", "secret").await.is_empty());
    assert!(book.search("default\0", "secret").await.is_empty());
}

pub async fn p1_a_text_of_any_length_holds_up_nothing(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let long = "\u{1d400}".repeat(30_000);
    let many: String = (0..100_000).map(|n| format!("w{n} ")).collect();
    let blank = "\u{1f600} ".repeat(1000);
    let texts = [long.as_str(), &many, &blank, "", "after"];
    assert_eq!(book.put(all_said(&session, &texts)).await, STORED);
    assert!(place.poison().await.is_empty());
    assert_eq!(book.texts(&session, u64::MAX, 10).await.len(), 5);
    assert_eq!(
        book.search("default", &"\u{1d400}".repeat(300)).await,
        [long]
    );
    assert_eq!(book.search("default", "w7 w19").await.len(), 1);
    assert_eq!(book.search("default", "after").await, ["after"]);
}

/// A repeat is stored once and found once, and what is at the place of another message is not found.
pub async fn p3_a_repeated_message_is_found_once(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    let message = said(&session, 1, 11, "once");
    let again = Arc::new(Entry {
        id: at(12),
        ..Entry::clone(&message)
    });
    let clash = said(&session, 2, 11, "once in vain");
    book.put([message.clone(), message, again, clash]).await;
    assert_eq!(book.search("default", "once").await, ["once"]);
    assert_eq!(place.poison().await.len(), 1);
}

pub async fn messages_of_the_release_before_are_found_once_they_are_indexed(place: &impl Place) {
    let mut book = Book::open(place).await;
    let session = session("default");
    book.put([said(&session, 4, 14, "parcel four")]).await;
    put_as_before(place, &session, 3).await;
    assert_eq!(book.search("default", "parcel").await, ["parcel four"]);
    assert_eq!(book.history.index_older(2).await, Ok(2));
    assert_eq!(book.search("default", "parcel").await.len(), 3);
    assert_eq!(book.history.index_older(2).await, Ok(1));
    assert_eq!(book.history.index_older(2).await, Ok(0));
    let found = book.search("default", "parcel").await;
    assert_eq!(found, ["parcel four", "PARCEL 3", "PARCEL 2", "PARCEL 1"]);
}

pub async fn what_is_left_is_indexed_in_the_background(place: &impl Place) {
    const MANY: u64 = 1_200;
    let book = Book::open(place).await;
    put_as_before(place, &session("default"), MANY).await;
    let stop = CancellationToken::new();
    let history = Arc::clone(&book.history);
    let indexing = tokio::spawn(keep_indexed(history, stop.clone()));
    let last = async {
        while book
            .search("default", &format!("parcel {MANY}"))
            .await
            .is_empty()
            || book.search("default", "parcel 1").await.is_empty()
            || book.search("default", "parcel").await.len() < 100
        {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), last).await.unwrap();
    stop.cancel();
    indexing.await.unwrap();
    assert_eq!(book.history.index_older(1).await, Ok(0));
}

/// Messages `PARCEL 1` and so on, in entries from 1 on, as a release without words writes them.
async fn put_as_before(place: &impl Place, session: &Session, many: u64) {
    let rows = (1..=many).map(|n| {
        let (id, session) = (place.uuid(&format!("{n:032x}")), &session.id);
        format!(
            "({id}, 'default', '{session}', {n}, 0, {n}, 'in', 'guest', 'g', 'G', 'text', 'PARCEL {n}', {n})"
        )
    });
    let rows = rows.collect::<Vec<_>>().join(", ");
    let columns =
        "id, workspace, session, entry_ms, entry_seq, seq, direction, sender_kind, sender_id,
        sender_name, type, text, at";
    place
        .execute(&format!("INSERT INTO messages ({columns}) VALUES {rows}"))
        .await;
}
