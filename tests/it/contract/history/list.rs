use switchboard::{
    history::SessionCursor,
    model::{Guest, OperatorId, Session, SessionId, SessionQuery, Status},
};

use super::{
    Place,
    support::{Book, agent, all, changed, said, session, sorted},
};

pub async fn paging_goes_over_holes_in_seq(place: &impl Place) {
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

pub async fn the_list_goes_on_after_its_cursor(place: &impl Place) {
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

pub async fn the_list_is_filtered_by_status_and_agent(place: &impl Place) {
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

pub async fn a_search_takes_every_character_as_itself(place: &impl Place) {
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

/// Not by the rules of a language, which differ from one database to the next.
pub async fn ids_are_ordered_by_their_bytes(place: &impl Place) {
    let mut book = Book::open(place).await;
    let ids = ["B-1", "a", "a1", "_a", "ä", "é", "b", "A", "a-1", "B1"];
    let sessions = ids.map(|id| Session {
        id: SessionId::new(id),
        ..session("default")
    });
    book.put(
        (10..)
            .zip(&sessions)
            .map(|(n, session)| changed(session, n)),
    )
    .await;
    let listed: Vec<_> = book
        .list(all(), None)
        .await
        .into_iter()
        .map(|session| session.id.to_string())
        .collect();
    let mut bytes = ids;
    bytes.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(listed, bytes);
}
