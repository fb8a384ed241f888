//! Who takes a session, who is there, and where sessions are found.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_one_wins() {
    for _ in 0..50 {
        let scene = scene();
        let session = started(&scene).await;
        let race = ["a", "b", "c", "d"].map(|id| {
            let (chat, command) = (scene.chat.clone(), claim(&session));
            tokio::spawn(async move { chat.handle(&operator(id), command, &DedupId::draw()).await })
        });
        let mut won = Vec::new();
        for one in race {
            match one.await.unwrap() {
                Ok(done) => won.push(done),
                Err(reject) => assert_eq!(reject.code, Code::Taken),
            }
        }
        assert_eq!(won.len(), 1);
        let (held, position) = scene.hub.session(&ws(), &session).await.unwrap().unwrap();
        assert_eq!((held.status, position), (Status::Active, None));
        let winner = held.agent.clone().unwrap().id;
        let again = scene
            .ask(&operator(winner.as_str()), claim(&session))
            .await
            .unwrap();
        assert_eq!(again, won[0], "the same reply, nothing written");
    }
}

#[tokio::test]
async fn p7_a_lost_session_comes_back_from_the_history() {
    let scene = scene();
    let session = started(&scene).await;
    let other = started(&scene).await;
    let ended = started(&scene).await;
    for text in ["one", "two", "three"] {
        scene
            .ask(&guest(Some(&session)), says(text, None))
            .await
            .unwrap();
    }
    scene.ask(&operator("bob"), end(&ended)).await.unwrap();
    scene.store().await;
    scene.lose().await;
    // Read without loading.
    assert_eq!(
        texts(scene.ask(&guest(Some(&session)), page(2)).await.unwrap()),
        (vec!["two".into(), "three".into()], true)
    );
    let done = scene
        .ask(&guest(Some(&session)), says("four", None))
        .await
        .unwrap();
    assert_eq!(sent(&done).1, 4);
    let (all, more) = texts(scene.ask(&guest(Some(&session)), page(9)).await.unwrap());
    assert_eq!((all.join(" "), more), ("one two three four".into(), false));
    assert_eq!(
        texts(scene.ask(&guest(Some(&session)), page(2)).await.unwrap()).0,
        ["three", "four"]
    );
    assert_eq!(
        scene.hub.session(&ws(), &session).await.unwrap().unwrap().1,
        Some(1),
        "queued again"
    );
    let done = scene.ask(&operator("bob"), claim(&other)).await.unwrap();
    assert!(
        matches!(done.reply, Reply::Session { ref session, .. } if session.status == Status::Active)
    );
    assert_eq!(
        code(scene.ask(&guest(Some(&ended)), says("x", None)).await),
        Code::Ended
    );
    assert_eq!(
        code(scene.ask(&operator("bob"), claim(&ended)).await),
        Code::Ended
    );
    assert_eq!(
        code(scene.ask(&operator("bob"), end(&ended)).await),
        Code::Ended
    );
    let done = scene.ask(&guest(None), resume(&ended)).await.unwrap();
    assert!(matches!(
        done.reply,
        Reply::Started {
            reconnected: false,
            ..
        }
    ));
}

