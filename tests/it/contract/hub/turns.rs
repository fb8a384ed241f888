use std::{sync::Arc, time::Duration};

use switchboard::{
    hub::{Log, Publication, Turn, TurnOp},
    model::{Aside, Millis},
};

use super::support::{Bench, Pod};

/// Longer than any test of it takes.
const LONG: Millis = 60_000;
const TAKE: TurnOp = TurnOp::Take { for_ms: LONG };

fn turn(name: &str, token: &str, op: TurnOp) -> Turn {
    Turn {
        name: name.into(),
        token: token.into(),
        op,
    }
}

/// Each saying has a number, by which its readers know it.
async fn say(bench: &Bench, channel: &Log, position: u64, turn: Turn) -> bool {
    let aside = Aside::Queue { position };
    let told = bench.hub.tell_in_turn(channel, aside, &turn).await;
    told.unwrap()
}

async fn heard(pod: &mut Pod) -> u64 {
    match pod.next().await {
        Publication::Aside { aside, .. } => match *aside {
            Aside::Queue { position } => position,
            ref other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub async fn who_spoke_last_ends_it(bench: &Bench) {
    use TurnOp::{End, EndIfLast, IfOver};
    let channel = bench.feed();
    let mut pod = bench.listening(std::slice::from_ref(&channel)).await;
    let steps = [
        ("x", "a", EndIfLast, false),
        ("x", "a", TAKE, true),
        ("x", "b", EndIfLast, false),
        ("x", "a", EndIfLast, true),
        ("x", "a", EndIfLast, false),
        // Somebody spoke later.
        ("x", "a", TAKE, true),
        ("x", "b", TAKE, true),
        ("x", "a", EndIfLast, false),
        ("x", "b", EndIfLast, true),
        // An end is told whoever spoke last, and nothing is left to be ended.
        ("x", "a", TAKE, true),
        ("x", "b", End, true),
        ("x", "a", EndIfLast, false),
        ("x", "a", End, true),
        // That it is over is told again, as often as one likes, until somebody speaks.
        ("x", "b", IfOver, true),
        ("x", "a", IfOver, true),
        ("x", "a", TAKE, true),
        ("x", "a", IfOver, false),
        ("x", "a", EndIfLast, true),
        ("x", "a", IfOver, true),
        // Each thing has a last one of its own.
        ("x", "a", TAKE, true),
        ("y", "b", TAKE, true),
        ("x", "a", EndIfLast, true),
        ("y", "b", EndIfLast, true),
    ];
    let mut told = Vec::new();
    for (n, (name, token, op, expected)) in (0..).zip(steps) {
        let says = say(bench, &channel, n, turn(name, token, op)).await;
        assert_eq!(says, expected, "step {n}");
        told.extend(says.then_some(n));
    }
    for n in told {
        assert_eq!(
            heard(&mut pod).await,
            n,
            "what is told is heard, and only that"
        );
    }
}

pub async fn p6_a_turn_is_of_its_workspace(bench: &Bench) {
    let channels = [bench.feed(), Log::Feed(bench.neighbour(true))];
    let mut pods = [
        bench.listening(&channels[..1]).await,
        bench.listening(&channels[1..]).await,
    ];
    for (channel, token) in channels.iter().zip(["a", "b"]) {
        assert!(say(bench, channel, 1, turn("x", token, TAKE)).await);
    }
    for (channel, token) in channels.iter().zip(["a", "b"]) {
        let ends = turn("x", token, TurnOp::EndIfLast);
        assert!(say(bench, channel, 2, ends).await);
    }
    for pod in &mut pods {
        assert_eq!([heard(pod).await, heard(pod).await], [1, 2]);
    }
}

pub async fn what_nobody_repeats_is_forgotten(bench: &Bench) {
    let channel = bench.feed();
    let short = TurnOp::Take { for_ms: 1 };
    assert!(say(bench, &channel, 1, turn("y", "a", TAKE)).await);
    // Redis forgets by its own time, whatever clock a test turns: who asks too early asks again.
    let forgotten = async {
        loop {
            assert!(say(bench, &channel, 1, turn("x", "a", short)).await);
            bench.trouble.pass(50).await;
            if !say(bench, &channel, 2, turn("x", "a", TurnOp::EndIfLast)).await {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten)
        .await
        .unwrap();
    assert!(say(bench, &channel, 2, turn("y", "a", TurnOp::EndIfLast)).await);
}

pub async fn of_eight_that_end_it_one_tells(bench: &Bench) {
    for _ in 0..20 {
        let channel = bench.feed();
        assert!(say(bench, &channel, 1, turn("x", "a", TAKE)).await);
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let (hub, channel) = (Arc::clone(&bench.hub), channel.clone());
                let aside = Aside::Queue { position: 2 };
                let ends = turn("x", "a", TurnOp::EndIfLast);
                tokio::spawn(async move { hub.tell_in_turn(&channel, aside, &ends).await })
            })
            .collect();
        let mut told = 0;
        for racer in racers {
            told += usize::from(racer.await.unwrap().unwrap());
        }
        assert_eq!(told, 1);
    }
}
