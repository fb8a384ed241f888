use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{
    Rest,
    body::Body,
    caller::{Caller, unauthorized},
    cookie,
    me::Me,
    problem::{Problem, Shown},
};
use crate::{
    hub::Rate,
    model::{
        Account, Address, Code, OperatorId, PasswordHash, Reject, WorkspaceId, limits, timestamp,
    },
    server::auth::{Keyring, OperatorClaims},
};

/// From all networks together an account may be tried so much more often than from one.
const EVERYWHERE: u32 = 10;
/// For its turn to be looked at.
const TURN: Duration = Duration::from_secs(5);
/// What a password that nobody has is compared with, in as much time: of 32 random bytes that were thrown away.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$A1uypTmjoSFdw7Z1VlrwmA$ca7zm5ctHVBY478km7OdoLuLI0bpd/SzQqAS3BIotug";

/// A login that has succeeded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// For `Authorization: Bearer`, and for `auth.token` of a socket. The cookie holds the same.
    token: String,
    #[schema(format = DateTime)]
    expires_at: String,
    operator: Me,
}

/// What a login takes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is read field by field, and described here")]
pub struct Credentials {
    /// `default` if left out.
    #[schema(min_length = 1, max_length = 128)]
    workspace: Option<String>,
    /// The operator's id.
    #[schema(min_length = 1, max_length = 128)]
    operator: String,
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
}

