//! Operators who are connected, and away.

use super::*;

async fn here(scene: &Scene) -> Vec<(String, String, bool)> {
    let asks = Command::Staff(StaffCommand::Operators);
    let done = scene.ask(&operator("a"), asks).await.unwrap();
    let Reply::Operators(operators) = done.reply else {
        panic!("operators")
    };
    let mut operators: Vec<_> = operators
        .into_iter()
        .map(|it| (it.agent.id.to_string(), it.agent.name, it.away))
        .collect();
    operators.sort();
    operators
}

async fn says(scene: &Scene, id: &str, away: bool) {
    let status = Command::Staff(StaffCommand::Status { away });
    let done = scene.ask(&operator(id), status).await.unwrap();
    assert_eq!(done.reply, Reply::Done);
}

#[tokio::test]
async fn who_is_away_is_so_until_it_says_otherwise() {
    let scene = scene();
    let is = |id: &str, away| (id.to_owned(), id.to_uppercase(), away);
    assert!(here(&scene).await.is_empty());
    for id in ["a", "b"] {
        scene.arrives(id).await;
    }
    says(&scene, "b", true).await;
    assert_eq!(here(&scene).await, [is("a", false), is("b", true)]);
    scene.goes(operator("b")).await;
    assert_eq!(here(&scene).await, [is("a", false)]);
    scene.arrives("b").await;
    assert_eq!(here(&scene).await, [is("a", false), is("b", true)]);
    let mut other = op("x");
    other.workspace = WorkspaceId::new("other");
    let draw = DedupId::draw();
    scene
        .chat
        .operator_arrived(&other, &draw, None)
        .await
        .unwrap();
    assert_eq!(
        here(&scene).await.len(),
        2,
        "only those of the own workspace"
    );
    for _ in 0..2 {
        says(&scene, "b", false).await;
    }
    assert_eq!(here(&scene).await, [is("a", false), is("b", false)]);

    let feed = scene
        .hub
        .read(&Log::Feed(ws()), EntryId::ZERO, 99)
        .await
        .unwrap();
    let told = feed.entries.iter().filter_map(|entry| match &entry.change {
        Change::OperatorStatus { agent, away } => Some((agent.id.as_str().to_owned(), *away)),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [("b".to_owned(), true), ("b".to_owned(), false)],
        "changes only"
    );
}
