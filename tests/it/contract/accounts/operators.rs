use switchboard::{
    history::AccountChange,
    model::{Account, OperatorId, PasswordHash, Role, WorkspaceId},
};

use super::{
    Place,
    support::{account, change, stored, with_password},
};

pub async fn p1_an_operator_comes_back_as_it_was_after_opening_again(place: &impl Place) {
    let accounts = place.open().await;
    let bare = account("default", "bare");
    let full = Account {
        name: "Zo\u{eb} \"'\u{1f600}".into(),
        role: Role::Admin,
        disabled: true,
        valid_from: 1_800_000_000,
        created_at: 1_800_000_000_123,
        ..with_password(account("default", "full \"'"))
    };
    for one in [&bare, &full] {
        assert_eq!(accounts.add_operator(one).await, Ok(true));
    }
    drop(accounts);
    let accounts = place.open().await;
    for one in [bare, full] {
        assert_eq!(stored(&accounts, &one).await, Some(one));
    }
}

pub async fn an_operator_that_is_there_stays_as_it_is(place: &impl Place) {
    let accounts = place.open().await;
    let first = account("default", "ann");
    assert_eq!(stored(&accounts, &first).await, None);
    assert_eq!(accounts.add_operator(&first).await, Ok(true));
    let second = Account {
        name: "another".into(),
        role: Role::Admin,
        ..with_password(first.clone())
    };
    assert_eq!(accounts.add_operator(&second).await, Ok(false));
    assert_eq!(stored(&accounts, &first).await, Some(first));
}

pub async fn operators_come_page_after_page_by_the_bytes_of_their_ids(place: &impl Place) {
    let accounts = place.open().await;
    let mut ids = ["b", "B-1", "\u{e4}", "a", "_a", "B1", "a-1", "\u{e9}"];
    for id in ids {
        let added = accounts.add_operator(&account("default", id)).await;
        assert_eq!(added, Ok(true));
    }
    ids.sort_unstable();
    let workspace = WorkspaceId::new("default");
    for limit in [1, 3, 100] {
        let mut found: Vec<OperatorId> = Vec::new();
        loop {
            let page = accounts.operators(&workspace, found.last(), limit).await;
            let page = page.unwrap();
            assert!(page.len() <= limit);
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|one| one.id));
        }
        let found: Vec<_> = found.iter().map(OperatorId::as_str).collect();
        assert_eq!(found, ids, "in pages of {limit}");
    }
    // After one who is not there.
    let after = OperatorId::new("a0");
    let page = accounts.operators(&workspace, Some(&after), 1).await;
    assert_eq!(page.unwrap()[0].id.as_str(), "b");
    assert_eq!(accounts.operators(&workspace, None, 0).await, Ok(vec![]));
}

pub async fn p6_operators_of_another_workspace_are_not_there(place: &impl Place) {
    let accounts = place.open().await;
    let [here, there] = ["default", "other"].map(|workspace| account(workspace, "ann"));
    assert_eq!(accounts.add_operator(&here).await, Ok(true));
    assert_eq!(stored(&accounts, &there).await, None);
    assert_eq!(
        accounts.operators(&there.workspace, None, 9).await,
        Ok(vec![])
    );
    let renamed = AccountChange {
        name: Some("Mallory".into()),
        ..AccountChange::default()
    };
    assert!(!change(&accounts, &there, renamed.clone()).await);
    assert_eq!(accounts.add_operator(&there).await, Ok(true));
    assert!(change(&accounts, &there, renamed).await);
    assert_eq!(stored(&accounts, &here).await.as_ref(), Some(&here));
    let listed = accounts.operators(&here.workspace, None, 9).await;
    assert_eq!(listed, Ok(vec![here]));
}

pub async fn a_change_takes_what_it_names(place: &impl Place) {
    let accounts = place.open().await;
    let mut expected = account("default", "ann");
    accounts.add_operator(&expected).await.unwrap();
    let hash = PasswordHash("$argon2id$1".into());
    type Step = (fn(&mut AccountChange), fn(&mut Account));
    let steps: [Step; 6] = [
        (|_| {}, |_| {}),
        (
            |change| change.name = Some("Ann B.".into()),
            |one| one.name = "Ann B.".into(),
        ),
        (
            |change| change.role = Some(Role::Supervisor),
            |one| one.role = Role::Supervisor,
        ),
        (
            |change| change.disabled = Some(true),
            |one| one.disabled = true,
        ),
        (
            |change| change.disabled = Some(false),
            |one| one.disabled = false,
        ),
        (
            |change| change.valid_from = Some(50),
            |one| one.valid_from = 50,
        ),
    ];
    for (asks, does) in steps {
        let mut asked = AccountChange::default();
        asks(&mut asked);
        does(&mut expected);
        assert!(change(&accounts, &expected, asked).await);
        assert_eq!(stored(&accounts, &expected).await.as_ref(), Some(&expected));
    }
    expected.password = Some(hash.clone());
    let asked = AccountChange {
        password: Some(hash),
        ..AccountChange::default()
    };
    assert!(change(&accounts, &expected, asked).await);
    assert_eq!(stored(&accounts, &expected).await, Some(expected));
}

