//! Who an operator is, by tokens of many kinds.

mod algorithms;
mod attacks;
pub mod ends;
mod identity;
mod keys;
mod rotation;
pub mod source;

use serde_json::Value;
use switchboard::{
    metrics::{Metrics, ServerMetrics},
    server::auth::{Failure, Foreign, Keyring, Verifier},
};

const SECRET: &str = "a secret that has more than 32 bytes";

struct Judge {
    verifier: Verifier,
    metrics: ServerMetrics,
}

impl Judge {
    /// By our own secret as well.
    fn of(foreign: Foreign) -> Self {
        let metrics = Metrics::new().unwrap().server;
        let own = Keyring::new(&[SECRET]).unwrap();
        Self {
            verifier: Verifier::new(Some(own), foreign, metrics.clone()),
            metrics,
        }
    }

    async fn says(&self, token: &str) -> Result<String, Failure> {
        let claims = self.verifier.verify(token).await?;
        Ok(claims.sub.as_str().to_owned())
    }

    fn failures(&self, failure: Failure) -> u64 {
        let failures = &self.metrics.auth_failures;
        failures.with_label_values(&[failure.reason()]).get()
    }

    fn fetches(&self, outcome: &str) -> u64 {
        let fetches = &self.metrics.jwks_fetches;
        fetches.with_label_values(&[outcome]).get()
    }
}

fn own(claims: &Value) -> String {
    Keyring::new(&[SECRET]).unwrap().sign(claims).unwrap()
}
