use crate::{
    dialect::fields::{Fields, SAFE_INTEGER, required},
    model::{Proof, Reject, limits},
};

const NAME: &str = "identity";
/// Of SHA-256.
const HMAC_BYTES: usize = 32;

/// A JWT, or an id with its end and the digest of both.
pub(super) fn proof(fields: &Fields<'_>) -> Result<Option<Proof>, Reject> {
    let Some(signed) = fields.inner(NAME) else {
        let token = fields.id(NAME, limits::TOKEN_BYTES)?;
        return Ok(token.map(|token| Proof::Token(token.to_owned())));
    };
    digest(&signed).map(Some).map_err(|reject| Reject {
        message: format!("{NAME}: {}", reject.message),
        field: Some(NAME),
        ..reject
    })
}

fn digest(fields: &Fields<'_>) -> Result<Proof, Reject> {
    let id = required("id", fields.id("id", limits::ID_BYTES)?)?;
    let expires_at = required("expiresAt", fields.number("expiresAt", 1..=SAFE_INTEGER)?)?;
    let hmac = required("hmac", fields.text("hmac")?)?;
    let hmac = bytes(hmac).filter(|bytes| bytes.len() == HMAC_BYTES);
    let wrong = || Reject::field("hmac", "hmac must be 64 hexadecimal digits");
    Ok(Proof::Digest {
        id: id.to_owned(),
        expires_at,
        hmac: hmac.ok_or_else(wrong)?,
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let pairs = digits?;
    let pairs = pairs.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}
