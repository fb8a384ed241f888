use std::io::Cursor;

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, metadata::Orientation,
};

/// Longest side of a smaller picture, in pixels.
const THUMBNAIL: u32 = 320;
/// Of a picture that is decoded: a few bytes may say that they are millions of pixels.
const PIXELS_MAX: u64 = 40_000_000;
/// Memory that one is decoded in, in bytes.
pub const ALLOC_MAX: u64 = 256 * 1024 * 1024;

pub struct Picture {
    /// In pixels, as it is shown.
    pub width: u32,
    pub height: u32,
    /// `None` for one that is small itself.
    pub thumbnail: Option<Bytes>,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("The picture has more than {PIXELS_MAX} pixels")]
    Pixels,
    #[error("The picture cannot be read")]
    Unreadable(#[from] image::ImageError),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

/// Takes a moment and a core. The whole of it is decoded, so that what was taken can be shown.
pub fn look(bytes: &[u8]) -> Result<Picture, Refused> {
    let (width, height) = reader(bytes)?.into_dimensions()?;
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refused::Pixels);
    }
    let mut decoder = reader(bytes)?.into_decoder()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    let is_small = width <= THUMBNAIL && height <= THUMBNAIL;
    Ok(Picture {
        width,
        height,
        thumbnail: (!is_small).then(|| smaller(&picture)).transpose()?,
    })
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, Refused> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(ALLOC_MAX);
    reader.limits(limits);
    Ok(reader)
}

/// What one sees through stays so.
fn smaller(picture: &DynamicImage) -> Result<Bytes, Refused> {
    let small = picture.thumbnail(THUMBNAIL, THUMBNAIL);
    let (small, format) = if small.color().has_alpha() {
        (DynamicImage::from(small.to_rgba8()), ImageFormat::Png)
    } else {
        (DynamicImage::from(small.to_rgb8()), ImageFormat::Jpeg)
    };
    let mut written = Cursor::new(Vec::new());
    small.write_to(&mut written, format)?;
    Ok(written.into_inner().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut written = Cursor::new(Vec::new());
        let picture = DynamicImage::new_rgb8(width, height);
        let _ = picture.write_to(&mut written, ImageFormat::Png);
        written.into_inner()
    }

    #[test]
    fn a_large_one_gets_a_smaller_one() -> Result<(), Refused> {
        let small = look(&png(20, 10))?;
        assert_eq!((small.width, small.height), (20, 10));
        assert!(small.thumbnail.is_none());
        let large = look(&png(1000, 500))?;
        let thumbnail = look(&large.thumbnail.unwrap_or_default())?;
        assert_eq!((thumbnail.width, thumbnail.height), (320, 160));
        Ok(())
    }

    /// A few bytes that say they are a picture of 60000 by 60000.
    #[test]
    fn a_bomb_is_not_decoded() {
        let mut bomb = png(8, 8);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let checksum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert!(matches!(look(&bomb), Err(Refused::Pixels)));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole = png(400, 400);
        for length in [8, 30, 60, whole.len() / 2] {
            assert!(look(&whole[..length]).is_err(), "{length} bytes");
        }
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }
}
