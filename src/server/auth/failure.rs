use jsonwebtoken::errors::{Error, ErrorKind};

/// Why a token proves nothing. Told to nobody but the metrics: whoever tries keys learns no more than
/// that it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is none.
    Missing,
    /// It is no JWT.
    Malformed,
    Expired,
    /// A key that it may be signed with says that it is not.
    Signature,
    /// No key here is for its algorithm.
    Algorithm,
    /// It names a key that is not known, or none is known.
    UnknownKey,
    /// It is signed, and not for us, not yet, or not of an operator.
    Claims,
}

impl Failure {
    /// As a metric's label.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Expired => "expired",
            Self::Signature => "signature",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Claims => "claims",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm => Self::Algorithm,
            ErrorKind::MissingRequiredClaim(_)
            | ErrorKind::InvalidClaimFormat(_)
            | ErrorKind::InvalidIssuer
            | ErrorKind::InvalidAudience
            | ErrorKind::InvalidSubject
            | ErrorKind::ImmatureSignature => Self::Claims,
            ErrorKind::InvalidToken
            | ErrorKind::Base64(_)
            | ErrorKind::Json(_)
            | ErrorKind::Utf8(_) => Self::Malformed,
            // The signature, or what only a key that is none could have caused.
            _ => Self::Signature,
        }
    }
}
