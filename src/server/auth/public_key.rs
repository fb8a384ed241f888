//! Keys of others, which verify and cannot sign. Each is of one algorithm, so that a token cannot choose
//! what a key is taken for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::VerifyingKey as EdKey;
use jsonwebtoken::{Algorithm, DecodingKey};
use p256::{ecdsa::VerifyingKey as EcKey, pkcs8::DecodePublicKey as _};
use rsa::{BigUint, RsaPublicKey, traits::PublicKeyParts as _};
use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};
use serde::Deserialize;

use super::header::Header;

#[derive(Clone)]
pub struct PublicKey {
    pub(super) kid: Option<String>,
    algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    #[error("no public key is given; it begins with -----BEGIN PUBLIC KEY-----")]
    Empty,
    #[error(
        "what is given besides public keys is none; only PEM that begins with -----BEGIN PUBLIC KEY----- is read"
    )]
    Foreign,
    #[error("a key is none of those that are understood: RSA of 2048 to 4096 bits, P-256, Ed25519")]
    Unusable,
}

/// Of a JWKS; what is not here does not matter for verifying.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl PublicKey {
    /// Smaller ones can be broken.
    const RSA_BITS: usize = 2048;

    /// All of a text of PEM, one after the other. A key among them that is not understood is refused
    /// rather than passed over: whoever sets it expects it to verify.
    pub fn all_of_pem(text: &str) -> Result<Vec<Self>, PublicKeyError> {
        // As some write it who have one line only.
        let text = text.replace("\\n", "\n");
        let found = SubjectPublicKeyInfoDer::pem_slice_iter(text.as_bytes());
        let keys = found
            .map(|der| der.map_err(|_| PublicKeyError::Unusable))
            .map(|der| Self::of_der(&der?).ok_or(PublicKeyError::Unusable));
        let keys: Vec<Self> = keys.collect::<Result<_, _>>()?;
        match (keys.len(), text.matches("-----BEGIN ").count()) {
            (0, 0) => Err(PublicKeyError::Empty),
            (read, given) if read != given => Err(PublicKeyError::Foreign),
            _ => Ok(keys),
        }
    }

    fn of_der(der: &[u8]) -> Option<Self> {
        if let Ok(key) = RsaPublicKey::from_public_key_der(der) {
            return Self::rsa(&key);
        }
        if let Ok(key) = EcKey::from_public_key_der(der) {
            return Some(Self::ec(&key));
        }
        Self::ed(&EdKey::from_public_key_der(der).ok()?)
    }

    /// `None` for one that does not verify signatures of an algorithm that is understood: symmetric ones,
    /// those for encryption, other curves.
    pub(super) fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let signs = jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if !signs || !jwk.key_ops.as_ref().is_none_or(verifies) {
            return None;
        }
        let (x, y) = (bytes(jwk.x.as_ref()), bytes(jwk.y.as_ref()));
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (bytes(jwk.n.as_ref())?, bytes(jwk.e.as_ref())?);
                let [n, e] = [n, e].map(|part| BigUint::from_bytes_be(&part));
                Self::rsa(&RsaPublicKey::new(n, e).ok()?)
            }
            ("EC", Some("P-256")) => {
                let point = [vec![4], x?, y?].concat();
                Some(Self::ec(&EcKey::from_sec1_bytes(&point).ok()?))
            }
            ("OKP", Some("Ed25519")) => {
                let point: [u8; 32] = x?.try_into().ok()?;
                Self::ed(&EdKey::from_bytes(&point).ok()?)
            }
            _ => None,
        }?;
        let named = jwk.alg.as_deref();
        named
            .is_none_or(|name| key.is_called(name))
            .then_some(Self {
                kid: jwk.kid.clone(),
                ..key
            })
    }

    /// Whether a token may be signed with it. One without a name cannot be asked for, and is tried.
    pub(super) fn may_have_signed(&self, header: &Header) -> bool {
        let is_other = |kid: &String| header.kid.as_ref().is_some_and(|asked| asked != kid);
        self.algorithm == header.algorithm && !self.kid.as_ref().is_some_and(is_other)
    }

    fn is_called(&self, name: &str) -> bool {
        match self.algorithm {
            Algorithm::RS256 => name == "RS256",
            Algorithm::ES256 => name == "ES256",
            _ => matches!(name, "EdDSA" | "Ed25519"),
        }
    }

    fn rsa(key: &RsaPublicKey) -> Option<Self> {
        let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
        let raw = DecodingKey::from_rsa_raw_components(&n, &e);
        (key.n().bits() >= Self::RSA_BITS).then(|| Self::new(Algorithm::RS256, raw))
    }

    fn ec(key: &EcKey) -> Self {
        let point = key.to_encoded_point(false);
        Self::new(Algorithm::ES256, DecodingKey::from_ec_der(point.as_bytes()))
    }

    /// A weak one (a point of small order) verifies what nobody has signed.
    fn ed(key: &EdKey) -> Option<Self> {
        let raw = DecodingKey::from_ed_der(key.as_bytes());
        (!key.is_weak()).then(|| Self::new(Algorithm::EdDSA, raw))
    }

    fn new(algorithm: Algorithm, key: DecodingKey) -> Self {
        Self {
            kid: None,
            algorithm,
            key,
        }
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({:?}, {:?})", self.algorithm, self.kid)
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
