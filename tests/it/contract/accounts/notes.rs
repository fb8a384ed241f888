use switchboard::model::{Account, Role};

use super::{
    Place,
    support::{account, stored, with_password},
};

pub async fn who_comes_with_a_token_has_a_row_from_then_on(place: &impl Place) {
    let accounts = place.open().await;
    // Its workspace has no row of its own.
    let ann = account("unknown", "ann");
    for _ in 0..2 {
        assert_eq!(accounts.note_operator(&ann).await, Ok(()));
        assert_eq!(stored(&accounts, &ann).await.as_ref(), Some(&ann));
    }
    let listed = accounts.operators(&ann.workspace, None, 9).await;
    assert_eq!(listed, Ok(vec![ann]));
}

pub async fn a_token_brings_name_and_role_up_to_date(place: &impl Place) {
    let accounts = place.open().await;
    let first = account("default", "ann");
    accounts.note_operator(&first).await.unwrap();
    let later = Account {
        name: "Ann B.".into(),
        created_at: 99,
        ..first.clone()
    };
    accounts.note_operator(&later).await.unwrap();
    let promoted = Account {
        role: Role::Supervisor,
        ..later
    };
    accounts.note_operator(&promoted).await.unwrap();
    let expected = Account {
        created_at: first.created_at,
        ..promoted
    };
    assert_eq!(stored(&accounts, &first).await, Some(expected));
}

pub async fn a_token_changes_nothing_of_who_has_a_password(place: &impl Place) {
    let accounts = place.open().await;
    let ann = with_password(account("default", "ann"));
    accounts.add_operator(&ann).await.unwrap();
    let token = Account {
        name: "Mallory".into(),
        role: Role::Admin,
        password: None,
        ..ann.clone()
    };
    assert_eq!(accounts.note_operator(&token).await, Ok(()));
    assert_eq!(stored(&accounts, &ann).await, Some(ann));
}

pub async fn a_token_changes_nothing_that_was_decided(place: &impl Place) {
    let accounts = place.open().await;
    let away = Account {
        disabled: true,
        valid_from: 50,
        ..account("default", "ann")
    };
    accounts.add_operator(&away).await.unwrap();
    for valid_from in [0, 60] {
        let token = Account {
            name: "Ann B.".into(),
            disabled: false,
            valid_from,
            ..with_password(away.clone())
        };
        assert_eq!(accounts.note_operator(&token).await, Ok(()));
        let expected = Account {
            name: "Ann B.".into(),
            ..away.clone()
        };
        assert_eq!(stored(&accounts, &away).await, Some(expected));
    }
}
