//! Who somebody is: signed tokens, and nothing that a payload claims.

mod check;
mod cookie;
mod failure;
mod header;
mod identity;
mod jwks;
mod keyring;
mod public_key;
mod tokens;
mod verifier;

pub use cookie::{LOGIN_COOKIE, login_cookie};
pub use failure::Failure;
pub use identity::Identity;
pub use jwks::{Pace, Source, SourceError};
pub use keyring::{Keyring, KeyringError};
pub use public_key::{PublicKey, PublicKeyError};
pub use tokens::{GuestClaims, OperatorClaims, PidClaims};
pub use verifier::{Demands, Foreign, Verified, Verifier};
