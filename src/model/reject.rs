use std::fmt;

/// Why a command was refused. The text is for a person; `code` and `field` are for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    pub code: Code,
    pub message: String,
    /// The offending field of the request, if it was one.
    pub field: Option<&'static str>,
    pub retry_after_ms: Option<u64>,
}

/// The closed set of refusals, the same for acks and for HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    Invalid,
    Unauthorized,
    Forbidden,
    NotFound,
    Taken,
    Ended,
    Conflict,
    TooLarge,
    RateLimited,
    Unavailable,
    /// Accepted, but not known to be stored in time: neither failed nor done.
    Pending,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Taken => "taken",
            Self::Ended => "ended",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Pending => "pending",
        }
    }
}

impl Reject {
    /// By trouble that passes: what was asked for may be asked for again.
    pub fn is_passing(&self) -> bool {
        matches!(
            self.code,
            Code::RateLimited | Code::Unavailable | Code::Pending
        )
    }

    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after_ms: None,
        }
    }

    /// A field that is missing, of the wrong type or out of its range.
    pub fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            ..Self::new(Code::Invalid, message)
        }
    }

    /// The session has ended, or was never there: asking again changes nothing.
    pub fn is_final(&self) -> bool {
        matches!(self.code, Code::Ended | Code::NotFound)
    }

    pub fn limited(message: impl Into<String>, retry_after_ms: u64) -> Self {
        Self {
            retry_after_ms: Some(retry_after_ms),
            ..Self::new(Code::RateLimited, message)
        }
    }

    /// Accepted, and not known to be stored in time: the same request may be sent again with the same ids.
    pub fn pending() -> Self {
        Self {
            retry_after_ms: Some(1000),
            ..Self::new(
                Code::Pending,
                "Accepted, but not known to be stored yet; ask again with the same id",
            )
        }
    }

    /// Trouble that passes: the same request may be sent again with the same ids.
    pub fn unavailable() -> Self {
        Self {
            retry_after_ms: Some(1000),
            ..Self::new(
                Code::Unavailable,
                "The service is briefly unavailable, please try again",
            )
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}
