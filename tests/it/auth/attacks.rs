//! Tokens that are made so that a key is taken for another one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use switchboard::{
    model::{RecoveryId, SessionId, WorkspaceId},
    server::auth::{Failure, Foreign, GuestClaims, Keyring, PidClaims, PublicKey},
};

use super::{Judge, SECRET, own};
use crate::support::signer::{self, Signer, claims, now};

/// Who knows all of the public keys.
fn everybody() -> Judge {
    let all = [signer::RSA, signer::P256, signer::ED25519].map(|(_, _, public)| public);
    Judge::of(Foreign {
        fixed: PublicKey::all_of_pem(&all.concat()).unwrap(),
        ..Foreign::default()
    })
}

fn by_secret(secret: &[u8], header: &Header) -> String {
    encode(header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn p5_a_public_key_is_no_secret() {
    let judge = everybody();
    for kind in signer::ALL {
        let signer = Signer::new(kind);
        let jwk = signer.jwk(None);
        let raw = |name: &str| {
            URL_SAFE_NO_PAD
                .decode(jwk[name].as_str().unwrap_or(""))
                .unwrap()
        };
        let der = URL_SAFE_NO_PAD.encode(signer.pem);
        for secret in [
            signer.pem.as_bytes(),
            signer.pem.trim().as_bytes(),
            signer.pem.replace('\n', "").as_bytes(),
            jwk.to_string().as_bytes(),
            der.as_bytes(),
            &raw("n"),
            &raw("x"),
            &[vec![4], raw("x"), raw("y")].concat(),
            &[],
        ] {
            let token = by_secret(secret, &Header::new(Algorithm::HS256));
            assert_eq!(judge.says(&token).await, Err(Failure::Signature));
        }
    }
}

#[tokio::test]
async fn p5_a_key_verifies_its_own_algorithm_only() {
    let judge = everybody();
    let rsa = Signer::new(signer::RSA);
    assert!(judge.says(&rsa.sign(None, &claims())).await.is_ok());
    for algorithm in [
        Algorithm::PS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS512,
    ] {
        let token = rsa.sign_as(algorithm, None, &claims());
        assert_eq!(
            judge.says(&token).await,
            Err(Failure::Algorithm),
            "{algorithm:?}"
        );
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = by_secret(SECRET.as_bytes(), &Header::new(algorithm));
        assert_eq!(
            judge.says(&token).await,
            Err(Failure::Algorithm),
            "{algorithm:?}"
        );
    }
    // The signature of one, said to be of another.
    for kind in signer::ALL {
        let signed = Signer::new(kind).sign(None, &claims());
        let (_, rest) = signed.split_once('.').unwrap();
        for name in ["none", "HS256", "RS256", "ES256", "EdDSA", "PS256"] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": name }).to_string());
            let token = format!("{header}.{rest}");
            assert!(judge.says(&token).await.is_err(), "{name} for {:?}", kind.0);
        }
    }
}

#[tokio::test]
async fn p5_a_token_without_its_signature_is_none() {
    let judge = everybody();
    let unsigned = |alg: &str| {
        let parts = [json!({ "alg": alg }), claims()];
        let parts = parts.map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        parts.join(".")
    };
    for alg in ["none", "NONE", "", "HS256", "RS256", "ES256", "EdDSA"] {
        for signature in ["", ".", ".AA"] {
            let token = format!("{}{signature}", unsigned(alg));
            assert!(judge.says(&token).await.is_err(), "{alg:?} {signature:?}");
        }
    }
    // Both halves of an ECDSA signature zero, which careless verifiers take.
    let zero = format!("{}.{}", unsigned("ES256"), URL_SAFE_NO_PAD.encode([0; 64]));
    assert_eq!(judge.says(&zero).await, Err(Failure::Signature));
}

#[tokio::test]
async fn p5_what_is_changed_is_signed_by_nobody() {
    let judge = everybody();
    let mut tokens = vec![own(&claims())];
    tokens.extend(signer::ALL.map(|kind| Signer::new(kind).sign(None, &claims())));
    for token in tokens {
        assert!(judge.says(&token).await.is_ok());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let other = json!({ "sub": "1", "name": "Root", "workspace": "default", "role": "admin", "exp": now() + 60 });
        let other = URL_SAFE_NO_PAD.encode(other.to_string());
        let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
        flipped[10] ^= 1;
        let flipped = URL_SAFE_NO_PAD.encode(flipped);
        for changed in [
            format!("{header}.{other}.{signature}"),
            format!("{signed}.{flipped}"),
        ] {
            assert_eq!(
                judge.says(&changed).await,
                Err(Failure::Signature),
                "{changed}"
            );
        }
        let cut = format!("{signed}.{}", &signature[..signature.len() - 4]);
        assert!(judge.says(&cut).await.is_err(), "{cut}");
    }
}

/// It is a key that everybody can make.
#[tokio::test]
async fn p5_a_key_that_a_token_brings_along_is_not_looked_at() {
    let judge = everybody();
    let mallory = Signer::new(signer::OTHER_RSA);
    let jwk = serde_json::from_value(mallory.jwk(Some("m"))).unwrap();
    let header = Header {
        jwk: Some(jwk),
        jku: Some("http://127.0.0.1:1/jwks.json".into()),
        x5u: Some("http://127.0.0.1:1/cert.pem".into()),
        kid: Some("../../dev/null".into()),
        ..Header::new(Algorithm::RS256)
    };
    let token = encode(&header, &claims(), &mallory.key).unwrap();
    assert_eq!(judge.says(&token).await, Err(Failure::Signature));
}

/// Even where one secret is used for all.
#[tokio::test]
async fn p5_tokens_of_guests_and_sockets_are_of_no_operator() {
    let judge = everybody();
    let keys = Keyring::new(&[SECRET]).unwrap();
    let guest = GuestClaims::new(WorkspaceId::new("default"), SessionId::new("s"), now());
    let pid = PidClaims::new(RecoveryId::new("r"), "/".into());
    let with = |aud: Value| {
        let mut claims = claims();
        claims["aud"] = aud;
        keys.sign(&claims).unwrap()
    };
    for token in [
        keys.sign(&guest).unwrap(),
        keys.sign(&pid).unwrap(),
        with(json!("guest")),
        with(json!(["pid"])),
    ] {
        assert_eq!(judge.says(&token).await, Err(Failure::Claims));
    }
}
