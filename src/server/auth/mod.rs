//! Who somebody is: signed tokens, and nothing that a payload claims.

mod cookie;
mod keyring;
mod tokens;

pub use cookie::{LOGIN_COOKIE, login_cookie};
pub use keyring::{Keyring, KeyringError};
pub use tokens::{GuestClaims, OperatorClaims, PidClaims};
