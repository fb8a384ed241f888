use switchboard::model::{Account, Revocation};

use super::{Place, support::account};

fn of(account: &Account) -> Revocation {
    Revocation {
        workspace: account.workspace.clone(),
        operator: account.id.clone(),
        disabled: account.disabled,
        valid_from: account.valid_from,
    }
}

pub async fn those_whose_tokens_are_void_are_listed(place: &impl Place) {
    let accounts = place.open().await;
    assert_eq!(accounts.revocations(10).await, Ok(vec![]));
    let fine = account("default", "fine");
    let disabled = Account {
        disabled: true,
        ..account("default", "disabled")
    };
    let since = Account {
        valid_from: 50,
        ..account("other", "since")
    };
    let both = Account {
        disabled: true,
        ..account("other", "both")
    };
    let both = Account {
        valid_from: 60,
        ..both
    };
    for one in [&fine, &since, &both, &disabled] {
        accounts.add_operator(one).await.unwrap();
    }
    // The latest first: of these somebody may be connected.
    let found = accounts.revocations(10).await.unwrap();
    assert_eq!(found, [of(&both), of(&since), of(&disabled)]);
}

pub async fn there_are_no_more_than_were_asked_for(place: &impl Place) {
    let accounts = place.open().await;
    for n in 0..5 {
        let one = Account {
            valid_from: 1,
            ..account("default", &format!("op-{n}"))
        };
        accounts.add_operator(&one).await.unwrap();
    }
    for (limit, there) in [(0, 0), (3, 3), (5, 5), (usize::MAX, 5)] {
        let found = accounts.revocations(limit).await.unwrap();
        assert_eq!(found.len(), there, "at most {limit}");
    }
}
