use std::io::Cursor;

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, metadata::Orientation,
};

/// Longest side of a smaller picture, in pixels.
const THUMBNAIL: u32 = 320;
/// Of a picture that is decoded: a few bytes may say that they are millions of pixels.
const PIXELS_MAX: u64 = 25_000_000;
/// A decoded picture, in bytes; what decodes it may take as much again, and so does turning it.
pub const ALLOC_MAX: u64 = 128 * 1024 * 1024;

pub struct Picture {
    /// In pixels, as it is shown.
    pub width: u32,
    pub height: u32,
    /// Which side of what is stored is up.
    pub orientation: Orientation,
    /// `None` for one that is small itself.
    pub thumbnail: Option<Bytes>,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("The picture has more than {PIXELS_MAX} pixels")]
    Pixels,
    #[error("The picture takes more than {ALLOC_MAX} bytes once it is decoded")]
    Memory,
    #[error("The picture cannot be read")]
    Unreadable(#[from] image::ImageError),
    /// What decodes it is less strict.
    #[error("The picture is damaged")]
    Damaged(#[from] img_parts::Error),
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

/// Takes a moment and a core. It is decoded, of an animation the first picture, so that what was taken can be shown.
pub fn look(bytes: &[u8]) -> Result<Picture, Refused> {
    let (width, height) = reader(bytes)?.into_dimensions()?;
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refused::Pixels);
    }
    let mut decoder = reader(bytes)?.into_decoder()?;
    if decoder.total_bytes() > ALLOC_MAX {
        return Err(Refused::Memory);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    let is_small = width <= THUMBNAIL && height <= THUMBNAIL;
    Ok(Picture {
        width,
        height,
        orientation,
        thumbnail: (!is_small).then(|| smaller(&picture)).transpose()?,
    })
}

/// Which side is up, without decoding it.
pub fn orientation(bytes: &[u8]) -> Result<Orientation, Refused> {
    let mut decoder = reader(bytes)?.into_decoder()?;
    Ok(decoder.orientation().unwrap_or(Orientation::NoTransforms))
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
        written(&DynamicImage::new_rgb8(width, height), ImageFormat::Png)
    }

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut written = Cursor::new(Vec::new());
        let _ = picture.write_to(&mut written, format);
        written.into_inner()
    }

    /// The same file, which says that it is another size.
    fn saying(mut png: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = crc(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        png
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

    /// A few bytes that say how much they are.
    #[test]
    fn a_bomb_is_not_decoded() {
        let wide = saying(png(8, 8), 60_000, 60_000);
        assert!(matches!(look(&wide), Err(Refused::Pixels)));
        let deep = written(&DynamicImage::new_rgba16(8, 8), ImageFormat::Png);
        assert!(matches!(
            look(&saying(deep, 4_900, 4_900)),
            Err(Refused::Memory)
        ));
        let mut gif = written(&DynamicImage::new_rgba8(8, 8), ImageFormat::Gif);
        gif[6..10].copy_from_slice(&[0xff; 4]);
        assert!(matches!(look(&gif), Err(Refused::Pixels)));
        let mut webp = written(&DynamicImage::new_rgba8(8, 8), ImageFormat::WebP);
        // Of a lossless one: 14 bits for each side, less one.
        webp[21..24].copy_from_slice(&[0xff; 3]);
        webp[24] |= 0x0f;
        assert!(look(&webp).is_err());
    }

    #[test]
    fn each_format_is_read() -> Result<(), Refused> {
        let formats = [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ];
        for format in formats {
            let found = look(&written(&DynamicImage::new_rgb8(40, 30), format))?;
            assert_eq!((found.width, found.height), (40, 30), "{format:?}");
        }
        Ok(())
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
