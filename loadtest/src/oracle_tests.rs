use super::*;

/// What the oracle says of a receiver that got these, of two senders that sent 100 messages each,
/// all acknowledged.
fn judged(arrivals: impl IntoIterator<Item = (usize, u64)>) -> Faults {
    let mut oracle = Oracle::new(2);
    for (sender, seq) in arrivals {
        oracle.see(sender, seq);
    }
    let mut acked = Marks::default();
    for seq in 0..100 {
        assert!(acked.insert(seq));
    }
    oracle.judge([(100, &acked), (100, &acked)].into_iter())
}

fn all() -> Vec<(usize, u64)> {
    (0..100).flat_map(|seq| [(0, seq), (1, seq)]).collect()
}

#[test]
fn each_message_once_and_in_order_is_no_fault() {
    assert!(!judged(all()).any());
}

#[test]
fn senders_are_in_no_order_among_each_other() {
    let mut apart = all();
    apart.sort_unstable();
    assert!(!judged(apart).any());
}

#[test]
fn planted_losses_are_counted() {
    for lost in [0, 1, 63, 64, 99, 199] {
        let mut arrivals = all();
        arrivals.remove(lost);
        let expected = Faults {
            missing: 1,
            ..Faults::default()
        };
        assert_eq!(judged(arrivals), expected, "{lost}");
    }
    let expected = Faults {
        missing: 200,
        ..Faults::default()
    };
    assert_eq!(judged([]), expected);
}

#[test]
fn planted_duplicates_are_counted_at_once_and_much_later() {
    for (copied, to) in [(10, 11), (10, 150), (0, 200), (199, 200)] {
        let mut arrivals = all();
        arrivals.insert(to, arrivals[copied]);
        let expected = Faults {
            duplicated: 1,
            ..Faults::default()
        };
        assert_eq!(judged(arrivals), expected, "{copied} again at {to}");
    }
}

#[test]
fn a_planted_swap_is_one_reordering_and_no_loss() {
    let mut arrivals = all();
    arrivals.swap(20, 22);
    let expected = Faults {
        reordered: 1,
        ..Faults::default()
    };
    assert_eq!(judged(arrivals), expected);
}

#[test]
fn what_was_never_sent_is_a_stray_and_allocates_nothing() {
    for stray in [(2, 0), (0, u64::MAX), (0, 100)] {
        let mut arrivals = all();
        arrivals.push(stray);
        let expected = Faults {
            stray: 1,
            ..Faults::default()
        };
        assert_eq!(judged(arrivals), expected, "{stray:?}");
    }
}

#[test]
fn what_was_sent_and_not_acknowledged_may_come_or_not() {
    let mut acked = Marks::default();
    acked.insert(0);
    acked.insert(2);
    for arrivals in [&[0, 1, 2][..], &[0, 2]] {
        let mut oracle = Oracle::new(1);
        for seq in arrivals {
            oracle.see(0, *seq);
        }
        assert!(!oracle.judge([(3, &acked)].into_iter()).any());
    }
}
