//! The contract of `Accounts`: one suite, stamped on each backend.

use std::sync::Arc;

use switchboard::history::Accounts;

mod beside;
mod notes;
mod operators;
mod postgres;
mod revocations;
mod sqlite;
mod support;
mod workspaces;

/// A fresh database of one test. Opening it again finds what was stored; dropping it removes it.
trait Place {
    async fn open(&self) -> Arc<dyn Accounts>;
}

macro_rules! accounts_suite {
    ($place:expr) => {
        accounts_suite!(@stamp $place;
            workspaces: default_is_always_there,
                workspaces_come_by_the_bytes_of_their_ids,
                a_workspace_that_is_there_stays_as_it_is;
            operators: p1_an_operator_comes_back_as_it_was_after_opening_again,
                an_operator_that_is_there_stays_as_it_is,
                operators_come_page_after_page_by_the_bytes_of_their_ids,
                p6_operators_of_another_workspace_are_not_there,
                a_change_takes_what_it_names,
                a_change_of_everything_may_be_repeated,
                a_change_that_somebody_was_faster_with_is_not_made,
                the_end_of_tokens_only_grows,
                who_is_not_there_cannot_be_changed,
                what_has_nul_is_not_found;
            notes: who_comes_with_a_token_has_a_row_from_then_on,
                a_token_brings_name_and_role_up_to_date,
                a_token_changes_nothing_of_who_has_a_password,
                a_token_changes_nothing_that_was_decided;
            revocations: those_whose_tokens_are_void_are_listed,
                there_are_no_more_than_were_asked_for;
        );
    };
    (@stamp $place:expr; $($part:ident: $($case:ident),*;)*) => {
        $(mod $part {
            $(#[tokio::test]
            async fn $case() {
                super::super::$part::$case(&$place).await;
            })*
        })*
    };
}
use accounts_suite;
