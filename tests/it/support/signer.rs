//! Somebody else who signs tokens of operators, with keys that are for tests only.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use switchboard::{
    model::Clock,
    server::auth::{Foreign, PublicKey},
};

#[derive(Clone)]
pub struct Signer {
    pub algorithm: Algorithm,
    pub pem: &'static str,
    pub key: EncodingKey,
}

pub const RSA: (Algorithm, &str, &str) = (
    Algorithm::RS256,
    include_str!("../../fixtures/keys/rsa.pem"),
    include_str!("../../fixtures/keys/rsa.pub.pem"),
);
pub const OTHER_RSA: (Algorithm, &str, &str) = (
    Algorithm::RS256,
    include_str!("../../fixtures/keys/rsa2.pem"),
    include_str!("../../fixtures/keys/rsa2.pub.pem"),
);
pub const P256: (Algorithm, &str, &str) = (
    Algorithm::ES256,
    include_str!("../../fixtures/keys/p256.pem"),
    include_str!("../../fixtures/keys/p256.pub.pem"),
);
pub const ED25519: (Algorithm, &str, &str) = (
    Algorithm::EdDSA,
    include_str!("../../fixtures/keys/ed25519.pem"),
    include_str!("../../fixtures/keys/ed25519.pub.pem"),
);
pub const ALL: [(Algorithm, &str, &str); 3] = [RSA, P256, ED25519];

impl Signer {
    pub fn new((algorithm, private, public): (Algorithm, &str, &'static str)) -> Self {
        let der = PrivateKeyDer::from_pem_slice(private.as_bytes()).unwrap();
        let der = der.secret_der();
        let key = match algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_der(der),
            Algorithm::ES256 => EncodingKey::from_ec_der(der),
            _ => EncodingKey::from_ed_der(der),
        };
        Self {
            algorithm,
            pem: public,
            key,
        }
    }

    pub fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        self.sign_as(self.algorithm, kid, claims)
    }

    /// As another algorithm of its kind of key.
    pub fn sign_as(&self, algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(algorithm);
        header.kid = kid.map(str::to_owned);
        encode(&header, claims, &self.key).unwrap()
    }

    /// As it is published.
    pub fn jwk(&self, kid: Option<&str>) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        if let Some(kid) = kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// Of whoever takes its word.
    pub fn foreign(&self) -> Foreign {
        Foreign {
            fixed: PublicKey::all_of_pem(self.pem).unwrap(),
            ..Foreign::default()
        }
    }
}

/// Of an operator, valid for an hour.
pub fn claims() -> Value {
    json!({ "sub": "7", "name": "Ada", "workspace": "default", "exp": now() + 3600 })
}

/// With these instead.
pub fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// In seconds.
pub fn now() -> u64 {
    Clock::System.now() / 1000
}