#[tokio::test]
async fn presence_is_told_on_the_edge() {
    let scene = scene();
    let other_tab = OperatorActor {
        sid: Sid::new("s2"),
        recovery: RecoveryId::new("r2"),
        ..op("a")
    };
    let draw = DedupId::draw;
    let from = scene
        .chat
        .operator_arrived(&op("a"), &draw(), None)
        .await
        .unwrap();
    let later = scene
        .chat
        .operator_arrived(&other_tab, &draw(), None)
        .await
        .unwrap();
    assert_eq!(from, later, "no second entry");
    scene
        .chat
        .gone(&operator("a"), &draw(), None)
        .await
        .unwrap();
    scene
        .chat
        .gone(&operator("a"), &draw(), None)
        .await
        .unwrap();
    let feed = async || {
        scene
            .hub
            .read(&Log::Feed(ws()), EntryId::ZERO, 10)
            .await
            .unwrap()
            .entries
    };
    assert_eq!(feed().await.len(), 1);
    scene
        .chat
        .gone(&Actor::Operator(other_tab), &draw(), None)
        .await
        .unwrap();
    assert!(matches!(
        feed().await[1].change,
        Change::OperatorOffline { .. }
    ));
    scene.chat.gone(&guest(None), &draw(), None).await.unwrap();
    let Actor::Guest(someone) = guest(Some(&SessionId::new("gone"))) else {
        panic!()
    };
    scene.chat.guest_arrived(&someone, &draw()).await.unwrap();
    scene
        .chat
        .gone(&Actor::Guest(someone), &draw(), None)
        .await
        .unwrap();
}

#[tokio::test]
async fn sessions_are_listed_from_both() {
    let scene = scene();
    let old = started(&scene).await;
    scene.clock.advance(10);
    let ended = started(&scene).await;
    scene.ask(&operator("bob"), end(&ended)).await.unwrap();
    scene.store().await;
    scene.lose().await;
    scene.clock.advance(10);
    let new = started(&scene).await;
    scene.ask(&operator("bob"), claim(&new)).await.unwrap();
    let list = async |query: SessionQuery| {
        let command = Command::Staff(StaffCommand::Sessions(query));
        match scene.ask(&operator("bob"), command).await.unwrap().reply {
            Reply::Sessions {
                sessions, cursor, ..
            } => (
                sessions
                    .into_iter()
                    .map(|(session, _)| session.id)
                    .collect::<Vec<_>>(),
                cursor,
            ),
            other => panic!("{other:?}"),
        }
    };
    let all = SessionQuery {
        limit: 10,
        ..SessionQuery::default()
    };
    assert_eq!(
        list(all.clone()).await.0,
        [new.clone(), ended.clone(), old.clone()]
    );
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = list(SessionQuery {
            limit: 1,
            cursor,
            ..all.clone()
        })
        .await;
        seen.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [new.clone(), ended.clone(), old.clone()]);
    assert_eq!(
        list(SessionQuery {
            mine: true,
            ..all.clone()
        })
        .await
        .0,
        std::slice::from_ref(&new)
    );
    assert_eq!(
        list(SessionQuery {
            status: Some(Status::Waiting),
            ..all.clone()
        })
        .await
        .0,
        [old]
    );
    assert_eq!(
        list(SessionQuery {
            search: Some("ANN".into()),
            ..all
        })
        .await
        .0
        .len(),
        3
    );
}

/// Else its writer could store messages behind what is read here, and their numbers would be given out again.
#[tokio::test]
async fn p1_a_session_is_loaded_behind_the_last_word_of_the_life_before() {
    let scene = scene();
    let session = started(&scene).await;
    let actor = guest(Some(&session));
    scene.ask(&actor, says("stored", None)).await.unwrap();
    scene.store().await;
    scene.ask(&actor, says("on its way", None)).await.unwrap();
    let partition = Partition::of(&ws());
    let unread = scene.hub.ingest(partition, EntryId::ZERO, 1000).await;
    let Unread { epoch, entries, .. } = unread.unwrap();
    let from = scene.history.open_cursor(partition, &epoch).await.unwrap();
    let entries: Vec<_> = entries.into_iter().filter(|it| it.id > from).collect();
    let to = entries.last().unwrap().id;
    scene.hub.lose(partition);
    let (_, seq, ..) = sent(&scene.ask(&actor, says("after it", None)).await.unwrap());
    assert_eq!(seq, 2, "what was on its way is lost");
    let late = Batch {
        partition,
        epoch,
        from,
        to,
        entries,
    };
    let appended = scene.history.append(late).await.unwrap();
    assert_eq!(appended, Appended::Superseded);
}
