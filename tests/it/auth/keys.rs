//! Which keys are keys.

use serde_json::{Value, json};
use switchboard::server::auth::{Failure, PublicKey, PublicKeyError};

use super::{Judge, source::Published};
use crate::support::signer::{self, Signer, claims};

#[test]
fn public_keys_are_read_one_after_the_other() {
    let [rsa, p256, ed] = signer::ALL.map(|(_, _, public)| public);
    let small = include_str!("../../fixtures/keys/small.pub.pem");
    let p384 = include_str!("../../fixtures/keys/p384.pub.pem");
    let (_, private, _) = signer::ED25519;
    let pkcs1 = rsa.replace(" PUBLIC KEY", " RSA PUBLIC KEY");
    let one_line = rsa.replace('\n', "\\n");
    let cut = &rsa[..rsa.len() / 2];
    for (text, expected) in [
        (rsa.to_owned(), Ok(1)),
        ([rsa, p256, ed].concat(), Ok(3)),
        (format!("# ours\n{rsa}\r\n\r\n{ed}"), Ok(2)),
        (one_line, Ok(1)),
        (String::new(), Err(PublicKeyError::Empty)),
        ("secret".into(), Err(PublicKeyError::Empty)),
        (private.to_owned(), Err(PublicKeyError::Foreign)),
        ([rsa, private].concat(), Err(PublicKeyError::Foreign)),
        ([rsa, pkcs1.as_str()].concat(), Err(PublicKeyError::Foreign)),
        (small.to_owned(), Err(PublicKeyError::Unusable)),
        ([rsa, p384].concat(), Err(PublicKeyError::Unusable)),
        (cut.to_owned(), Err(PublicKeyError::Unusable)),
    ] {
        let read = PublicKey::all_of_pem(&text).map(|keys| keys.len());
        assert_eq!(read, expected, "{text}");
    }
}

/// Published beside a good one, which goes on to verify.
#[tokio::test]
async fn p5_what_a_set_has_beside_keys_for_signing_is_passed_over() {
    let signer = Signer::new(signer::RSA);
    let with = |change: Value| {
        let mut jwk = signer.jwk(Some("odd"));
        for (name, value) in change.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let weak = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "odd", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    let off = json!({ "kty": "EC", "crv": "P-256", "kid": "odd", "x": "AQ", "y": "AQ" });
    let oct = json!({ "kty": "oct", "kid": "odd", "k": "c2VjcmV0", "alg": "HS256" });
    for odd in [
        with(json!({ "use": "enc" })),
        with(json!({ "key_ops": ["encrypt", "wrapKey"] })),
        with(json!({ "alg": "PS256" })),
        with(json!({ "alg": "HS256" })),
        with(json!({ "alg": "RSA-OAEP" })),
        with(json!({ "kty": "oct", "k": "c2VjcmV0" })),
        with(json!({ "kty": 7 })),
        with(json!({ "n": "AQAB" })),
        with(json!({ "e": "AA" })),
        with(json!({ "n": "%" })),
        oct,
        weak,
        off,
        json!("key"),
        json!(null),
    ] {
        let good = Signer::new(signer::P256);
        let source = Published::start(json!({ "keys": [odd, good.jwk(Some("good"))] })).await;
        let judge = Judge::of(source.foreign());
        assert!(
            judge
                .says(&good.sign(Some("good"), &claims()))
                .await
                .is_ok()
        );
        for kid in [Some("odd"), None] {
            let token = signer.sign(kid, &claims());
            assert_eq!(judge.says(&token).await, Err(Failure::UnknownKey), "{odd}");
        }
        let secret = jsonwebtoken::EncodingKey::from_secret(b"secret");
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some("odd".into());
        let token = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
        assert_eq!(judge.says(&token).await, Err(Failure::Signature));
    }
}

#[tokio::test]
async fn a_key_is_selected_by_its_name() {
    let [one, two] = [signer::RSA, signer::OTHER_RSA].map(Signer::new);
    let ed = Signer::new(signer::ED25519);
    let keys = json!([one.jwk(Some("one")), two.jwk(Some("two")), ed.jwk(None)]);
    let source = Published::start(json!({ "keys": keys })).await;
    let judge = Judge::of(source.foreign());
    for (token, expected) in [
        (one.sign(Some("one"), &claims()), Ok("7".to_owned())),
        (two.sign(Some("two"), &claims()), Ok("7".to_owned())),
        (one.sign(None, &claims()), Ok("7".to_owned())),
        (two.sign(None, &claims()), Ok("7".to_owned())),
        (ed.sign(Some("any"), &claims()), Ok("7".to_owned())),
        (ed.sign(None, &claims()), Ok("7".to_owned())),
        (one.sign(Some("two"), &claims()), Err(Failure::Signature)),
        (one.sign(Some("three"), &claims()), Err(Failure::UnknownKey)),
        (
            Signer::new(signer::P256).sign(None, &claims()),
            Err(Failure::UnknownKey),
        ),
    ] {
        assert_eq!(judge.says(&token).await, expected);
    }
}
