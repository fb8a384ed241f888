//! What one may do how often.

use super::*;

const WINDOW_MS: Millis = 10_000;

/// A scene where this limit is the only one: two in ten seconds.
fn limited(limit: impl FnOnce(&mut Rates, Limit)) -> Scene {
    let mut rates = Rates {
        guest: Limit::OFF,
        operator: Limit::OFF,
        start: Limit::OFF,
        upload: Limit::OFF,
    };
    let two = Limit {
        max: 2,
        window_ms: WINDOW_MS,
    };
    limit(&mut rates, two);
    scene_with(rates)
}

/// What is said, and how long there is to wait.
fn refused(result: Result<Done, Reject>) -> (String, Millis) {
    let reject = result.unwrap_err();
    assert_eq!((reject.code, reject.field), (Code::RateLimited, None));
    (reject.message, reject.retry_after_ms.unwrap())
}

fn counted(scene: &Scene, limit: &str, role: &str) -> [u64; 2] {
    let (limits, failed) = (&scene.metrics.limited, &scene.metrics.failed);
    [
        limits.with_label_values(&[limit]).get(),
        failed.with_label_values(&[role, "rate_limited"]).get(),
    ]
}

#[tokio::test]
async fn p8_a_guest_that_says_too_much_is_told_when_to_go_on() {
    let scene = limited(|rates, two| rates.guest = two);
    let (one, other) = (started(&scene).await, started(&scene).await);
    let say = async |session: &SessionId, id: &str| {
        let command = says(id, Some(id));
        scene.ask(&guest(Some(session)), command).await
    };
    let first = say(&one, "1").await.unwrap();
    scene.clock.advance(4_000);
    say(&one, "2").await.unwrap();
    let expected = "Too many messages, please wait a moment".to_owned();
    assert_eq!(refused(say(&one, "3").await), (expected.clone(), 6_000));
    scene.clock.advance(1_000);
    assert_eq!(refused(say(&one, "4").await), (expected, 5_000));

    // What was stored is confirmed, however often it is asked for, and at no charge.
    for _ in 0..3 {
        let again = say(&one, "1").await.unwrap();
        assert_eq!((sent(&again).0, sent(&again).3), (sent(&first).0, true));
    }
    say(&other, "1").await.unwrap();
    let staff = |n: usize| answers(&one, &n.to_string());
    for n in 0..5 {
        scene.ask(&operator("bob"), staff(n)).await.unwrap();
    }
    assert_eq!(counted(&scene, "guest", "guest"), [2, 2]);

    scene.clock.advance(5_000);
    let late = say(&one, "3").await.unwrap();
    assert!(!sent(&late).3, "it had not been stored");
    say(&one, "4").await.unwrap();
    assert_eq!(refused(say(&one, "5").await).1, WINDOW_MS);
}

#[tokio::test]
async fn p8_an_operator_is_one_in_all_its_sessions() {
    let scene = limited(|rates, two| rates.operator = two);
    let (one, other) = (started(&scene).await, started(&scene).await);
    let bob = operator("bob");
    scene.ask(&bob, answers(&one, "1")).await.unwrap();
    scene.ask(&bob, answers(&other, "2")).await.unwrap();
    for session in [&one, &other] {
        let refusal = refused(scene.ask(&bob, answers(session, "3")).await);
        assert_eq!(
            refusal,
            ("Too many messages, please wait a moment".into(), WINDOW_MS)
        );
    }
    scene
        .ask(&operator("ann"), answers(&one, "1"))
        .await
        .unwrap();
    for n in 0..5 {
        let says = says(&n.to_string(), None);
        scene.ask(&guest(Some(&one)), says).await.unwrap();
    }
    assert_eq!(counted(&scene, "operator", "operator"), [2, 2]);
    scene.clock.advance(WINDOW_MS);
    scene.ask(&bob, answers(&other, "3")).await.unwrap();
}

#[tokio::test]
async fn p8_a_network_starts_so_many_sessions() {
    let scene = limited(|rates, two| rates.start = two);
    let from = |address: &str| {
        let Actor::Guest(actor) = guest(None) else {
            unreachable!()
        };
        Actor::Guest(GuestActor {
            address: address.parse::<IpAddr>().unwrap().into(),
            ..actor
        })
    };
    let begin = async |address: &str| scene.ask(&from(address), start()).await;
    let dedup = DedupId::new("sid:t:0");
    let guest = from("2001:db8::1");
    let first = async || {
        let started = scene.chat.handle(&guest, start(), &dedup).await;
        started.unwrap().bound.unwrap().session
    };
    let session = first().await;
    begin("2001:db8::2").await.unwrap();
    scene.clock.advance(500);
    let (said, wait_ms) = refused(begin("2001:db8::3").await);
    assert_eq!(
        said,
        "Too many new conversations from your network, please try again in 10s"
    );
    assert_eq!(wait_ms, 9_500);

    // The start that was answered, and who comes back, are no new sessions.
    for _ in 0..3 {
        assert_eq!(first().await, session);
        let back = scene.ask(&guest, resume(&session)).await;
        assert_eq!(back.unwrap().bound.unwrap().session, session);
    }
    begin("2001:db8:0:1::1").await.unwrap();
    begin("192.0.2.7").await.unwrap();
    assert_eq!(counted(&scene, "start", "guest"), [1, 1]);
    assert_eq!(scene.hub.sessions(&ws()).await.unwrap().len(), 4);
    scene.clock.advance(9_500);
    begin("2001:db8::3").await.unwrap();
}
