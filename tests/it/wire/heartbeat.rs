//! The heartbeat against a timer that only wakes when it says so.

use proptest::prelude::*;
use switchboard::wire::engine::Heartbeat;

proptest! {
    /// Sleeping until `wake_at` misses nothing: before it, no answer changes.
    #[test]
    fn nothing_changes_before_the_wake(
        start in 0u64..1_000,
        interval in 1u64..500,
        timeout in 1u64..500,
        sent: bool,
        at in 0.0f64..1.0,
    ) {
        let mut beat = Heartbeat::new(start, interval);
        if sent {
            beat.sent();
        }
        let wake = beat.wake_at(timeout);
        let before = start + ((wake - start) as f64 * at) as u64;
        prop_assert_eq!(beat.due(before), beat.due(start));
        prop_assert_eq!(beat.expired(before, timeout), beat.expired(start, timeout));
        prop_assert!(beat.due(wake) || beat.expired(wake, timeout));
    }

    /// A client that answers within the timeout lives, round after round; one that stops dies one
    /// interval and one timeout after its last pong. The value may be saved at any point.
    #[test]
    fn answering_is_what_keeps_it_alive(delays in prop::collection::vec(0u64..200, 0..20)) {
        let (interval, timeout) = (300, 200);
        let mut now = 7;
        let mut beat = Heartbeat::new(now, interval);
        for delay in delays {
            now += interval;
            prop_assert!(beat.due(now));
            beat.sent();
            beat = serde_json::from_value(serde_json::to_value(&beat).expect("saves")).expect("loads");
            now += delay;
            prop_assert!(!beat.expired(now, timeout));
            beat.pong(now, interval);
        }
        prop_assert_eq!(beat.expires_at(timeout), now + interval + timeout);
        prop_assert!(!beat.expired(now + interval + timeout - 1, timeout));
        prop_assert!(beat.expired(now + interval + timeout, timeout));
    }
}
