//! What holds for every algorithm.

use serde_json::{Value, json};
use switchboard::server::auth::{Demands, Failure, Foreign, Keyring, Verifier};

use super::{Judge, own};
use crate::{
    process::server::LOOK,
    support::signer::{self, Signer, claims, claims_with, now},
};

type Sign = Box<dyn Fn(&Value) -> String>;

/// By their names: who signs, and who judges by that key alone (and our own secret).
fn signers() -> Vec<(String, Judge, Sign)> {
    let mut all: Vec<(_, _, Sign)> = vec![(
        "HS256".to_owned(),
        Judge::of(Foreign::default()),
        Box::new(own),
    )];
    for kind in signer::ALL {
        let signer = Signer::new(kind);
        let judge = Judge::of(signer.foreign());
        let name = format!("{:?}", signer.algorithm);
        all.push((name, judge, Box::new(move |it| signer.sign(None, it))));
    }
    all
}

#[tokio::test]
async fn a_token_says_who_an_operator_is() {
    for (name, judge, sign) in signers() {
        let signed = sign(&claims_with(&json!({ "role": "supervisor" })));
        let found = judge.verifier.verify(&signed).await.unwrap();
        let found = (
            found.sub.as_str(),
            found.name.as_str(),
            found.workspace.as_str(),
        );
        assert_eq!(found, ("7", "Ada", "default"), "{name}");
        let foreseen = claims_with(&json!({ "nbf": now() - 60, "iat": now() - 60 }));
        assert!(judge.says(&sign(&foreseen)).await.is_ok(), "{name}");
    }
}

/// Whoever is sent away when it ends is not let in again by it.
#[tokio::test]
async fn p5_a_token_is_taken_until_the_second_that_it_is_said_to_end_in() {
    let mut ending = Vec::new();
    for (name, judge, sign) in signers() {
        let leeway = if name == "HS256" { 0 } else { 30 };
        let signed = sign(&claims_with(&json!({ "exp": now() + 1 - leeway })));
        let verified = judge.verifier.verify_for_long(&signed).await.unwrap();
        ending.push((name, judge, signed, verified));
    }
    for (name, judge, signed, verified) in ending {
        let mut before = now();
        while judge.says(&signed).await.is_ok() {
            assert!(before < verified.ends(), "{name}: still taken");
            tokio::time::sleep(LOOK).await;
            before = now();
        }
        assert!(now() >= verified.ends(), "{name}: not taken any more");
        let again = judge.verifier.verify_again(&verified, now());
        assert_eq!(again, Err(Failure::Expired));
    }
}

#[tokio::test]
async fn p5_what_is_not_for_us_now_is_refused() {
    let cases = [
        (json!({ "exp": 1 }), Failure::Expired),
        (json!({ "exp": now() - 31 }), Failure::Expired),
        (json!({ "exp": null }), Failure::Claims),
        (json!({ "exp": "soon" }), Failure::Claims),
        (json!({ "nbf": now() + 90 }), Failure::Claims),
        (json!({ "aud": "somebody else" }), Failure::Claims),
        (json!({ "aud": "guest" }), Failure::Claims),
        (json!({ "aud": ["pid"] }), Failure::Claims),
        (json!({ "sub": null }), Failure::Claims),
        (json!({ "sub": "" }), Failure::Claims),
        (json!({ "sub": 7 }), Failure::Claims),
        (json!({ "name": "A\u{0}da" }), Failure::Claims),
        (json!({ "workspace": null }), Failure::Claims),
        (json!({ "role": "emperor" }), Failure::Claims),
    ];
    for (name, judge, sign) in signers() {
        for (change, failure) in &cases {
            let token = sign(&claims_with(change));
            assert_eq!(judge.says(&token).await, Err(*failure), "{name} {change}");
        }
        assert_eq!(judge.failures(Failure::Expired), 2, "{name}");
    }
}

/// Our own clock is the one that signed.
#[tokio::test]
async fn clocks_of_others_may_differ_a_little() {
    for (name, judge, sign) in signers() {
        let late = judge
            .says(&sign(&claims_with(&json!({ "exp": now() - 5 }))))
            .await;
        let early = judge
            .says(&sign(&claims_with(&json!({ "nbf": now() + 10 }))))
            .await;
        if name == "HS256" {
            assert_eq!((late, early), (Err(Failure::Expired), Err(Failure::Claims)));
        } else {
            assert!(late.is_ok() && early.is_ok(), "{name} {late:?} {early:?}");
        }
    }
}

