//! Who somebody is: signed tokens, and nothing that a payload claims.

mod keyring;
mod tokens;

pub use keyring::{Keyring, KeyringError};
pub use tokens::{GuestClaims, OperatorClaims, PidClaims};