pub async fn a_change_of_everything_may_be_repeated(place: &impl Place) {
    let accounts = place.open().await;
    let [ann, beside] = ["ann", "ben"].map(|id| account("default", id));
    for one in [&ann, &beside] {
        accounts.add_operator(one).await.unwrap();
    }
    let all = AccountChange {
        name: Some("Anna".into()),
        role: Some(Role::Admin),
        password: Some(PasswordHash("$argon2id$2".into())),
        disabled: Some(true),
        valid_from: Some(50),
        only_if_valid_from: None,
    };
    let expected = Account {
        name: "Anna".into(),
        role: Role::Admin,
        password: all.password.clone(),
        disabled: true,
        valid_from: 50,
        ..ann.clone()
    };
    for _ in 0..2 {
        assert!(change(&accounts, &ann, all.clone()).await);
        assert_eq!(stored(&accounts, &ann).await.as_ref(), Some(&expected));
    }
    assert_eq!(stored(&accounts, &beside).await, Some(beside));
}

pub async fn a_change_that_somebody_was_faster_with_is_not_made(place: &impl Place) {
    let accounts = place.open().await;
    let ann = Account {
        valid_from: 7,
        ..account("default", "ann")
    };
    accounts.add_operator(&ann).await.unwrap();
    let if_seen = |seen| AccountChange {
        password: Some(PasswordHash("$argon2id$new".into())),
        valid_from: Some(9),
        only_if_valid_from: Some(seen),
        ..AccountChange::default()
    };
    assert!(!change(&accounts, &ann, if_seen(6)).await);
    assert_eq!(stored(&accounts, &ann).await.as_ref(), Some(&ann));
    assert!(change(&accounts, &ann, if_seen(7)).await);
    assert!(!change(&accounts, &ann, if_seen(7)).await, "once");
}

pub async fn the_end_of_tokens_only_grows(place: &impl Place) {
    let accounts = place.open().await;
    let ann = account("default", "ann");
    accounts.add_operator(&ann).await.unwrap();
    for (asked, holds) in [(50, 50), (40, 50), (0, 50), (51, 51)] {
        let to = AccountChange {
            valid_from: Some(asked),
            ..AccountChange::default()
        };
        assert!(change(&accounts, &ann, to).await);
        let found = stored(&accounts, &ann).await.unwrap();
        assert_eq!(found.valid_from, holds, "asked for {asked}");
    }
}

pub async fn who_is_not_there_cannot_be_changed(place: &impl Place) {
    let accounts = place.open().await;
    let nobody = account("default", "nobody");
    let disabled = AccountChange {
        disabled: Some(true),
        ..AccountChange::default()
    };
    assert!(!change(&accounts, &nobody, disabled).await);
    assert!(!change(&accounts, &nobody, AccountChange::default()).await);
    assert_eq!(stored(&accounts, &nobody).await, None);
}

pub async fn what_has_nul_is_not_found(place: &impl Place) {
    let accounts = place.open().await;
    accounts
        .add_operator(&account("default", "ann"))
        .await
        .unwrap();
    let (here, bad) = (WorkspaceId::new("default"), WorkspaceId::new("default\0"));
    assert_eq!(accounts.workspace(&bad).await, Ok(None));
    for one in [account("default\0", "ann"), account("default", "ann\0")] {
        assert_eq!(stored(&accounts, &one).await, None);
        assert!(!change(&accounts, &one, AccountChange::default()).await);
    }
    assert_eq!(accounts.operators(&bad, None, 9).await, Ok(vec![]));
    // Where it would be is known to one of the databases only.
    let after = OperatorId::new("zoe\0");
    assert_eq!(accounts.operators(&here, Some(&after), 9).await, Ok(vec![]));
}
