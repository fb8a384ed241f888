use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Failure, Identity, Keyring};
use crate::model::{OperatorId, RecoveryId, Role, SessionId, WorkspaceId, limits};

/// An operator's token, made by `switchboard token` or by the site's own backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorClaims {
    pub sub: OperatorId,
    #[serde(default)]
    pub name: String,
    pub workspace: WorkspaceId,
    #[serde(default)]
    pub role: Role,
    /// Seconds since the Unix epoch, as in every JWT.
    #[serde(default)]
    pub iat: u64,
    pub exp: u64,
}

/// A guest's resume token: whoever holds it is the guest of that session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestClaims {
    aud: String,
    pub workspace: WorkspaceId,
    pub session: SessionId,
    /// Messages up to this number are not for it.
    #[serde(default)]
    pub since: u64,
    pub iat: u64,
    pub exp: u64,
}

/// A socket's `pid`: names the record it may be recovered from. It ends with the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PidClaims {
    aud: String,
    pub rid: RecoveryId,
    pub nsp: String,
}

impl OperatorClaims {
    pub fn verify(keys: &Keyring, token: &str) -> Option<Self> {
        let claims = keys.check(token, None).and_then(Self::of);
        claims.ok()
    }

    /// Whoever has no name is called by its id.
    pub fn called(&self) -> &str {
        if self.name.is_empty() {
            self.sub.as_str()
        } else {
            &self.name
        }
    }

    /// Of a token that is verified.
    pub(super) fn of(claims: Value) -> Result<Self, Failure> {
        // Whatever the settings say: what is for guests or sockets is of no operator.
        let of_others = |it: &Value| it == GuestClaims::AUDIENCE || it == PidClaims::AUDIENCE;
        let is_for_others = match &claims["aud"] {
            Value::Array(all) => all.iter().any(of_others),
            one => of_others(one),
        };
        if is_for_others {
            return Err(Failure::Claims);
        }
        let claims = serde_json::from_value(claims).ok();
        claims.filter(Self::can_be_stored).ok_or(Failure::Claims)
    }

    /// These are in every message and every row that the operator has to do with. `guest` is what the
    /// guest is called where both may be meant, and there is no workspace of some names.
    fn can_be_stored(&self) -> bool {
        let (id, workspace) = (self.sub.as_str(), self.workspace.as_str());
        let texts = [
            (id, limits::ID_BYTES),
            (workspace, limits::ID_BYTES),
            (&self.name, limits::NAME_BYTES),
        ];
        let fits = |(text, max): (&str, usize)| text.len() <= max && !text.contains('\0');
        let is_somebody = !id.is_empty() && id != "guest";
        let is_somewhere = !workspace.is_empty() && WorkspaceId::is_name(workspace);
        texts.into_iter().all(fits) && is_somebody && is_somewhere
    }
}

impl GuestClaims {
    pub const AUDIENCE: &str = "guest";
    /// A guest may come back for so long.
    const LIFE_SECONDS: u64 = 30 * 24 * 60 * 60;
    /// One that the site has verified: as long as it would come back by its identity.
    const VERIFIED_LIFE_SECONDS: u64 = Identity::LIFE_SECONDS;

    pub fn new(workspace: WorkspaceId, session: SessionId, now_seconds: u64) -> Self {
        let exp = now_seconds + Self::LIFE_SECONDS;
        Self {
            aud: Self::AUDIENCE.into(),
            workspace,
            session,
            since: 0,
            iat: now_seconds,
            exp,
        }
    }

    #[must_use]
    pub fn since(self, since: u64) -> Self {
        Self { since, ..self }
    }

    /// Of a guest whom the site has verified, or not.
    #[must_use]
    pub fn verified(self, verified: bool) -> Self {
        let life = if verified {
            Self::VERIFIED_LIFE_SECONDS
        } else {
            Self::LIFE_SECONDS
        };
        let exp = self.iat + life;
        Self { exp, ..self }
    }

    pub fn verify(keys: &Keyring, token: &str) -> Option<Self> {
        keys.verify(token, Some(Self::AUDIENCE))
    }
}

impl PidClaims {
    pub const AUDIENCE: &str = "pid";

    pub fn new(rid: RecoveryId, nsp: String) -> Self {
        Self {
            aud: Self::AUDIENCE.into(),
            rid,
            nsp,
        }
    }

    pub fn verify(keys: &Keyring, token: &str) -> Option<Self> {
        keys.verify(token, Some(Self::AUDIENCE))
    }
}