/// Log in with a password. Sets a cookie, and returns the same token for those who keep it themselves.
///
/// Who is not known, is disabled or says a wrong password is told the same. Attempts are limited by account
/// (RATE_LOGIN) and by network (RATE_LOGIN_NETWORK).
#[utoipa::path(
    post, path = "/api/v1/login", tag = "Who asks", security(()),
    request_body(content = inline(Credentials)),
    responses(
        (status = 200, description = "Logged in", body = Login, headers(("Set-Cookie" = String, description = "The login, HttpOnly"))),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn login(
    State(rest): State<Arc<Rest>>,
    Extension(address): Extension<Address>,
    headers: HeaderMap,
    Body(fields): Body,
) -> Result<Response, Problem> {
    let workspace = text(&fields, "workspace", limits::ID_BYTES)?.unwrap_or("default");
    let operator = required(&fields, "operator", limits::ID_BYTES)?;
    let password = required(&fields, "password", limits::PASSWORD_BYTES)?;
    let (workspace, operator) = (WorkspaceId::new(workspace), OperatorId::new(operator));
    rest.signer()?;
    rest.charge_login(&workspace, &operator, address).await?;
    // A password that is changed from here on makes this login void.
    let asked = rest.parts.clock.now() / 1000;
    let account = rest.parts.accounts.operator(&workspace, &operator).await;
    let account = account.map_err(|_| Reject::unavailable())?;
    let known = account.as_ref().and_then(|it| it.password.clone());
    let is_right = rest.is_right(password, known).await?;
    match account.filter(|account| is_right && !account.disabled) {
        Some(account) => rest.logged_in(&account, asked, &headers),
        None => {
            rest.parts
                .metrics
                .rest
                .logins
                .with_label_values(&["refused"])
                .inc();
            Err(unauthorized("Unknown operator or wrong password"))
        }
    }
}

/// Forget the cookie of a login. The token itself stays good until its end.
#[utoipa::path(
    post, path = "/api/v1/logout", tag = "Who asks",
    responses(
        (status = 204, description = "Forgotten", headers(("Set-Cookie" = String, description = "Takes the login away"))),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn logout(_: Caller, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie::clear(&headers) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Why there is no hash of a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error(
        "a password has {} to {} bytes",
        limits::PASSWORD_BYTES_MIN,
        limits::PASSWORD_BYTES
    )]
    Length,
    #[error("the password cannot be hashed")]
    Hash,
}

/// With a salt of its own. Takes some tens of milliseconds of a core.
pub fn hash_password(password: &str) -> Result<PasswordHash, PasswordError> {
    if !(limits::PASSWORD_BYTES_MIN..=limits::PASSWORD_BYTES).contains(&password.len()) {
        return Err(PasswordError::Length);
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    let hash = hash.map_err(|_| PasswordError::Hash)?;
    Ok(PasswordHash(hash.to_string()))
}

impl Rest {
    /// By the network, so that nobody tries many accounts; by the account there, so that nobody guesses; and by the
    /// account from everywhere, so that nobody guesses from many places. That one is wider: who knows an
    /// operator's id is not to lock it out so easily.
    async fn charge_login(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        address: Address,
    ) -> Result<(), Problem> {
        let (limit, network) = (self.settings.rate_login, address.network());
        let account = format!("{}:{workspace}:{operator}", workspace.as_str().len());
        let everywhere = limit.times(EVERYWHERE);
        let all = self.settings.rate_login_network;
        self.charge(all.rate("login_network", &network)).await?;
        let here = format!("{network}:{account}");
        self.charge(limit.rate("login", &here)).await?;
        self.charge(everywhere.rate("login_account", &account))
            .await
    }

    /// A hub that is away counts nothing, and nobody gets in by guessing meanwhile.
    pub(super) async fn charge(&self, rate: Option<Rate>) -> Result<(), Problem> {
        let Some(rate) = rate else { return Ok(()) };
        let charged = self.parts.hub.charge(&rate).await;
        match charged.map_err(|_| Reject::unavailable())? {
            None => Ok(()),
            Some(retry_after_ms) => {
                self.hit_limit(rate.name());
                Err(Reject::limited("Too many attempts, please wait", retry_after_ms).into())
            }
        }
    }

    /// Without a known hash in as much time, so that the time does not tell who is known.
    pub(super) async fn is_right(
        &self,
        password: &str,
        known: Option<PasswordHash>,
    ) -> Result<bool, Problem> {
        let exists = known.is_some();
        let hash = known.map_or_else(|| NOBODY.to_owned(), |hash| hash.0);
        let password = password.to_owned();
        let compare = move || {
            let hash = phc::PasswordHash::new(&hash);
            hash.is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            })
        };
        Ok(self.apart(compare).await? && exists)
    }

    /// What takes a core for a moment, beside those that serve, and few at a time.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(Ok(_turn)) = timeout(TURN, self.passwords.acquire()).await else {
            self.hit_limit("passwords");
            return Err(Reject::unavailable().into());
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Reject::unavailable().into())
    }

    pub(super) fn logged_in(
        &self,
        account: &Account,
        now: u64,
        headers: &HeaderMap,
    ) -> Result<Response, Problem> {
        let life = self.settings.login_life.as_secs();
        let claims = OperatorClaims {
            sub: account.id.clone(),
            name: account.name.clone(),
            workspace: account.workspace.clone(),
            role: account.role,
            // A password that was changed within this second makes tokens good from the next one on.
            iat: now.max(account.valid_from),
            exp: now + life,
        };
        let signed = self.signer()?.sign(&claims);
        let token = signed.ok_or_else(Reject::unavailable)?;
        self.parts
            .metrics
            .rest
            .logins
            .with_label_values(&["granted"])
            .inc();
        let cookie = cookie::set(&token, life, headers);
        let login = Login {
            token,
            expires_at: timestamp(claims.exp * 1000),
            operator: Me::from(&claims),
        };
        let mut response = ([(CACHE_CONTROL, "no-store")], Json(login)).into_response();
        if let Some(cookie) = cookie {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    fn signer(&self) -> Result<&Keyring, Problem> {
        self.parts.jwt.as_ref().ok_or_else(|| {
            let says =
                "Nobody logs in here with a password: the relay has no JWT_SECRET to sign with";
            Reject::new(Code::Forbidden, says).into()
        })
    }

    pub(super) fn hit_limit(&self, limit: &str) {
        self.parts
            .metrics
            .server
            .refused
            .with_label_values(&[limit])
            .inc();
    }
}

/// A text of a body that no event has.
pub fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
    max_bytes: usize,
) -> Result<Option<&'a str>, Problem> {
    let text = match fields.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.as_str(),
        Some(_) => return Err(Reject::field(name, format!("{name} must be a string")).into()),
    };
    if text.is_empty() || text.len() > max_bytes || text.contains('\0') {
        let says = format!("{name} must have 1 to {max_bytes} bytes, and no NUL");
        return Err(Reject::field(name, says).into());
    }
    Ok(Some(text))
}

pub fn required<'a>(
    fields: &'a Map<String, Value>,
    name: &'static str,
    max_bytes: usize,
) -> Result<&'a str, Problem> {
    let text = text(fields, name, max_bytes)?;
    text.ok_or_else(|| Reject::field(name, format!("{name} is missing")).into())
}
