//! Operators who are connected, and what they say of themselves.

use switchboard::{
    hub::{Commit, Draft, Edge, Guard, NewChange, Presence, PresenceOp, StatusOp, Subject},
    model::{OperatorId, Sid, WorkspaceId},
};

use super::support::{Bench, agent, draft};

fn tab(bench: &Bench, operator: &str) -> Presence {
    Presence {
        workspace: bench.workspace.clone(),
        subject: Subject::Operator(OperatorId::new(operator)),
        sid: Sid::draw(bench.partition()),
    }
}

async fn comes(bench: &Bench, tab: &Presence, name: &str) {
    let enter = PresenceOp::Enter {
        presence: tab.clone(),
        pod: None,
        name: Some(name.into()),
    };
    does(bench, &tab.workspace, enter).await;
}

async fn goes(bench: &Bench, tab: &Presence) {
    does(bench, &tab.workspace, PresenceOp::Leave(tab.clone())).await;
}

async fn does(bench: &Bench, workspace: &WorkspaceId, op: PresenceOp) {
    let commit = Commit {
        workspace: workspace.clone(),
        presence: Some(op),
        ..bench.commit_of(None, Guard::Any)
    };
    bench.commit(commit).await;
}

fn says(bench: &Bench, operator: &str, away: bool) -> Commit {
    Commit {
        status: Some(StatusOp {
            operator: OperatorId::new(operator),
            away,
        }),
        append: vec![Draft {
            only_on: Some(Edge::Raised),
            ..draft(NewChange::OperatorStatus {
                agent: agent(operator),
                away,
            })
        }],
        ..bench.commit_of(None, Guard::Any)
    }
}

/// Id, name and `*` for who is away.
async fn present(bench: &Bench, workspace: &WorkspaceId) -> Vec<String> {
    let operators = bench.hub.operators(workspace).await.unwrap();
    let mut present: Vec<_> = operators
        .into_iter()
        .map(|it| {
            let away = if it.away { "*" } else { "" };
            format!("{} {}{away}", it.agent.id, it.agent.name)
        })
        .collect();
    present.sort();
    present
}

pub async fn an_operator_is_there_once_until_its_last_tab_is_gone(bench: &Bench) {
    let here = async || present(bench, &bench.workspace).await;
    assert!(here().await.is_empty());
    let [a, b, other] = [tab(bench, "1"), tab(bench, "1"), tab(bench, "2")];
    comes(bench, &a, "Ann").await;
    comes(bench, &b, "Ann").await;
    comes(bench, &other, "Bob").await;
    assert_eq!(here().await, ["1 Ann", "2 Bob"]);
    goes(bench, &a).await;
    goes(bench, &a).await;
    assert_eq!(here().await, ["1 Ann", "2 Bob"]);
    comes(bench, &b, "Anna").await;
    assert_eq!(
        here().await,
        ["1 Anna", "2 Bob"],
        "as its newest token calls it"
    );
    goes(bench, &b).await;
    assert_eq!(here().await, ["2 Bob"]);

    let elsewhere = Presence {
        workspace: bench.neighbour(true),
        ..tab(bench, "9")
    };
    comes(bench, &elsewhere, "Eve").await;
    assert_eq!(here().await, ["2 Bob"]);
    assert_eq!(present(bench, &elsewhere.workspace).await, ["9 Eve"]);
    let guest = Presence {
        subject: Subject::Guest(bench.start().await),
        ..tab(bench, "")
    };
    comes(bench, &guest, "Guest").await;
    assert_eq!(here().await, ["2 Bob"], "a guest is none");
    bench.trouble.lose(bench.partition()).await;
    assert!(here().await.is_empty());
}

pub async fn who_is_away_is_so_over_connections(bench: &Bench) {
    let here = async || present(bench, &bench.workspace).await;
    let own = tab(bench, "1");
    comes(bench, &own, "Ann").await;
    comes(bench, &tab(bench, "2"), "Bob").await;
    bench.commit(says(bench, "1", true)).await;
    assert_eq!(here().await, ["1 Ann*", "2 Bob"]);
    comes(bench, &tab(bench, "1"), "Ann").await;
    assert_eq!(here().await, ["1 Ann*", "2 Bob"]);
    let all = tab(bench, "3");
    bench.commit(says(bench, "3", true)).await;
    assert_eq!(
        here().await,
        ["1 Ann*", "2 Bob"],
        "who is not there is not listed"
    );
    comes(bench, &all, "Cleo").await;
    goes(bench, &all).await;
    comes(bench, &tab(bench, "3"), "Cleo").await;
    assert_eq!(here().await, ["1 Ann*", "2 Bob", "3 Cleo*"]);
    bench.commit(says(bench, "1", false)).await;
    assert_eq!(here().await, ["1 Ann", "2 Bob", "3 Cleo*"]);
}

pub async fn p3_a_status_is_told_when_it_is_another_one(bench: &Bench) {
    use Edge::{Raised, Unchanged};
    let away = says(bench, "1", true);
    let mut entries = 0;
    for (commit, edge) in [
        (says(bench, "1", false), Unchanged),
        (away.clone(), Raised),
        (says(bench, "1", true), Unchanged),
        (says(bench, "2", true), Raised),
        (says(bench, "1", false), Raised),
        (says(bench, "1", false), Unchanged),
    ] {
        let written = bench.commit(commit).await;
        assert_eq!(written.edge, edge);
        assert_eq!(written.stamped.len(), usize::from(edge == Raised));
        entries += written.stamped.len();
        assert_eq!(bench.read(&bench.feed()).await.len(), entries);
    }
    comes(bench, &tab(bench, "1"), "Ann").await;
    assert_eq!(bench.duplicate(&away).await.edge, Raised);
    let here = present(bench, &bench.workspace).await;
    assert_eq!(here, ["1 Ann"], "a repeat does not set it again");
    assert_eq!(bench.read(&bench.feed()).await.len(), entries);
}
