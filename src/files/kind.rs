//! What a file is: by its bytes, whatever it is called or said to be.

use super::look::shortened;
use crate::model::{Reject, Upload};

/// Types that are taken unless the settings say otherwise. Nothing of them is run by a browser that shows it: no
/// HTML, no SVG, which may hold scripts.
pub const KINDS: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/plain",
    "application/zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "audio/mpeg",
    "audio/ogg",
    "video/mp4",
    "video/webm",
];
/// Those that are decoded here, to be shown beside a text.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub mime: &'static str,
    extension: &'static str,
}

impl Kind {
    /// That it is another picture than it is called is nobody's harm, that it is no picture is.
    pub fn of(upload: &Upload) -> Result<Self, Reject> {
        let refuse = |text: &str| Reject::field(upload.field, text);
        if upload.bytes.is_empty() {
            return Err(refuse("The file is empty"));
        }
        let kind = Self::found(&upload.bytes)
            .ok_or_else(|| refuse("The type of this file is not known, so it is not taken"))?;
        let said = upload.mime.as_deref().unwrap_or_default();
        let wanted = upload.is_picture || said.starts_with("image/");
        if wanted && !kind.is_picture() {
            return Err(refuse(
                "This is no picture: it must be PNG, JPEG, GIF or WebP",
            ));
        }
        Ok(kind)
    }

    fn found(bytes: &[u8]) -> Option<Self> {
        if let Some(found) = infer::get(bytes) {
            return Some(Self {
                mime: found.mime_type(),
                extension: found.extension(),
            });
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
        // What begins so is markup, which only `infer` is to name.
        let is_markup = text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with('<');
        (text.chars().all(is_plain) && !is_markup).then_some(Self {
            mime: "text/plain",
            extension: "txt",
        })
    }

    pub fn is_picture(&self) -> bool {
        PICTURES.contains(&self.mime)
    }
}

/// What a file is called: the last part of what its sender says, without what a file system or a header would take
/// for something else.
pub fn name(said: Option<&str>, kind: &Kind) -> String {
    let said = said.unwrap_or_default();
    let last = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| is_harmless(*letter)).collect();
    let kept = shortened(kept.trim().trim_start_matches('.'));
    if kept.is_empty() {
        let what = if kind.is_picture() { "image" } else { "file" };
        return format!("{what}.{}", kind.extension);
    }
    kept.to_owned()
}

/// Neither a control nor the beginning of a tag, where somebody shows a name as HTML; nor a mark that turns the
/// direction of what follows, by which `exe.png` ends in another type than it reads.
fn is_harmless(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !letter.is_control() && !matches!(letter, '<' | '>') && !turns
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn of(
        bytes: &'static [u8],
        said: Option<&str>,
        is_picture: bool,
    ) -> Result<&'static str, String> {
        let kind = Kind::of(&Upload {
            bytes: bytes.into(),
            name: None,
            mime: said.map(str::to_owned),
            is_picture,
            field: "file",
        });
        kind.map(|kind| kind.mime).map_err(|reject| reject.message)
    }

    #[test]
    fn the_bytes_say_what_it_is() {
        assert_eq!(of(PNG, Some("image/jpeg"), true), Ok("image/png"));
        assert_eq!(of(PNG, Some("text/plain"), false), Ok("image/png"));
        assert_eq!(of(b"%PDF-1.7 ..", None, false), Ok("application/pdf"));
        assert_eq!(of("grüße\n".as_bytes(), None, false), Ok("text/plain"));
        assert!(of(b"%PDF-1.7 ..", Some("image/png"), false).is_err());
        assert!(of(b"plain", None, true).is_err());
        assert!(of(b"", None, false).is_err());
        assert!(of(b"\x01\x02\x03\x04", None, false).is_err());
    }

    #[test]
    fn markup_is_never_taken() {
        let markup: [&'static [u8]; 5] = [
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>",
            b"\xef\xbb\xbf \n<svg/>",
            b"<!DOCTYPE html><script>alert(1)</script>",
            b"<script>alert(1)</script>",
        ];
        for bytes in markup {
            let taken = of(bytes, None, false).is_ok_and(|mime| KINDS.contains(&mime));
            assert!(!taken, "{}", String::from_utf8_lossy(bytes));
            assert!(of(bytes, Some("image/svg+xml"), true).is_err());
        }
    }

    #[test]
    fn a_name_is_no_path() {
        let png = Kind {
            mime: "image/png",
            extension: "png",
        };
        let named = |said| name(Some(said), &png);
        assert_eq!(named("../../etc/passwd"), "passwd");
        assert_eq!(named("C:\\pictures\\cat.png"), "cat.png");
        assert_eq!(named("a\r\nSet-Cookie: b.png"), "aSet-Cookie: b.png");
        assert_eq!(
            named("<img src=x onerror=y>.png"),
            "img src=x onerror=y.png"
        );
        assert_eq!(named("a\u{202e}gnp.exe"), "agnp.exe");
        assert_eq!(named("  "), "image.png");
        assert_eq!(named(".."), "image.png");
        assert_eq!(name(None, &png), "image.png");
        let long = format!("{}é.png", "x".repeat(300));
        assert!(named(&long).len() <= 200 && named(&long).ends_with("é.png"));
    }
}
