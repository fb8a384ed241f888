use switchboard::model::{Workspace, WorkspaceId};

use super::{Place, support::workspace};

pub async fn default_is_always_there(place: &impl Place) {
    let accounts = place.open().await;
    let default = Workspace {
        id: WorkspaceId::new("default"),
        name: "default".into(),
        created_at: 0,
    };
    let found = accounts.workspace(&default.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&default));
    assert_eq!(accounts.workspaces(10).await, Ok(vec![default.clone()]));
    assert_eq!(
        accounts.add_workspace(&workspace("default")).await,
        Ok(false)
    );
    drop(accounts);
    let again = place.open().await;
    assert_eq!(again.workspaces(10).await, Ok(vec![default]));
}

pub async fn workspaces_come_by_the_bytes_of_their_ids(place: &impl Place) {
    let accounts = place.open().await;
    let mut ids = ["b", "B-1", "\u{e4}", "a", "_a", "B1", "a-1"];
    for id in ids {
        assert_eq!(accounts.add_workspace(&workspace(id)).await, Ok(true));
    }
    ids.sort_unstable();
    let all = accounts.workspaces(100).await.unwrap();
    let found: Vec<_> = all.iter().map(|one| one.id.as_str()).collect();
    let mut expected = ids.to_vec();
    expected.push("default");
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(accounts.workspaces(3).await.unwrap(), all[..3]);
    assert_eq!(accounts.workspaces(0).await, Ok(vec![]));
    let all = accounts.workspaces(usize::MAX).await.unwrap();
    assert_eq!(all.len(), expected.len());
}

pub async fn a_workspace_that_is_there_stays_as_it_is(place: &impl Place) {
    let accounts = place.open().await;
    let first = workspace("shop");
    assert_eq!(accounts.workspace(&first.id).await, Ok(None));
    assert_eq!(accounts.add_workspace(&first).await, Ok(true));
    let second = Workspace {
        name: "another".into(),
        ..first.clone()
    };
    assert_eq!(accounts.add_workspace(&second).await, Ok(false));
    assert_eq!(accounts.workspace(&first.id).await, Ok(Some(first)));
}
