//! The file of a message, in the words that several vocabularies share.

use serde_json::{Map, Value, json};

use crate::model::Attachment;

/// As the native vocabulary names it: `{name, mimeType, size, url, width?, height?, thumbnailUrl?}`, sizes in bytes
/// and pixels.
pub(super) fn described(file: &Attachment) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("name", file.name.as_str().into());
    put("mimeType", file.mime.as_str().into());
    put("size", file.size.into());
    if let (Some(width), Some(height)) = (file.width, file.height) {
        put("width", width.into());
        put("height", height.into());
    }
    if let Some(links) = &file.links {
        put("url", links.url.as_str().into());
        if let Some(thumbnail) = &links.thumbnail {
            put("thumbnailUrl", thumbnail.as_str().into());
        }
    }
    fields
}

/// For front ends that put it where a picture is shown: the picture itself, else where it is.
pub(super) fn image(file: &Attachment, is_inline: bool) -> Value {
    let Some(links) = &file.links else {
        return Value::Null;
    };
    let inline = links.inline.as_ref().filter(|_| is_inline);
    inline.map_or_else(|| json!(links.url), |text| json!(**text))
}
