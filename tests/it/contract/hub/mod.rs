//! The contract of `Hub`: one suite, stamped on each backend.

use std::sync::Arc;

use async_trait::async_trait;
use switchboard::{
    hub::{Hub, Retention, memory::MemoryHub},
    model::{Clock, Millis, Partition},
};

use support::Bench;

mod client;
mod deadlines;
mod dedup;
mod fields;
mod get;
mod guard;
mod hands;
mod limits;
mod lost_answer;
mod marks;
mod on_redis;
mod operators;
mod order;
mod persisted;
mod pods;
mod post;
mod presence;
mod publication;
mod queue;
mod record;
mod recovery;
mod support;
mod turns;
mod upgrade;
mod window;

/// What the hub of a test is made with: entries of a feed and ended sessions are kept that long.
const FEED_MS: Millis = 60_000;
const ENDED_MS: Millis = 30_000;

/// One hub of one test, its clock, and the ways to trouble it.
#[async_trait]
trait Trouble: Send + Sync {
    fn hub(&self) -> Arc<dyn Hub>;

    /// The clock that stamps commits.
    fn now(&self) -> Millis;

    /// Lets that much time go by for the hub.
    async fn pass(&self, ms: Millis);

    /// The next commit is answered with `Unknown`, having happened or not.
    async fn lose_answer(&self, happened: bool);

    /// The next publications of entries do not arrive; the pod may or may not learn that it lags.
    async fn lose_publications(&self, count: usize);

    /// Publications of entries are under way until they are released; order is kept.
    async fn hold_publications(&self);
    async fn release_publications(&self);

    /// Every pod learns that it may have missed publications.
    async fn lag(&self);

    /// A partition loses its state.
    async fn lose(&self, partition: Partition);

    /// Nothing answers any more, or all does again.
    async fn set_down(&self, down: bool);
}

