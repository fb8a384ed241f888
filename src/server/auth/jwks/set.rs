use serde::Deserialize;
use serde_json::Value;

use super::{FetchError, PublicKey};
use crate::server::auth::public_key::Jwk;

/// Keys in a set: each may be tried for a token that names none.
const KEYS_MAX: usize = 100;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// The keys of a JWKS that verify. Others are passed over, as RFC 7517 has it; a set without any is one: its
/// issuer has taken all keys back.
pub(super) fn parse(body: &[u8]) -> Result<Vec<PublicKey>, FetchError> {
    let set: Set = serde_json::from_slice(body).map_err(|_| FetchError::Invalid)?;
    if set.keys.len() > KEYS_MAX {
        return Err(FetchError::TooLarge);
    }
    let keys = set.keys.into_iter();
    let jwks = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(jwks.filter_map(|jwk| PublicKey::of_jwk(&jwk)).collect())
}
