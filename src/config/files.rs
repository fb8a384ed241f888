//! Where files go, and which are taken.

use clap::Args;

use super::{Span, count};
use crate::files::{FileSettings, KINDS, StorePlace};

#[derive(Clone, Debug, Args)]
pub struct FileArgs {
    /// Where files of messages go: a folder that all pods share, or s3://BUCKET/PREFIX; unset: the folder `files`
    /// in DATA_DIR, and Postgres with REDIS_URL.
    #[arg(long, env = "FILES", value_name = "PLACE")]
    files: Option<StorePlace>,
    /// Where pages of other sites reach this deployment, as https://chat.example.com: addresses of files begin with
    /// it; unset: they are on the page's own site.
    #[arg(long, env = "PUBLIC_URL", default_value = "", value_parser = public_url, hide_default_value = true)]
    public_url: String,
    /// Largest file of a guest, in bytes.
    #[arg(long, env = "MAX_UPLOAD", default_value_t = 5_000_000, value_parser = count)]
    max_upload: usize,
    /// Largest file of an operator, in bytes.
    #[arg(long, env = "MAX_UPLOAD_STAFF", default_value_t = 20_000_000, value_parser = count)]
    max_upload_staff: usize,
    /// Types of files that are taken, by comma; unset: pictures, PDF, plain text, ZIP, office documents, sound and
    /// video.
    #[arg(long, env = "FILE_TYPES", value_delimiter = ',', value_parser = kind)]
    file_types: Vec<String>,
    /// How long the address of a file opens it, at least.
    #[arg(long, env = "FILE_URL_LIFE", default_value = "24h")]
    file_url_life: Span,
}

impl FileArgs {
    pub fn place(&self) -> Option<&StorePlace> {
        self.files.as_ref()
    }

    pub fn url_life(&self) -> Span {
        self.file_url_life
    }

    pub fn settings(&self) -> FileSettings {
        let kinds = if self.file_types.is_empty() {
            KINDS.iter().map(|kind| (*kind).to_owned()).collect()
        } else {
            self.file_types.clone()
        };
        FileSettings {
            public_url: self.public_url.clone(),
            max_guest: self.max_upload,
            max_staff: self.max_upload_staff,
            kinds,
            url_life_seconds: self.file_url_life.0.as_secs(),
        }
    }
}

fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim().trim_end_matches('/');
    let place = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    let is_place = |place: &str| !place.is_empty() && !place.contains(['?', '#', '@', ' ']);
    if url.is_empty() || place.is_some_and(is_place) {
        return Ok(url.to_owned());
    }
    Err("must be an address as https://chat.example.com, with no query and no password".into())
}

fn kind(text: &str) -> Result<String, String> {
    let kind = text.trim().to_ascii_lowercase();
    match kind.as_str() {
        "image/svg+xml" | "text/html" | "text/xml" | "application/xhtml+xml" => {
            Err("may hold scripts and is never taken".into())
        }
        _ if kind.contains('/') => Ok(kind),
        _ => Err("must be a type as image/png".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web() {
        let taken = |text| public_url(text).ok();
        assert_eq!(taken(""), Some(String::new()));
        for (said, kept) in [
            ("https://chat.example.com/", "https://chat.example.com"),
            ("http://localhost:3001", "http://localhost:3001"),
            ("https://example.com/chat/", "https://example.com/chat"),
        ] {
            assert_eq!(taken(said).as_deref(), Some(kept));
        }
        for wrong in [
            "chat",
            "ftp://a",
            "https://",
            "https://a b",
            "https://a?x=1",
            "http://u:p@a",
        ] {
            assert_eq!(taken(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_may_hold_scripts_is_never_taken() {
        assert_eq!(kind(" Image/PNG "), Ok("image/png".to_owned()));
        for wrong in ["image/svg+xml", "text/html", "png", ""] {
            assert!(kind(wrong).is_err(), "{wrong}");
        }
    }
}
