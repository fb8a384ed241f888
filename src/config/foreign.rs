use clap::Args;

use super::{SecretsError, secrets::from_environment};
use crate::server::auth::{Demands, Foreign, GuestClaims, Pace, PidClaims, PublicKey, Source};

/// Whose tokens of operators are taken beside our own; `JWT_PUBLIC_KEY` is in the environment.
#[derive(Clone, Debug, Args)]
pub struct Issuers {
    /// Where the public keys for operators' tokens are published, as a JWKS.
    #[arg(long, env = "JWKS_URL")]
    jwks_url: Option<String>,
    /// Issuers (iss), by comma, of tokens that JWT_PUBLIC_KEY or JWKS_URL verifies; unset: any.
    #[arg(long, env = "JWT_ISSUER", value_delimiter = ',')]
    jwt_issuer: Vec<String>,
    /// Audiences (aud), by comma, of which such tokens name one; unset: they name none.
    #[arg(long, env = "JWT_AUDIENCE", value_delimiter = ',')]
    jwt_audience: Vec<String>,
}

impl Issuers {
    pub(super) fn foreign(&self) -> Result<Foreign, SecretsError> {
        let fixed = match from_environment("JWT_PUBLIC_KEY")? {
            Some(text) => PublicKey::all_of_pem(&text).map_err(SecretsError::PublicKey)?,
            None => Vec::new(),
        };
        let published = self.jwks_url.as_deref().map(Source::new).transpose();
        let foreign = Foreign {
            fixed,
            published: published.map_err(SecretsError::Jwks)?,
            pace: Pace::default(),
            demands: Demands {
                issuers: self.jwt_issuer.clone(),
                audiences: self.jwt_audience.clone(),
            },
        };
        let is_ours = |audience: &String| {
            [GuestClaims::AUDIENCE, PidClaims::AUDIENCE].contains(&audience.as_str())
        };
        if let Some(ours) = self.jwt_audience.iter().find(|it| is_ours(it)) {
            return Err(SecretsError::Audience(ours.clone()));
        }
        let demands = [
            ("JWT_ISSUER", &self.jwt_issuer),
            ("JWT_AUDIENCE", &self.jwt_audience),
        ];
        for (name, demanded) in demands {
            if demanded.iter().any(String::is_empty) {
                return Err(SecretsError::Blank(name));
            }
            if !demanded.is_empty() && !foreign.is_there() {
                return Err(SecretsError::NoForeign(name));
            }
        }
        Ok(foreign)
    }
}
