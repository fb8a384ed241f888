use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;

use super::Failure;

/// Longest token that is looked at, in bytes; some issuers put a lot into theirs.
const TOKEN_BYTES: usize = 16 * 1024;

/// What a token says of itself before anything is verified: which keys to try, and no more. Keys that it
/// brings along (`jwk`, `jku`, `x5c`, `x5u`) are not looked at.
pub(super) struct Header {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
}

impl Header {
    pub fn read(token: &str) -> Result<Self, Failure> {
        if token.is_empty() {
            return Err(Failure::Missing);
        }
        let parts: Vec<&str> = token.splitn(4, '.').collect();
        let [first, _, _] = parts.as_slice() else {
            return Err(Failure::Malformed);
        };
        if token.len() > TOKEN_BYTES {
            return Err(Failure::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(first);
        let bytes = bytes.map_err(|_| Failure::Malformed)?;
        let said: Said = serde_json::from_slice(&bytes).map_err(|_| Failure::Malformed)?;
        // It says that whoever does not understand these must refuse it.
        if said.crit.is_some() {
            return Err(Failure::Malformed);
        }
        Ok(Self {
            algorithm: algorithm(&said.alg)?,
            kid: said.kid,
        })
    }
}

#[derive(Deserialize)]
struct Said {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// Those that are verified at all: `none` is not among them.
fn algorithm(name: &str) -> Result<Algorithm, Failure> {
    match name {
        "HS256" => Ok(Algorithm::HS256),
        "RS256" => Ok(Algorithm::RS256),
        "ES256" => Ok(Algorithm::ES256),
        "EdDSA" => Ok(Algorithm::EdDSA),
        _ => Err(Failure::Algorithm),
    }
}
