//! Where the load goes, and who may read it there.

use anyhow::Context;
use clap::Args;
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::json;

#[derive(Clone, Debug, Args)]
pub struct Target {
    /// Address of the relay. Several, by comma or by repeating it, are used in turn.
    #[arg(
        long = "url",
        env = "SWITCHBOARD_URL",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:3001",
        value_parser = address
    )]
    pub urls: Vec<String>,
    /// Of an operator, from `switchboard token`; every operator here uses it.
    #[arg(
        long,
        alias = "operator-token",
        env = "OPERATOR_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// The relay's secret, to sign a token for each operator instead; of a list the first.
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    jwt_secret: Option<String>,
    #[arg(long, default_value = "default")]
    pub workspace: String,
}

impl Target {
    /// One address after the other, over and over.
    pub fn url(&self, number: usize) -> &str {
        &self.urls[number % self.urls.len()]
    }

    /// The token given, or one of this operator's own.
    pub fn operator_token(&self, number: usize) -> anyhow::Result<String> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let secret = self
            .jwt_secret
            .as_deref()
            .and_then(|list| list.split([',', '\n']).next())
            .context("operators need --token (see `switchboard token`) or --jwt-secret")?;
        sign(secret.trim(), number, &self.workspace)
    }
}

/// Longer than any run, and no longer than that run's output is of interest.
const TOKEN_SECONDS: u64 = 24 * 60 * 60;

/// What the relay expects of an operator's token.
pub fn sign(secret: &str, number: usize, workspace: &str) -> anyhow::Result<String> {
    let now = get_current_timestamp();
    let claims = json!({
        "sub": format!("load-{number}"),
        "name": format!("Load {number}"),
        "workspace": workspace,
        "role": "agent",
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    });
    let key = EncodingKey::from_secret(secret.as_bytes());
    Ok(encode(&Header::default(), &claims, &key)?)
}

/// Plain HTTP only: a load test of TLS would mostly measure TLS, and of this machine's.
fn address(text: &str) -> Result<String, String> {
    let address = text.trim().trim_end_matches('/');
    match address.strip_prefix("http://") {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(address.to_owned()),
        _ => Err("an address looks like http://127.0.0.1:3001".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        target: Target,
    }

    #[test]
    fn addresses_come_by_comma_or_one_by_one_and_take_turns() {
        for args in [
            &["x", "--url", "http://a:1/,http://b:2"][..],
            &["x", "--url", "http://a:1", "--url", "http://b:2"],
        ] {
            let target = Cli::try_parse_from(args).unwrap().target;
            let turns: Vec<_> = (0..3).map(|number| target.url(number)).collect();
            assert_eq!(turns, ["http://a:1", "http://b:2", "http://a:1"]);
        }
        for wrong in ["a:1", "https://a", "http://", "http://a/chat"] {
            assert!(Cli::try_parse_from(["x", "--url", wrong]).is_err());
        }
    }
}
