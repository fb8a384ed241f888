use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use moka::sync::Cache;
use object_store::path::Path;

use crate::model::Attachment;

/// Pictures as data URLs, in bytes of text: whoever is told of the same one in the next minutes gets the same text.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// One that is not read again has been told to all who were there.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// So long a reader of the log waits for a picture; then it is told where it is.
pub const WAIT: Duration = Duration::from_secs(3);

/// Of the pictures that were told lately; `None` for what could not be read.
pub struct Inline(Cache<Path, Option<Arc<str>>>);

impl Default for Inline {
    fn default() -> Self {
        let weight = |path: &Path, text: &Option<Arc<str>>| {
            let bytes = path.as_ref().len() + text.as_ref().map_or(0, |text| text.len());
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(CACHE_BYTES)
            .weigher(weight)
            .time_to_idle(KEPT);
        Self(cache.build())
    }
}

impl Inline {
    pub fn knows(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    pub fn get(&self, path: &Path) -> Option<Arc<str>> {
        self.0.get(path).flatten()
    }

    pub fn put(&self, path: Path, file: &Attachment, bytes: &[u8]) {
        let text = format!("data:{};base64,{}", file.mime, STANDARD.encode(bytes));
        self.0.insert(path, Some(text.into()));
    }

    pub fn give_up(&self, path: Path) {
        self.0.insert(path, None);
    }
}
