use super::*;
use crate::{
    chat::rules::cases::{ann, operator, session},
    model::Status,
};

fn at(last_activity: u64, name: &str) -> Session {
    let mut row = session(Status::Waiting);
    row.id = SessionId::new(name);
    row.last_activity = last_activity;
    row
}

fn query(limit: usize) -> SessionQuery {
    SessionQuery {
        limit,
        ..SessionQuery::default()
    }
}

/// Reads as the shell does, from a history that keeps its contract; counts the questions.
fn list(
    hot: &[Session],
    rows: &[Session],
    query: SessionQuery,
) -> (Vec<String>, Option<String>, usize) {
    let hot = hot
        .iter()
        .map(|session| (session.clone(), Some(1)))
        .collect();
    let mut listing = Listing::new(query, &ann().id, hot).unwrap();
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| order(&place(a), &place(b)));
    let mut asked = 0;
    while let Some((query, after)) = listing.wants() {
        asked += 1;
        let below = |row: &&Session| {
            after
                .as_ref()
                .is_none_or(|after| order(&place(row), after).is_gt())
        };
        let search = query.search.as_ref().map(|search| search.to_lowercase());
        let found = rows
            .iter()
            .filter(|row| matches(row, &query, search.as_deref()));
        listing.add(found.filter(below).take(query.limit).cloned().collect());
        assert!(asked < 100, "goes on for ever");
    }
    let (page, cursor) = listing.page();
    (
        page.into_iter()
            .map(|(session, _)| session.id.to_string())
            .collect(),
        cursor,
        asked,
    )
}

fn ids(hot: &[Session], rows: &[Session], query: SessionQuery) -> Vec<String> {
    list(hot, rows, query).0
}

#[test]
fn a_page_is_ordered_by_activity_then_id() {
    let hot = [at(5, "a"), at(9, "b"), at(5, "c")];
    let rows = [at(7, "d"), at(5, "b2"), at(1, "e")];
    assert_eq!(ids(&hot, &rows, query(10)), ["b", "d", "c", "b2", "a", "e"]);
}

#[test]
fn the_hub_wins_over_an_older_row() {
    let mut taken = at(9, "a");
    taken.status = Status::Active;
    let waiting = SessionQuery {
        status: Some(Status::Waiting),
        ..query(10)
    };
    assert_eq!(
        ids(&[taken.clone()], &[at(2, "a")], query(10)),
        ["a"],
        "once"
    );
    assert!(
        ids(&[taken], &[at(2, "a")], waiting).is_empty(),
        "the old row says waiting"
    );
}

#[test]
fn pages_follow_each_other_without_gap_or_repeat() {
    let hot: Vec<_> = (0..7).map(|n| at(100 - n, &format!("hot{n}"))).collect();
    // Of each session of the hub an older row, in between those of the history alone.
    let older = (0..7).map(|n| at(50 - n, &format!("hot{n}")));
    let rows: Vec<_> = older
        .chain((0..5).map(|n| at(48 - 2 * n, &format!("old{n}"))))
        .collect();
    let whole = ids(&hot, &rows, query(50));
    assert_eq!(whole.len(), 12);
    for limit in 1..=12 {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next, _) = list(
                &hot,
                &rows,
                SessionQuery {
                    cursor,
                    ..query(limit)
                },
            );
            assert!(
                page.len() == limit || next.is_none(),
                "only the last page is short"
            );
            seen.extend(page);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, whole, "pages of {limit}");
    }
}

#[test]
fn a_full_page_of_the_hub_asks_the_history_once() {
    let hot: Vec<_> = (0..50).map(|n| at(100 + n, &format!("s{n:02}"))).collect();
    let (page, cursor, asked) = list(&hot, &hot, query(10));
    assert_eq!((page.len(), asked), (10, 1));
    assert!(cursor.is_some());
}

#[test]
fn filters_select() {
    let mut zoe = at(3, "zoe");
    zoe.guest.name = Some("Zoë Ångström".into());
    zoe.agent = Some(ann().agent());
    zoe.status = Status::Active;
    let mut max = at(2, "max");
    max.guest.email = Some("Max@Example.test".into());
    max.agent = Some(operator("bob").agent());
    max.status = Status::Ended;
    let all = [zoe, max, at(1, "nobody")];
    let search = |text: &str| SessionQuery {
        search: Some(text.into()),
        ..query(9)
    };
    let cases = [
        (query(9), vec!["zoe", "max", "nobody"]),
        (
            SessionQuery {
                status: Some(Status::Ended),
                ..query(9)
            },
            vec!["max"],
        ),
        (
            SessionQuery {
                mine: true,
                ..query(9)
            },
            vec!["zoe"],
        ),
        (
            SessionQuery {
                agent: Some(operator("bob").id),
                ..query(9)
            },
            vec!["max"],
        ),
        (search("ÅNGSTRÖM"), vec!["zoe"]),
        (search("example"), vec!["max"]),
        (search("%"), vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(&all, &[], query.clone()), expected, "{query:?}");
        assert_eq!(ids(&[], &all, query.clone()), expected, "{query:?}");
    }
}

#[test]
fn a_cursor_reads_what_it_wrote() {
    let row = at(7, "a:b");
    assert_eq!(read_cursor(&write_cursor(&row)), Ok(place(&row)));
    for text in ["", "7", ":a", "x:a", "-1:a", "9223372036854775808:a"] {
        let reject = read_cursor(text).unwrap_err();
        assert_eq!(reject.field, Some("cursor"), "{text}");
    }
}
