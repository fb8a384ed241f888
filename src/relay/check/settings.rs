//! What is set: contradictions, secrets, whose pages and proxies are believed.

use super::{
    MEND, files,
    item::{Item, told},
};
use crate::{
    config::{Ack, ClusterError, Config, Origin, SecretsError, log_directives},
    server::{Origins, Settings},
};

pub fn items(config: &Config, cluster: Option<&ClusterError>) -> Vec<Item> {
    let mut items: Vec<Item> = refusals(config, cluster)
        .into_iter()
        .map(|refusal| Item::wrong("settings", refusal, MEND))
        .collect();
    if items.is_empty() {
        items.push(Item::ok("settings", mode(config)));
    }
    // Which secrets are needed depends on where the data is.
    if cluster.is_none() {
        items.extend(secrets(config));
    }
    match config.settings() {
        Ok(settings) => {
            items.push(cors(&settings.origins, config.cluster.is_some()));
            items.push(proxies(&settings, config.cluster.is_some()));
            let public_url = config.files.settings().public_url;
            items.push(files::addresses(&settings.origins, &public_url));
        }
        // Told of above.
        Err(_) => items.push(Item::unseen("cors", "the settings")),
    }
    items
}

/// Every sentence that a start would end with, and not the first alone.
fn refusals(config: &Config, cluster: Option<&ClusterError>) -> Vec<String> {
    let (settings, log) = (config.settings().err(), log_directives().err());
    let cluster = cluster.map(|error| told(error));
    let others = [settings, log].into_iter().flatten();
    cluster
        .into_iter()
        .chain(others.map(|error| told(&error)))
        .collect()
}

fn mode(config: &Config) -> String {
    if config.cluster.is_none() {
        let dir = config.keys.data_dir.display();
        return format!("embedded, one process with its data in {dir}; no contradictions");
    }
    let ack = match config.ack() {
        Ok(Ack::Stored) => "stored",
        _ => "accepted",
    };
    let prefix = &config.redis_prefix;
    format!("a cluster on Redis (keys {prefix}:*) and Postgres, ACK={ack}; no contradictions")
}

fn secrets(config: &Config) -> Vec<Item> {
    let looked = config.look_at_secrets();
    let jwt = match looked.jwt {
        Ok(None) => Item::ok(
            "secrets",
            "JWT_SECRET is not set: others sign operators' tokens",
        ),
        Ok(Some(origin)) => secret("JWT_SECRET", Ok(origin)),
        Err(error) => secret("JWT_SECRET", Err(error)),
    };
    let mut items = vec![jwt, secret("SIGNING_KEY", looked.signing)];
    if let Err(error) = looked.foreign {
        items.push(Item::wrong("secrets", told(&error), MEND));
    }
    items
}

fn secret(name: &str, origin: Result<Origin, SecretsError>) -> Item {
    match origin {
        Ok(Origin::Environment) => Item::ok("secrets", format!("{name} is set")),
        Ok(Origin::DataDir) => Item::ok("secrets", format!("{name} is in DATA_DIR")),
        Ok(Origin::ToBeMade) => {
            let found = format!("{name} is not set: the first start makes one in DATA_DIR");
            Item::ok("secrets", found)
        }
        Err(error) => Item::wrong("secrets", told(&error), MEND),
    }
}

fn cors(origins: &Origins, shared: bool) -> Item {
    const LIST: &str = "set CORS_ORIGIN to the origins of your pages, as https://www.example.com";
    match origins {
        Origins::Own { loopback: true } => {
            let found = "CORS_ORIGIN is not set: pages of the relay's own origin and of this machine may connect";
            Item::ok("cors", found)
        }
        Origins::Own { loopback: false } if shared => {
            let found = "CORS_ORIGIN is not set: no page of another origin than the relay's own may connect";
            Item::warn("cors", found, LIST)
        }
        Origins::Own { .. } => Item::ok("cors", "only pages of the relay's own origin may connect"),
        Origins::Any => {
            let found = "CORS_ORIGIN is *: any page may connect, and no login by cookie is taken";
            Item::warn("cors", found, LIST)
        }
        Origins::Listed(listed) => {
            let is_plain = |origin: &&String| origin.starts_with("http://");
            let plain: Vec<&str> = listed.iter().filter(is_plain).map(String::as_str).collect();
            let all = listed.join(", ");
            if plain.is_empty() {
                return Item::ok("cors", format!("pages of {all} may connect"));
            }
            let found = format!("pages of {all} may connect, of which some come without TLS");
            Item::warn(
                "cors",
                found,
                format!("serve {} by https", plain.join(", ")),
            )
        }
    }
}

fn proxies(settings: &Settings, shared: bool) -> Item {
    if !settings.proxies.is_empty() {
        return Item::ok("proxies", "TRUSTED_PROXIES is set");
    }
    let found = "TRUSTED_PROXIES is not set: whoever connects is the client";
    if !shared {
        return Item::ok("proxies", found);
    }
    let found = format!("{found}, so behind a load balancer all clients share one limit");
    let advice = "set it to the addresses of the load balancer, if there is one, as 10.0.0.0/8";
    Item::warn("proxies", found, advice)
}

/// Whether keys of others can be fetched, if that is how operators' tokens are verified.
pub async fn published(config: &Config) -> Option<Item> {
    let source = config.look_at_secrets().foreign.ok()?.published?;
    // It has a bound of its own.
    Some(match source.count().await {
        Ok(0) => Item::warn(
            "jwks",
            "JWKS_URL gives no key that verifies operators' tokens",
            "look at what is published there: RS256, ES256 and EdDSA keys are taken",
        ),
        Ok(count) => Item::ok("jwks", format!("keys at JWKS_URL: {count}")),
        Err(error) => Item::fail(
            "jwks",
            format!("JWKS_URL: {error}"),
            "let this machine reach it, without a proxy: until then no token of it is taken",
        ),
    })
}
