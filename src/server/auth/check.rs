use jsonwebtoken::{DecodingKey, Validation, decode};
use serde::de::DeserializeOwned;

use super::Failure;

/// The claims of a token by the one of these keys that has signed it. Which one it was is decided by the
/// signature alone: what else is wrong with it is wrong with any key.
pub(super) fn by_any<'k, C: DeserializeOwned>(
    keys: impl Iterator<Item = &'k DecodingKey>,
    token: &str,
    validation: &Validation,
) -> Result<C, Failure> {
    let mut failure = Failure::UnknownKey;
    for key in keys {
        match decode::<C>(token, key, validation) {
            Ok(data) => return Ok(data.claims),
            Err(error) => failure = error.into(),
        }
        if failure != Failure::Signature {
            break;
        }
    }
    Err(failure)
}
