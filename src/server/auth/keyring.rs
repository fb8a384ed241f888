use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, encode};
use serde::{Serialize, de::DeserializeOwned};

use super::{Failure, check::by_any};

/// Secrets for HS256: the first signs, all verify, so that a secret can be replaced while tokens of
/// the old one are still about.
#[derive(Clone)]
pub struct Keyring {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("no secret is given")]
    Empty,
    #[error("a secret is shorter than {} bytes", Keyring::MIN_BYTES)]
    Short,
}

impl Keyring {
    /// As many bytes as the digest has: less would weaken it.
    pub const MIN_BYTES: usize = 32;
    /// Its tokens are made by whoever shares the secret, and end when they say.
    pub(super) const LEEWAY_SECONDS: u64 = 0;

    pub fn new<T: AsRef<[u8]>>(secrets: &[T]) -> Result<Self, KeyringError> {
        let first = secrets.first().ok_or(KeyringError::Empty)?;
        if secrets
            .iter()
            .any(|secret| secret.as_ref().len() < Self::MIN_BYTES)
        {
            return Err(KeyringError::Short);
        }
        Ok(Self {
            signing: EncodingKey::from_secret(first.as_ref()),
            verifying: secrets
                .iter()
                .map(|secret| DecodingKey::from_secret(secret.as_ref()))
                .collect(),
        })
    }

    /// `None` only if the claims cannot be written as JSON.
    pub fn sign<C: Serialize>(&self, claims: &C) -> Option<String> {
        encode(&Header::new(Algorithm::HS256), claims, &self.signing).ok()
    }

    /// The claims of a token that one of the secrets has signed for this audience (`aud`; `None`:
    /// one without), and that has not expired if it has an `exp`. The signature is compared in
    /// constant time.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, audience: Option<&str>) -> Option<C> {
        self.check(token, audience).ok()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        let keys = self.verifying.iter();
        keys.filter_map(|key| key.try_get_as_bytes().ok())
    }

    pub(super) fn check<C: DeserializeOwned>(
        &self,
        token: &str,
        audience: Option<&str>,
    ) -> Result<C, Failure> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = Self::LEEWAY_SECONDS;
        validation.validate_nbf = true;
        match audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.set_required_spec_claims(&["aud"]);
            }
            None => validation.set_required_spec_claims(&["exp"]),
        }
        by_any(self.verifying.iter(), token, &validation)
    }
}

impl std::fmt::Debug for Keyring {
    /// Keys stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} keys)", self.verifying.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];
    const FAR: u64 = 99_999_999_999;

    #[test]
    fn a_replaced_secret_still_verifies() -> Result<(), KeyringError> {
        let token = Keyring::new(&[OLD])?
            .sign(&json!({"exp": FAR, "sub": "7"}))
            .unwrap_or_default();
        assert!(
            Keyring::new(&[NEW, OLD])?
                .verify::<Value>(&token, None)
                .is_some()
        );
        assert!(
            Keyring::new(&[NEW])?
                .verify::<Value>(&token, None)
                .is_none()
        );
        Ok(())
    }

    #[test]
    fn a_token_serves_its_audience_only() -> Result<(), KeyringError> {
        let keys = Keyring::new(&[OLD])?;
        let guest = keys
            .sign(&json!({"aud": "guest", "exp": FAR}))
            .unwrap_or_default();
        let staff = keys.sign(&json!({"exp": FAR})).unwrap_or_default();
        assert!(keys.verify::<Value>(&guest, Some("guest")).is_some());
        assert!(keys.verify::<Value>(&guest, Some("pid")).is_none());
        assert!(
            keys.verify::<Value>(&guest, None).is_none(),
            "a guest's token is no operator's"
        );
        assert!(keys.verify::<Value>(&staff, Some("guest")).is_none());
        Ok(())
    }

    #[test]
    fn expired_forged_and_unsigned_are_refused() -> Result<(), KeyringError> {
        let keys = Keyring::new(&[OLD])?;
        let expired = keys.sign(&json!({"exp": 1})).unwrap_or_default();
        let forged = Keyring::new(&[NEW])?
            .sign(&json!({"exp": FAR}))
            .unwrap_or_default();
        let unsigned = "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTk5fQ.";
        let without_end = keys.sign(&json!({"sub": "7"})).unwrap_or_default();
        for token in [
            expired.as_str(),
            &forged,
            unsigned,
            &without_end,
            "",
            "a.b.c",
        ] {
            assert!(keys.verify::<Value>(token, None).is_none(), "{token}");
        }
        Ok(())
    }

    #[test]
    fn weak_secrets_are_refused() {
        assert_eq!(Keyring::new::<&str>(&[]).err(), Some(KeyringError::Empty));
        assert_eq!(Keyring::new(&["short"]).err(), Some(KeyringError::Short));
    }
}
