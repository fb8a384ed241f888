//! The contract of `History`: one suite, stamped on each backend.

use std::sync::Arc;

use switchboard::{
    history::{History, Imports},
    model::Entry,
};

mod append;
mod cursor;
mod figures;
mod import;
mod list;
mod open;
mod outage;
mod poison;
mod postgres;
mod reactions;
mod rows;
mod search;
mod session;
mod sqlite;
mod staff;
mod support;

/// A fresh history of one test. Opening it again finds what was stored; dropping it removes it.
trait Place {
    async fn open_both(&self) -> (Arc<dyn History>, Arc<dyn Imports>);

    async fn open(&self) -> Arc<dyn History> {
        self.open_both().await.0
    }

    /// What table `poison` holds, in the order in which it came there.
    async fn poison(&self) -> Vec<Entry>;

    /// Something that this release does not do by itself.
    async fn execute(&self, sql: &str);

    /// 32 digits as its SQL has an id.
    fn uuid(&self, digits: &str) -> String;
}

macro_rules! history_suite {
    ($place:expr) => {
        history_suite!(@stamp $place;
            append: p1_what_was_appended_is_read_back_in_order,
                p7_the_file_of_a_message_is_read_back_with_it,
                p1_everything_is_there_after_opening_again,
                p3_a_batch_repeated_after_a_lost_answer_is_superseded,
                p3_the_same_message_under_another_entry_is_one_row,
                p3_the_same_message_twice_in_a_batch_is_one_row,
                p6_nothing_of_another_workspace_is_there,
                p7_any_text_comes_back_as_it_was,
                a_batch_of_a_thousand_is_stored;
            cursor: p1_of_two_writers_one_wins,
                p1_of_eight_that_append_at_once_one_wins,
                the_cursor_survives_a_change_of_epoch;
            import: p1_what_is_imported_is_there_and_who_writes_goes_on,
                p3_what_is_imported_again_changes_nothing,
                p7_open_sessions_that_were_imported_are_to_be_put_back,
                p1_what_has_the_place_of_another_is_named;
            poison: p1_a_message_without_its_session_is_stored,
                p1_a_taken_place_holds_up_nothing,
                p1_texts_with_nul_hold_up_nothing,
                p1_a_session_goes_on_after_a_text_with_nul,
                p1_a_session_with_nul_holds_up_nothing,
                p1_a_key_that_is_too_long_holds_up_nothing,
                what_has_nul_is_asked_for_in_vain;
            session: p7_unread_and_preview_follow_the_messages,
                a_session_comes_back_as_it_was,
                an_older_snapshot_does_not_overwrite_a_newer_one;
            reactions: p7_a_page_has_the_newest_word_on_each_emoji,
                p1_an_older_word_that_comes_late_changes_nothing,
                p1_a_reaction_that_is_refused_holds_up_nothing,
                p6_words_of_another_session_are_not_at_the_message,
                p8_a_message_has_so_many_words,
                the_session_of_a_message_is_known_in_its_workspace;
            open: open_sessions_come_page_after_page,
                open_sessions_of_the_release_before_are_read,
                p1_what_was_put_back_is_known_by_its_epoch;
            list: paging_goes_over_holes_in_seq,
                the_list_goes_on_after_its_cursor,
                ids_are_ordered_by_their_bytes,
                the_list_is_filtered_by_status_and_agent,
                a_search_takes_every_character_as_itself;
            search: p7_what_is_found_is_the_message_as_it_was,
                a_search_finds_words_in_any_writing,
                hits_come_page_after_page_from_the_newest_on,
                p6_words_of_another_workspace_are_not_found,
                p1_a_text_of_any_length_holds_up_nothing,
                p3_a_repeated_message_is_found_once,
                messages_of_the_release_before_are_found_once_they_are_indexed,
                what_is_left_is_indexed_in_the_background;
            rows: messages_have_numbers_that_are_never_reused,
                a_message_is_read_when_the_first_has_read_it,
                what_is_read_again_changes_nothing,
                a_session_keeps_the_number_that_it_is_given,
                p3_of_eight_that_ask_at_once_all_get_one_number,
                p6_numbers_of_another_workspace_lead_nowhere;
            staff: what_an_operator_said_comes_page_after_page,
                what_waits_unread_is_counted_in_open_sessions;
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
use history_suite;
