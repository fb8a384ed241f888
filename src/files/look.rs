use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{
    bare::bare,
    kind::Kind,
    picture::{self, Picture, Refused},
};
use crate::model::{Reject, Upload, limits};

/// What was found in a file.
pub struct Looked {
    pub kind: Kind,
    /// To be stored: of a picture, what is seen of it.
    pub bytes: Bytes,
    /// `Attachment::id`, of these.
    pub id: String,
    pub picture: Option<Picture>,
    /// As a data URL, of a picture that can be told as a whole.
    pub inline: Option<Arc<str>>,
}

impl Looked {
    /// `kinds`: what is taken. `largest`: of what is told as a whole, in bytes.
    pub fn at(upload: &Upload, kinds: &[String], largest: usize) -> Result<Self, Reject> {
        let (bytes, field) = (&upload.bytes, upload.field);
        let kind = Kind::of(upload)?;
        if !kinds.iter().any(|taken| *taken == kind.mime) {
            let says = format!("Files of type {} are not taken", kind.mime);
            return Err(Reject::field(field, says));
        }
        let looked = if kind.is_picture() {
            see(bytes).map(|(picture, bare)| (Some(picture), bare))
        } else {
            Ok((None, bytes.clone()))
        };
        let (picture, bytes) =
            looked.map_err(|refused| Reject::field(field, refused.to_string()))?;
        let is_told = picture.is_some() && bytes.len() <= largest;
        Ok(Self {
            inline: is_told.then(|| data_url(kind.mime, &bytes)),
            id: digest(&bytes),
            bytes,
            kind,
            picture,
        })
    }
}

fn see(bytes: &Bytes) -> Result<(Picture, Bytes), Refused> {
    let picture = picture::look(bytes)?;
    let bare = bare(bytes, picture.orientation)?;
    Ok((picture, bare))
}

/// `Attachment::id` of a file that may have been stored, also as somebody has got it from there. What cannot be taken
/// has one as well: nobody else's.
pub fn id(upload: &Upload) -> String {
    let is_picture = Kind::of(upload).is_ok_and(|kind| kind.is_picture());
    let orientation = is_picture.then(|| picture::orientation(&upload.bytes).ok());
    let bare = orientation.flatten().map(|it| bare(&upload.bytes, it));
    digest(bare.and_then(Result::ok).as_ref().unwrap_or(&upload.bytes))
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

pub fn data_url(mime: &str, bytes: &[u8]) -> Arc<str> {
    format!("data:{mime};base64,{}", STANDARD.encode(bytes)).into()
}

/// The end of a name says what it is.
pub fn shortened(name: &str) -> &str {
    let over = name.len().saturating_sub(limits::FILE_NAME_BYTES);
    let start = (over..=name.len()).find(|at| name.is_char_boundary(*at));
    &name[start.unwrap_or(0)..]
}
