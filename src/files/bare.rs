//! A picture without what its camera and editors wrote beside it: where and when it was taken, by whom, with what,
//! what it looked like before it was cut. Guests do not know that it is there.

use bytes::{BufMut as _, Bytes, BytesMut};
use image::metadata::Orientation;
use img_parts::{
    DynImage, Error, ImageEXIF,
    jpeg::{Jpeg, JpegSegment, markers},
    png::Png,
    riff::RiffContent,
    webp::{
        CHUNK_ALPH, CHUNK_ANIM, CHUNK_ANMF, CHUNK_ICCP, CHUNK_VP8, CHUNK_VP8L, CHUNK_VP8X, WebP,
    },
};

const ICC: &[u8] = b"ICC_PROFILE\0";
/// Chunks of a PNG that change how it looks, beside the critical ones.
const PNG_KEPT: [&[u8; 4]; 16] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"cLLI", b"sBIT", b"bKGD",
    b"hIST", b"sPLT", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];
const WEBP_KEPT: [[u8; 4]; 7] = [
    CHUNK_VP8, CHUNK_VP8L, CHUNK_VP8X, CHUNK_ALPH, CHUNK_ANIM, CHUNK_ANMF, CHUNK_ICCP,
];
/// In the first byte of a VP8X chunk.
const WEBP_HAS_XMP: u8 = 0b100;

/// Pixels, colours and animation are kept to the byte, and which side is up. Of a GIF, which has no room for the rest,
/// everything.
pub fn bare(bytes: &Bytes, orientation: Orientation) -> Result<Bytes, Error> {
    let exif = (orientation != Orientation::NoTransforms).then(|| only(orientation));
    Ok(match DynImage::from_bytes(bytes.clone())? {
        Some(DynImage::Jpeg(picture)) => jpeg(picture, exif),
        Some(DynImage::Png(picture)) => png(picture, exif),
        Some(DynImage::WebP(picture)) => webp(picture, exif),
        None => bytes.clone(),
    })
}

fn jpeg(mut picture: Jpeg, exif: Option<Bytes>) -> Bytes {
    picture.segments_mut().retain(|segment| {
        let marker = segment.marker();
        match marker {
            markers::APP2 => segment.contents().starts_with(ICC),
            // How its colours are to be taken.
            markers::APP0 | markers::APP14 => true,
            markers::COM => false,
            _ => !(markers::APP0..=markers::APP15).contains(&marker),
        }
    });
    picture.set_exif(exif);
    let scans = picture.segments().last().map_or(0, scans);
    let written = picture.encoder().bytes();
    let end = end_of(&written, written.len().saturating_sub(scans));
    written.slice(..end)
}

/// Bytes behind the header of the first scan.
fn scans(segment: &JpegSegment) -> usize {
    segment.len_with_entropy() - segment.len()
}

/// Where the picture ends whose first scan begins there: what phones put behind it are more pictures, each with all
/// of that.
fn end_of(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&[first, marker]) = bytes.get(at..at + 2).and_then(|two| two.first_chunk()) {
        match (first, marker) {
            (markers::P, markers::EOI) => return at + 2,
            // Within a scan these are data, a restart, or fill.
            (markers::P, 0 | 0xd0..=0xd7) => at += 2,
            (markers::P, markers::P) => at += 1,
            // A table between two scans, or the header of the next.
            (markers::P, _) => {
                let length = bytes.get(at + 2..at + 4).and_then(|two| two.first_chunk());
                at += 2 + usize::from(length.map_or(0, |two| u16::from_be_bytes(*two)));
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn png(mut picture: Png, exif: Option<Bytes>) -> Bytes {
    picture.chunks_mut().retain(|chunk| {
        let kind = chunk.kind();
        kind[0].is_ascii_uppercase() || PNG_KEPT.contains(&&kind)
    });
    if exif.is_some() {
        picture.set_exif(exif);
    }
    picture.encoder().bytes()
}

fn webp(mut picture: WebP, exif: Option<Bytes>) -> Bytes {
    let before = picture.chunks().len();
    picture
        .chunks_mut()
        .retain(|chunk| WEBP_KEPT.contains(&chunk.id()));
    // Else it is of the plain kind, which says of nothing that it is there.
    if exif.is_some() || picture.chunks().len() < before {
        picture.set_exif(exif);
    }
    let extended = picture
        .chunks_mut()
        .iter_mut()
        .find(|chunk| chunk.id() == CHUNK_VP8X);
    if let Some(RiffContent::Data(data)) = extended.map(|chunk| chunk.content_mut())
        && let Some(flags) = data.first().copied()
    {
        let mut rest = BytesMut::from(&data[..]);
        rest[0] = flags & !WEBP_HAS_XMP;
        *data = rest.freeze();
    }
    picture.encoder().bytes()
}

/// The one thing that is needed to show it.
fn only(orientation: Orientation) -> Bytes {
    const ORIENTATION: u16 = 0x0112;
    const SHORT: u16 = 3;
    let mut tiff = BytesMut::with_capacity(26);
    tiff.put_slice(b"II*\0");
    tiff.put_u32_le(8);
    tiff.put_u16_le(1);
    tiff.put_u16_le(ORIENTATION);
    tiff.put_u16_le(SHORT);
    tiff.put_u32_le(1);
    tiff.put_u32_le(u32::from(orientation.to_exif()));
    tiff.put_u32_le(0);
    tiff.freeze()
}

#[cfg(test)]
#[path = "bare_tests.rs"]
mod tests;
