use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Failure, Keyring, OperatorClaims, Pace, PublicKey, Source, check::by_any, header::Header,
    jwks::Jwks,
};
use crate::metrics::ServerMetrics;

/// Says who an operator is, by our own secrets or by keys of others.
///
/// Each key verifies tokens of its own algorithm only: a public key is never taken for a secret, nor one of
/// signatures for another kind of them.
pub struct Verifier {
    own: Option<Keyring>,
    fixed: Vec<PublicKey>,
    published: Option<Jwks>,
    demands: Demands,
    metrics: ServerMetrics,
}

/// By what tokens are verified that others sign.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    pub fixed: Vec<PublicKey>,
    /// Fetched from the moment that there is a [`Verifier`].
    pub published: Option<Source>,
    pub pace: Pace,
    pub demands: Demands,
}

/// What they must say beside: whoever signs them may sign for others as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// One of these; unset: any or none.
    pub issuers: Vec<String>,
    /// One of these; unset: none at all, since a token for somebody in particular is not for us then.
    pub audiences: Vec<String>,
}

/// Clocks of others are not ours.
const LEEWAY_SECONDS: u64 = 30;

/// An operator, as long as its token is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    #[serde(flatten)]
    pub claims: OperatorClaims,
    /// From this second on its token is refused. What a release before has kept tells nothing of it.
    #[serde(default)]
    ends: Option<u64>,
}

impl Verified {
    /// Not before the first second in which verifying refuses it: whoever is sent away sooner would be let in again.
    fn of(claims: OperatorClaims, leeway: u64) -> Self {
        let ends = Self::after(claims.exp.saturating_add(leeway));
        Self {
            claims,
            ends: Some(ends),
        }
    }

    pub fn ends(&self) -> u64 {
        self.ends.unwrap_or_else(|| Self::after(self.claims.exp))
    }

    /// A token is taken in the second of its end as well.
    fn after(exp: u64) -> u64 {
        exp.saturating_add(1)
    }
}

impl Foreign {
    pub fn is_there(&self) -> bool {
        !self.fixed.is_empty() || self.published.is_some()
    }
}

impl Verifier {
    /// Within a runtime, if keys are published.
    pub fn new(own: Option<Keyring>, foreign: Foreign, metrics: ServerMetrics) -> Self {
        let start = |source| Jwks::start(source, foreign.pace, metrics.clone());
        Self {
            own,
            fixed: foreign.fixed,
            published: foreign.published.map(start),
            demands: foreign.demands,
            metrics,
        }
    }

    /// Waits only for keys that are being fetched, if the token names one that is not there.
    pub async fn verify(&self, token: &str) -> Result<OperatorClaims, Failure> {
        let verified = self.verify_for_long(token).await;
        verified.map(|verified| verified.claims)
    }

    /// As [`Verifier::verify`], for what goes on after it: that is over when the token is.
    pub async fn verify_for_long(&self, token: &str) -> Result<Verified, Failure> {
        let verified = self.verified(token).await;
        verified.inspect_err(|failure| self.count(*failure))
    }

    /// Whether a token that was verified before is one still.
    pub fn verify_again(&self, verified: &Verified, now_seconds: u64) -> Result<(), Failure> {
        if now_seconds < verified.ends() {
            return Ok(());
        }
        self.count(Failure::Expired);
        Err(Failure::Expired)
    }

    fn count(&self, failure: Failure) {
        let failures = &self.metrics.auth_failures;
        failures.with_label_values(&[failure.reason()]).inc();
    }

    async fn verified(&self, token: &str) -> Result<Verified, Failure> {
        let header = Header::read(token)?;
        let (claims, leeway) = match (header.algorithm, &self.own) {
            (Algorithm::HS256, None) => return Err(Failure::Algorithm),
            (Algorithm::HS256, Some(own)) => (own.check(token, None)?, Keyring::LEEWAY_SECONDS),
            _ => (self.foreign(token, &header).await?, LEEWAY_SECONDS),
        };
        Ok(Verified::of(OperatorClaims::of(claims)?, leeway))
    }

    async fn foreign(&self, token: &str, header: &Header) -> Result<Value, Failure> {
        let validation = self.demands.validation(header.algorithm);
        let by = |keys: &[PublicKey]| {
            let fitting = keys.iter().filter(|key| key.may_have_signed(header));
            by_any(fitting.map(|key| &key.key), token, &validation)
        };
        let fixed = by(&self.fixed);
        let (Err(before), Some(published)) = (&fixed, &self.published) else {
            return fixed;
        };
        if !matches!(before, Failure::UnknownKey | Failure::Signature) {
            return fixed;
        }
        let found = by(&published.with(header.kid.as_deref()).await);
        match found {
            Err(Failure::UnknownKey) => fixed,
            found => found,
        }
    }
}

impl Demands {
    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        let mut required = vec!["exp"];
        if !self.issuers.is_empty() {
            validation.set_issuer(&self.issuers);
            required.push("iss");
        }
        if !self.audiences.is_empty() {
            validation.set_audience(&self.audiences);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}
