//! What a site's backend signs of its visitors.

use hmac::{Hmac, Mac as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::Sha256;
use switchboard::{
    model::{Proof, WorkspaceId},
    server::auth::{GuestClaims, Identity, Keyring},
};

const KEY: &str = "a signing key of more than 32 bytes";
const OLDER: &str = "an older one that has more than 32 bytes";
const NOW: u64 = 1_700_000_000;
const DAY: u64 = 24 * 60 * 60;

fn shop() -> WorkspaceId {
    WorkspaceId::new("shop")
}

fn secret(key: &str, workspace: &str) -> String {
    let keys = Keyring::new(&[key]).unwrap();
    Identity::secret(&keys, &WorkspaceId::new(workspace)).unwrap()
}

fn token(secret: &str, claims: &Value) -> Proof {
    token_as(Algorithm::HS256, secret, claims)
}

fn token_as(algorithm: Algorithm, secret: &str, claims: &Value) -> Proof {
    let key = EncodingKey::from_secret(secret.as_bytes());
    Proof::Token(encode(&Header::new(algorithm), claims, &key).unwrap())
}

fn hmac(secret: &str, signed: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(signed).finalize().into_bytes().to_vec()
}

fn digest(secret: &str, id: &str, expires_at: u64) -> Proof {
    Proof::Digest {
        id: id.into(),
        expires_at,
        hmac: hmac(secret, &format!("{id}\n{expires_at}")),
    }
}

/// As the server of the shop judges it.
fn judged(proof: &Proof) -> Option<Identity> {
    let keys = Keyring::new(&[KEY, OLDER]).unwrap();
    Identity::verify(&keys, &shop(), proof, NOW)
}

fn id_of(proof: &Proof) -> Option<String> {
    judged(proof).map(|identity| identity.id)
}

/// As anybody can make it, with what `switchboard identity-secret` prints.
#[test]
fn the_secret_of_a_workspace_is_made_of_the_signing_key() {
    let expected: String = hmac(KEY, "identity:shop")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(secret(KEY, "shop"), expected);
    let keys = Keyring::new(&[KEY, OLDER]).unwrap();
    let first = Identity::secret(&keys, &shop());
    assert_eq!(first.as_deref(), Some(expected.as_str()), "the first signs");
    assert_ne!(secret(KEY, "shop"), secret(KEY, "default"));
    assert_ne!(secret(KEY, "shop"), secret(OLDER, "shop"));
}

#[test]
fn p5_a_site_says_who_its_visitor_is() {
    for key in [KEY, OLDER] {
        let secret = secret(key, "shop");
        let claims = json!({
            "sub": "customer 7", "name": "Zoe", "email": "zoe@x.test", "exp": NOW + 60, "iat": NOW,
        });
        let whole = Identity {
            id: "customer 7".into(),
            name: Some("Zoe".into()),
            email: Some("zoe@x.test".into()),
        };
        assert_eq!(judged(&token(&secret, &claims)), Some(whole), "{key}");
        let bare = json!({ "sub": "7", "name": " ", "exp": NOW + DAY });
        let alone = Identity {
            id: "7".into(),
            name: None,
            email: None,
        };
        assert_eq!(judged(&token(&secret, &bare)), Some(alone.clone()));
        assert_eq!(judged(&digest(&secret, "7", NOW + DAY)), Some(alone));
        let odd = digest(&secret, "line\nfeed", NOW + 1);
        assert_eq!(id_of(&odd).as_deref(), Some("line\nfeed"));
    }
}

#[test]
fn p5_an_identity_ends_within_a_day() {
    let secret = secret(KEY, "shop");
    for (expires_at, taken) in [
        (0, false),
        (NOW - 1, false),
        (NOW, false),
        (NOW + 1, true),
        (NOW + DAY, true),
        (NOW + DAY + 1, false),
        (u64::MAX, false),
    ] {
        let claims = json!({ "sub": "7", "exp": expires_at });
        for proof in [token(&secret, &claims), digest(&secret, "7", expires_at)] {
            assert_eq!(judged(&proof).is_some(), taken, "{expires_at} {proof:?}");
        }
    }
    for claims in [
        json!({ "sub": "7" }),
        json!({ "sub": "7", "exp": null }),
        json!({ "sub": "7", "exp": (NOW + 60).to_string() }),
        json!({ "sub": "7", "exp": NOW + 60, "nbf": NOW + 1 }),
    ] {
        assert_eq!(judged(&token(&secret, &claims)), None, "{claims}");
    }
}

#[test]
fn p5_only_the_secret_of_its_workspace_signs() {
    let good = secret(KEY, "shop");
    let claims = json!({ "sub": "7", "exp": NOW + 60 });
    let removed = secret("a key that nobody lists any more, of 32", "shop");
    for wrong in [
        secret(KEY, "default"),
        secret(KEY, "shop "),
        secret(KEY, ""),
        removed,
        KEY.to_owned(),
        "identity:shop".to_owned(),
        good.to_uppercase(),
        String::new(),
    ] {
        assert_eq!(judged(&token(&wrong, &claims)), None, "{wrong}");
        assert_eq!(judged(&digest(&wrong, "7", NOW + 60)), None, "{wrong}");
    }
}

#[test]
fn p5_what_is_changed_in_an_identity_ends_it() {
    let secret = secret(KEY, "shop");
    let mac = hmac(&secret, &format!("7\n{}", NOW + 60));
    let signed = |id: &str, expires_at: u64, hmac: &[u8]| Proof::Digest {
        id: id.into(),
        expires_at,
        hmac: hmac.to_vec(),
    };
    assert!(judged(&signed("7", NOW + 60, &mac)).is_some());
    let mut flipped = mac.clone();
    flipped[31] ^= 1;
    for changed in [
        signed("8", NOW + 60, &mac),
        signed("", NOW + 60, &mac),
        signed("7\n", NOW + 60, &mac),
        signed("7", NOW + 61, &mac),
        signed("7", NOW + 60, &flipped),
        signed("7", NOW + 60, &mac[..31]),
        signed("7", NOW + 60, &[]),
        signed("7", NOW + 60, &[mac.clone(), vec![0]].concat()),
    ] {
        assert_eq!(judged(&changed), None, "{changed:?}");
    }
    let claims = json!({ "sub": "7", "exp": NOW + 60 });
    let Proof::Token(text) = token(&secret, &claims) else {
        panic!()
    };
    let other = token(&secret, &json!({ "sub": "8", "exp": NOW + 60 }));
    let Proof::Token(other) = other else { panic!() };
    let [header, payload, signature] = [0, 1, 2].map(|at| text.split('.').nth(at).unwrap());
    let theirs = other.split('.').nth(1).unwrap();
    for changed in [
        format!("{header}.{theirs}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{payload}.{payload}.{signature}"),
        String::new(),
    ] {
        assert_eq!(judged(&Proof::Token(changed.clone())), None, "{changed}");
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(judged(&token_as(algorithm, &secret, &claims)), None);
    }
}

/// One kind is not the other, and neither is a token of ours.
#[test]
fn p5_an_identity_is_nothing_else() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let secret = secret(KEY, "shop");
    let Proof::Token(text) = token(&secret, &json!({ "sub": "7", "exp": NOW + 60 })) else {
        panic!()
    };
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for id in [signed, text.as_str(), "7"] {
        let replayed = Proof::Digest {
            id: id.into(),
            expires_at: NOW + 60,
            hmac: signature.clone(),
        };
        assert_eq!(judged(&replayed), None, "{id}");
    }
    let keys = Keyring::new(&[KEY]).unwrap();
    let guest = GuestClaims::new(shop(), switchboard::model::SessionId::new("s"), NOW);
    let ours = [
        keys.sign(&guest).unwrap(),
        keys.sign(&json!({ "sub": "7", "exp": NOW + 60 })).unwrap(),
    ];
    for ours in ours {
        assert_eq!(judged(&Proof::Token(ours)), None);
    }
    // For somebody in particular, and that is not us.
    let elsewhere = json!({ "sub": "7", "exp": NOW + 60, "aud": "crm" });
    assert_eq!(judged(&token(&secret, &elsewhere)), None);
    let identity = token(&secret, &json!({ "sub": "7", "exp": NOW + 60 }));
    let Proof::Token(identity) = identity else {
        panic!()
    };
    assert!(GuestClaims::verify(&keys, &identity).is_none());
}

#[test]
fn p8_an_identity_is_as_it_can_be_stored() {
    let secret = secret(KEY, "shop");
    let long = "x".repeat(400);
    for change in [
        json!({ "sub": "" }),
        json!({ "sub": null }),
        json!({ "sub": 7 }),
        json!({ "sub": "7\u{0}" }),
        json!({ "sub": long }),
        json!({ "name": long }),
        json!({ "name": "Z\u{0}oe" }),
        json!({ "name": 7 }),
        json!({ "email": long }),
        json!({ "email": "\u{0}" }),
    ] {
        let mut claims = json!({ "sub": "7", "exp": NOW + 60 });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        assert_eq!(judged(&token(&secret, &claims)), None, "{change}");
    }
    for id in ["", &long, "\u{0}"] {
        assert_eq!(judged(&digest(&secret, id, NOW + 60)), None, "{id}");
    }
}
