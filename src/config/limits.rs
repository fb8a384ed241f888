//! What one client may ask of the relay, in which words, and whose word is taken for whom it is.

use std::time::Duration;

use clap::Args;

use crate::{chat::Rates, hub::Limit, server::Proxies};

#[derive(Clone, Debug, Args)]
pub struct Limits {
    /// Messages of a guest: so many in so long, counted from the first; 0 for no limit.
    #[arg(long, env = "RATE_GUEST", default_value = "5/1s", value_name = "COUNT/DURATION", value_parser = limit)]
    rate_guest: Limit,
    /// Messages of an operator.
    #[arg(long, env = "RATE_OPERATOR", default_value = "100/60s", value_name = "COUNT/DURATION", value_parser = limit)]
    rate_operator: Limit,
    /// New connections of one address.
    #[arg(long, env = "RATE_HANDSHAKE", default_value = "20/1s", value_name = "COUNT/DURATION", value_parser = limit)]
    pub rate_handshake: Limit,
    /// New sessions from one address in a workspace; an office shares one.
    #[arg(long, env = "RATE_SESSION", default_value = "20/10m", value_name = "COUNT/DURATION", value_parser = limit)]
    rate_session: Limit,
    /// Files of one person, in a message or before it.
    #[arg(long, env = "RATE_UPLOAD", default_value = "40/60s", value_name = "COUNT/DURATION", value_parser = limit)]
    rate_upload: Limit,
    /// Attempts to log in as one operator from one address; from all together ten times as many.
    #[arg(long, env = "RATE_LOGIN", default_value = "10/5m", value_name = "COUNT/DURATION", value_parser = limit)]
    pub rate_login: Limit,
    /// Attempts to log in from one address, as whomever.
    #[arg(long, env = "RATE_LOGIN_NETWORK", default_value = "60/5m", value_name = "COUNT/DURATION", value_parser = limit)]
    pub rate_login_network: Limit,
    /// Addresses and ranges of proxies whose X-Forwarded-For is believed, by comma; unset: none.
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "RANGES")]
    trusted_proxies: Option<Proxies>,
    /// Whether clients of Socket.IO 2 are let in, which speak Engine.IO v3.
    #[arg(long, env = "ALLOW_EIO3", default_value_t = false, num_args = 0..=1,
        default_missing_value = "true", action = clap::ArgAction::Set)]
    pub allow_eio3: bool,
}

/// Pages that an operator may ask for over REST, for each message that it may send.
const READS: u32 = 10;
/// The longest window: who is counted is kept for so long.
const WINDOW_MAX: Duration = Duration::from_secs(24 * 60 * 60);

impl Limits {
    pub fn proxies(&self) -> Proxies {
        self.trusted_proxies.clone().unwrap_or_default()
    }

    /// Of pages over REST: several may go with a message.
    pub fn rate_read(&self) -> Limit {
        self.rate_operator.times(READS)
    }

    pub fn rates(&self) -> Rates {
        Rates {
            guest: self.rate_guest,
            operator: self.rate_operator,
            start: self.rate_session,
            upload: self.rate_upload,
        }
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    const MEANT: &str =
        "must be a number above 0 and a duration of at most 24h, as 5/1s, or 0 for no limit";
    if text == "0" {
        return Ok(Limit::OFF);
    }
    parsed(text).ok_or_else(|| MEANT.to_owned())
}

fn parsed(text: &str) -> Option<Limit> {
    let (max, window) = text.split_once('/')?;
    let max = max.parse().ok().filter(|max| *max > 0)?;
    let window = humantime::parse_duration(window).ok()?;
    let window_ms = u64::try_from(window.as_millis()).ok()?;
    (window_ms > 0 && window <= WINDOW_MAX).then_some(Limit { max, window_ms })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        limits: Limits,
    }

    #[test]
    fn clients_of_version_two_are_let_in_where_that_is_said() {
        let said = |flags: &[&str]| {
            let words = ["switchboard"].iter().chain(flags);
            Alone::try_parse_from(words).map(|alone| alone.limits.allow_eio3)
        };
        assert!(matches!(said(&[]), Ok(false)));
        assert!(matches!(said(&["--allow-eio3"]), Ok(true)));
        assert!(matches!(said(&["--allow-eio3=true"]), Ok(true)));
        assert!(matches!(said(&["--allow-eio3=false"]), Ok(false)));
        assert!(said(&["--allow-eio3=3"]).is_err());
    }

    #[test]
    fn a_limit_is_a_number_and_a_time() {
        let of = |max, window_ms| Ok(Limit { max, window_ms });
        assert_eq!(limit("5/1s"), of(5, 1_000));
        assert_eq!(limit("20/10m"), of(20, 600_000));
        assert_eq!(limit("1/24h"), of(1, 86_400_000));
        assert_eq!(limit("0"), Ok(Limit::OFF));
        for wrong in [
            "",
            "5",
            "/",
            "5/",
            "/1s",
            "0/1s",
            "-1/1s",
            "5/0s",
            "5/1",
            "5/1us",
            "5/25h",
            "x/1s",
            "5/x",
            "4294967296/1s",
            "5/1s/1s",
        ] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }
}