#[tokio::test]
async fn p5_issuer_and_audience_are_demanded_of_others_alone() {
    let demands = Demands {
        issuers: vec!["https://id.test".into(), "https://old.test".into()],
        audiences: vec!["switchboard".into()],
    };
    let both = |iss: Value, aud: Value| claims_with(&json!({ "iss": iss, "aud": aud }));
    for kind in signer::ALL {
        let signer = Signer::new(kind);
        let judge = Judge::of(Foreign {
            demands: demands.clone(),
            ..signer.foreign()
        });
        for (claims, taken) in [
            (both(json!("https://id.test"), json!("switchboard")), true),
            (
                both(json!("https://old.test"), json!(["x", "switchboard"])),
                true,
            ),
            (both(json!("https://id.test"), json!("x")), false),
            (both(json!("https://id.test"), json!(["x"])), false),
            (both(json!("https://id.test"), json!([])), false),
            (both(json!("https://id.test"), Value::Null), false),
            (
                both(json!("https://evil.test"), json!("switchboard")),
                false,
            ),
            (
                both(json!("https://id.test.evil"), json!("switchboard")),
                false,
            ),
            (both(Value::Null, json!("switchboard")), false),
            (
                both(json!("https://id.test"), json!(["switchboard", "guest"])),
                false,
            ),
            (self::claims(), false),
        ] {
            let said = judge.says(&signer.sign(None, &claims)).await;
            let expected = if taken {
                Ok("7".into())
            } else {
                Err(Failure::Claims)
            };
            assert_eq!(said, expected, "{:?} {claims}", signer.algorithm);
        }
        assert!(
            judge.says(&own(&claims())).await.is_ok(),
            "ours has neither"
        );
    }
}

#[tokio::test]
async fn one_that_is_nothing_is_refused_by_name() {
    let judge = Judge::of(Signer::new(signer::RSA).foreign());
    let header = |header: &str| {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header))
    };
    let long = own(&claims_with(&json!({ "x": "x".repeat(20_000) })));
    for (token, failure) in [
        ("", Failure::Missing),
        ("x", Failure::Malformed),
        ("a.b.c", Failure::Malformed),
        ("..", Failure::Malformed),
        (&format!("{}.x", own(&claims())), Failure::Malformed),
        (&long, Failure::Malformed),
        (&header("{}"), Failure::Malformed),
        (&header(r#"{"alg":"HS256","kid":7}"#), Failure::Malformed),
        (
            &header(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#),
            Failure::Malformed,
        ),
        (&header(r#"{"alg":"none"}"#), Failure::Algorithm),
        (&header(r#"{"alg":"None"}"#), Failure::Algorithm),
        (&header(r#"{"alg":"HS512"}"#), Failure::Algorithm),
        (&header(r#"{"alg":"ES384"}"#), Failure::Algorithm),
        (&header(r#"{"alg":"ES256"}"#), Failure::UnknownKey),
        (&header(r#"{"alg":"RS256"}"#), Failure::Signature),
        (&header(r#"{"alg":"HS256"}"#), Failure::Signature),
    ] {
        let before = judge.failures(failure);
        assert_eq!(judge.says(token).await, Err(failure), "{token:.60}");
        assert_eq!(judge.failures(failure), before + 1);
    }
}

#[tokio::test]
async fn without_a_secret_of_ours_nothing_is_taken_for_signed_by_us() {
    let signer = Signer::new(signer::ED25519);
    let metrics = switchboard::metrics::Metrics::new().unwrap().server;
    let verifier = Verifier::new(None, signer.foreign(), metrics);
    let judged = verifier.verify(&own(&claims())).await;
    assert_eq!(judged.err(), Some(Failure::Algorithm));
    let empty = Keyring::new(&[[0; 32]]).unwrap().sign(&claims()).unwrap();
    assert_eq!(
        verifier.verify(&empty).await.err(),
        Some(Failure::Algorithm)
    );
    assert!(verifier.verify(&signer.sign(None, &claims())).await.is_ok());
}
