use hmac::{Hmac, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use sha2::Sha256;

use super::{Keyring, check::by_any, header::Header};
use crate::model::{Proof, WorkspaceId, limits};

/// Who a site says that its visitor is.
///
/// It signs so with a secret that is its workspace's alone and made of ours, so that there is nothing to
/// store, and that of one site tells nothing of another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// By which the site knows it.
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    name: Option<String>,
    email: Option<String>,
    exp: u64,
    #[serde(default)]
    nbf: u64,
}

impl Identity {
    /// Whoever overhears one has it for no longer; a site signs a new one with each page.
    pub const LIFE_SECONDS: u64 = 24 * 60 * 60;

    /// What the site signs with.
    pub fn secret(keys: &Keyring, workspace: &WorkspaceId) -> Option<String> {
        keys.derive(&label(workspace)).into_iter().next()
    }

    pub fn verify(
        keys: &Keyring,
        workspace: &WorkspaceId,
        proof: &Proof,
        now_seconds: u64,
    ) -> Option<Self> {
        let secrets = keys.derive(&label(workspace));
        let (identity, expires_at) = match proof {
            Proof::Token(token) => of_token(token, &secrets, now_seconds)?,
            Proof::Digest {
                id,
                expires_at,
                hmac,
            } => {
                let signed = format!("{id}\n{expires_at}");
                let mut macs = secrets.iter().filter_map(|secret| mac(secret.as_bytes()));
                let is_signed = macs.any(|mac| {
                    let mac = mac.chain_update(&signed);
                    mac.verify_slice(hmac).is_ok()
                });
                let identity = Self {
                    id: id.clone(),
                    name: None,
                    email: None,
                };
                (is_signed.then_some(identity)?, *expires_at)
            }
        };
        let ends = now_seconds + 1..=now_seconds + Self::LIFE_SECONDS;
        (ends.contains(&expires_at) && identity.can_be_stored()).then_some(identity)
    }

    fn can_be_stored(&self) -> bool {
        let fits = |text: Option<&str>, max: usize| {
            text.is_none_or(|text| text.len() <= max && !text.contains('\0'))
        };
        !self.id.is_empty()
            && fits(Some(&self.id), limits::ID_BYTES)
            && fits(self.name.as_deref(), limits::NAME_BYTES)
            && fits(self.email.as_deref(), limits::EMAIL_BYTES)
    }
}

impl Keyring {
    /// For each secret another one that does not tell it, as hexadecimal text: that is what its holder signs
    /// with.
    fn derive(&self, label: &str) -> Vec<String> {
        let macs = self.secrets().filter_map(mac);
        macs.map(|mac| {
            let digest = mac.chain_update(label).finalize().into_bytes();
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        })
        .collect()
    }
}

fn label(workspace: &WorkspaceId) -> String {
    format!("identity:{}", workspace.as_str())
}

/// `None` for no key: it takes any length.
fn mac(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

/// With its end, which is compared with our own clock like that of the other kind.
fn of_token(token: &str, secrets: &[String], now_seconds: u64) -> Option<(Identity, u64)> {
    let header = Header::read(token).ok()?;
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    let keys: Vec<_> = secrets
        .iter()
        .map(|secret| DecodingKey::from_secret(secret.as_bytes()))
        .collect();
    let keys = keys.iter().filter(|_| header.algorithm == Algorithm::HS256);
    let claims: Claims = by_any(keys, token, &validation).ok()?;
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let identity = Identity {
        id: claims.sub,
        name: given(claims.name),
        email: given(claims.email),
    };
    (claims.nbf <= now_seconds).then_some((identity, claims.exp))
}