macro_rules! hub_suite {
    ($backend:ident, $factory:expr) => {
        hub_suite!(@stamp $backend, $factory;
            order: p7_ids_and_numbers_are_dense_under_eight_writers,
                p7_all_logs_tell_the_same,
                entries_of_one_commit_stay_together,
                what_a_commit_returns_is_what_is_read,
                what_concerns_the_workspace_is_in_no_session,
                p6_workspaces_of_one_partition_share_only_the_ids,
                a_log_is_read_in_pages,
                messages_are_read_backwards;
            guard: every_guard_in_every_state,
                what_a_guard_says_of_the_workspace,
                the_version_follows_status_and_agent_alone,
                the_checks_come_in_their_order,
                p9_of_sixteen_claims_one_wins,
                of_eight_starts_one_wins;
            dedup: p3_a_repeat_gets_the_first_result_however_late,
                p3_the_newest_are_remembered,
                p3_the_young_and_the_unstored_are_remembered,
                p3_the_old_and_stored_are_forgotten_in_the_end,
                p3_of_eight_copies_one_is_committed,
                p3_a_loaded_session_knows_its_newest,
                p3_unknown_and_done_is_a_duplicate,
                p3_unknown_and_not_done_is_committed,
                p3_ids_are_of_one_session,
                p11_nothing_happens_while_it_is_down;
            window: a_guest_has_one_session_within_its_window,
                a_guest_has_another_session_after_the_end,
                of_eight_starts_of_one_guest_one_wins,
                a_rate_admits_so_many_in_its_window,
                a_rate_is_charged_by_what_was_committed_alone,
                p9_a_deadline_is_due_once,
                a_deadline_waits_for_its_time,
                a_deadline_is_moved_and_cleared,
                a_deadline_is_of_its_workspace;
            presence: a_subject_is_online_over_many_connections,
                of_many_that_come_and_go_the_edges_alternate,
                drafts_wait_for_their_edge,
                a_repeat_of_an_edge_is_the_same_edge,
                places_in_the_queue_move_up;
            marks: p7_marks_rise_and_stop_at_the_newest,
                a_mark_in_an_empty_session_is_none,
                unread_is_what_nobody_has_read,
                unread_is_known_beyond_what_the_log_holds,
                who_reads_or_reacts_is_no_life,
                p3_a_repeated_mark_is_the_first_one;
            hands: p6_who_wants_to_be_alone_finds_nobody_there,
                p6_of_eight_that_want_to_be_alone_one_is,
                p6_a_session_with_its_guest_in_it_is_not_given_away,
                p6_a_shared_session_is_found_with_its_guest_in_it,
                a_window_is_counted_from_activity_or_creation;
            deadlines: a_deadline_is_set_on_its_edge,
                they_are_told_when_they_are_due,
                a_deadline_is_taken_due_or_not,
                parts_of_an_effect_leave_the_deadline,
                p9_of_an_end_and_the_other_one_happens;
            operators: an_operator_is_there_once_until_its_last_tab_is_gone,
                who_is_away_is_so_over_connections,
                p3_a_status_is_told_when_it_is_another_one;
            queue: p9_who_comes_back_has_its_old_place,
                many_of_one_moment_wait_in_their_order,
                a_loaded_session_waits_where_it_had_waited;
            fields: p7_what_is_set_is_what_is_read,
                p7_a_session_is_loaded_with_all_that_it_was,
                what_waits_is_counted_from_the_last_that_leaves,
                p6_an_entry_says_whom_it_is_for,
                p7_every_change_is_read_as_it_was_written,
                p7_a_page_has_its_reactions,
                p6_a_message_is_found_in_its_own_session;
            turns: who_spoke_last_ends_it,
                p6_a_turn_is_of_its_workspace,
                what_nobody_repeats_is_forgotten,
                of_eight_that_end_it_one_tells;
            publication: p2_nothing_is_missed_after_subscribing,
                p2_channels_keep_the_order_of_commits,
                each_pod_hears_what_it_subscribed,
                what_is_published_can_be_read,
                p8_a_full_queue_tells_that_it_lost,
                a_waiting_pod_is_told_that_it_lags,
                p2_a_lost_publication_shows,
                publications_may_be_late,
                a_signal_reaches_its_pod_alone,
                p6_what_is_said_beside_a_log_is_for_its_readers,
                a_lost_partition_is_told_to_all;
            persisted: it_never_goes_backwards,
                it_is_published,
                p1_what_is_not_persisted_stays,
                what_is_persisted_and_old_goes,
                p2_a_log_is_complete_before_it_begins,
                ids_go_on_above_what_was_raised,
                p12_dirty_wakes_for_each_partition,
                ingest_comes_in_pages,
                one_writer_at_a_time;
            record: p2_a_record_begins_with_its_commit,
                a_refused_commit_leaves_the_record_alone,
                a_record_ends_with_its_commit,
                p2_a_new_socket_is_recorded_as_it_joins;
            recovery: p2_what_was_missed_comes_in_order,
                p2_what_was_missed_comes_in_steps,
                p2_an_offset_counts_from_the_start,
                p6_what_is_not_the_same_is_not_resumed,
                what_has_run_out_is_not_resumed,
                p2_a_lost_partition_is_not_resumed,
                p2_a_trimmed_log_is_not_resumed,
                the_last_one_wins,
                of_eight_that_race_one_holds,
                p2_p11_a_request_that_was_overtaken_does_not_take_the_socket_back,
                only_the_holder_leaves,
                a_record_is_replaced_whole,
                without_a_log_there_is_nothing_to_miss;
            get: p2_a_batch_is_acknowledged_by_the_next,
                p2_a_repeat_gets_the_same_batch,
                cursors_move_with_the_batch_and_never_back,
                a_repeat_takes_the_place_of_the_parked,
                another_one_beside_the_parked_closes,
                p4_a_dead_listener_is_overtaken,
                an_old_generation_changes_nothing,
                who_hangs_up_has_a_moment_to_come_back,
                what_is_held_waits_for_its_entry_or_its_time,
                it_is_dead_at_its_time,
                p8_the_expired_are_listed,
                the_end_comes_once,
                the_farewell_is_said_once,
                no_farewell_without_a_reason,
                a_tombstone_stands_its_time;
            post: a_claim_is_done_once,
                p4_a_dead_claim_is_taken_over,
                one_that_comes_to_its_end_too_late_is_told,
                another_one_beside_it_closes,
                p8_who_never_polls_overflows,
                p8_what_is_on_its_way_counts_only_twice,
                a_pong_moves_the_end,
                what_a_post_leaves_is_found_by_the_get,
                a_post_finds_where_its_sockets_are,
                a_push_wakes_the_listener,
                a_beat_goes_from_get_to_post,
                of_eight_copies_one_is_claimed,
                an_unknown_sid_is_unknown;
            upgrade: p4_one_probes_at_a_time,
                a_claim_runs_out,
                an_aborted_probe_leaves_polling_as_it_was,
                a_told_probe_that_dies_closes,
                p2_what_is_left_is_handed_over,
                polling_is_over_after_it,
                the_ended_is_not_upgraded;
            pods: a_lease_is_held_while_renewed,
                p9_orphans_stay_until_they_have_left,
                a_pod_that_was_given_up_has_lost,
                p9_who_enters_by_a_pod_is_in_its_index,
                p9_what_a_dead_pod_still_does_is_found;
            limits: p8_a_window_takes_so_many_until_its_end,
                p8_of_sixteen_charges_at_once_so_many_pass,
                p8_windows_are_of_their_keys,
                p11_nobody_is_counted_while_it_is_down;
        );
    };
    (@stamp $backend:ident, $factory:expr; $($part:ident: $($case:ident),*;)*) => {
        mod $backend {
            $(mod $part {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bench = $factory.await;
                    super::super::support::within(super::super::$part::$case(&bench)).await;
                })*
            })*
        }
    };
}

hub_suite!(memory, super::super::in_memory());
hub_suite!(redis, super::super::on_redis::on_redis());

async fn in_memory() -> Bench {
    let clock = Clock::manual(1_800_000_000_000);
    let retention = Retention {
        feed_ms: FEED_MS,
        ended_ms: ENDED_MS,
    };
    let hub = Arc::new(MemoryHub::new(clock.clone(), retention));
    Bench::new(Box::new(InMemory { hub, clock }))
}

struct InMemory {
    hub: Arc<MemoryHub>,
    clock: Clock,
}

#[async_trait]
impl Trouble for InMemory {
    fn hub(&self) -> Arc<dyn Hub> {
        Arc::clone(&self.hub) as _
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }

    async fn pass(&self, ms: Millis) {
        self.clock.advance(ms);
    }

    async fn lose_answer(&self, happened: bool) {
        self.hub.faults().unknown_commit(happened);
    }

    async fn lose_publications(&self, count: usize) {
        self.hub.faults().drop_publications(count);
    }

    async fn hold_publications(&self) {
        self.hub.faults().hold_publications();
    }

    async fn release_publications(&self) {
        self.hub.faults().release_publications();
    }

    async fn lag(&self) {
        self.hub.lag();
    }

    async fn lose(&self, partition: Partition) {
        self.hub.lose(partition);
    }

    async fn set_down(&self, down: bool) {
        self.hub.faults().set_down(down);
    }
}
