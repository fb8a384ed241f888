use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader};
use img_parts::{png::PngChunk, riff::RiffChunk};

use super::*;

const SECRET: &[u8] = b"52.5163 N 13.3777 E";

fn picture(format: ImageFormat) -> Bytes {
    let mut pixels = image::RgbImage::new(40, 30);
    for (x, y, pixel) in pixels.enumerate_pixels_mut() {
        *pixel = image::Rgb([x as u8 * 5, y as u8 * 7, 90]);
    }
    let mut written = Cursor::new(Vec::new());
    let _ = DynamicImage::from(pixels).write_to(&mut written, format);
    written.into_inner().into()
}

/// As a camera writes it that was held upright, with a text that tells where.
fn exif() -> Bytes {
    let mut tiff = BytesMut::from(&only(Orientation::Rotate90)[..]);
    tiff.extend_from_slice(SECRET);
    tiff.freeze()
}

fn told(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|part| part == SECRET)
}

fn decoded(bytes: &[u8]) -> (Orientation, Vec<u8>) {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut decoder = reader.unwrap().into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    let picture = DynamicImage::from_decoder(decoder).unwrap();
    (orientation, picture.into_bytes())
}

fn with_exif(format: ImageFormat) -> Bytes {
    let mut image = DynImage::from_bytes(picture(format)).unwrap().unwrap();
    image.set_exif(Some(exif()));
    image.encoder().bytes()
}

#[test]
fn a_picture_does_not_tell_where_it_was_taken() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let taken = with_exif(format);
        assert!(told(&taken), "{format:?}");
        let (orientation, pixels) = decoded(&taken);
        assert_eq!(orientation, Orientation::Rotate90, "{format:?}");
        let kept = bare(&taken, orientation).unwrap();
        assert!(!told(&kept), "{format:?}");
        assert_eq!(decoded(&kept), (orientation, pixels), "{format:?}");
        assert_eq!(bare(&kept, orientation).unwrap(), kept, "{format:?}");
    }
}

#[test]
fn one_that_tells_nothing_stays_as_it_is() {
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ] {
        let plain = picture(format);
        let kept = bare(&plain, Orientation::NoTransforms).unwrap();
        assert_eq!(kept, plain, "{format:?}");
    }
}

#[test]
fn notes_of_editors_and_pictures_behind_it_are_left_out() {
    let mut jpeg = Jpeg::from_bytes(picture(ImageFormat::Jpeg)).unwrap();
    for marker in [markers::COM, markers::APP1, markers::APP2, markers::APP13] {
        let note = JpegSegment::new_with_contents(marker, Bytes::from_static(SECRET));
        jpeg.segments_mut().insert(1, note);
    }
    let mut colours = BytesMut::from(ICC);
    colours.extend_from_slice(b"\x01\x01colours");
    let colours = JpegSegment::new_with_contents(markers::APP2, colours.freeze());
    jpeg.segments_mut().insert(1, colours);
    let mut phone = BytesMut::from(&jpeg.encoder().bytes()[..]);
    phone.extend_from_slice(&with_exif(ImageFormat::Jpeg));
    let phone = phone.freeze();
    let kept = bare(&phone, Orientation::NoTransforms).unwrap();
    assert!(told(&phone) && !told(&kept));
    assert!(kept.windows(7).any(|part| part == b"colours"));
    assert_eq!(decoded(&kept), decoded(&phone));

    let mut png = Png::from_bytes(picture(ImageFormat::Png)).unwrap();
    for kind in [*b"tEXt", *b"iTXt", *b"prVt"] {
        let note = PngChunk::new(kind, Bytes::from_static(SECRET));
        png.chunks_mut().insert(1, note);
    }
    let edited = png.encoder().bytes();
    let kept = bare(&edited, Orientation::NoTransforms).unwrap();
    assert_eq!(kept, picture(ImageFormat::Png));

    let mut webp = WebP::from_bytes(with_exif(ImageFormat::WebP)).unwrap();
    let note = RiffContent::Data(Bytes::from_static(SECRET));
    webp.chunks_mut().push(RiffChunk::new(*b"XMP ", note));
    let edited = webp.encoder().bytes();
    let kept = bare(&edited, Orientation::NoTransforms).unwrap();
    assert!(told(&edited) && !told(&kept));
    assert_eq!(decoded(&kept).1, decoded(&edited).1);
}

/// What is cut off, or is none, ends in an answer.
#[test]
fn any_bytes_end_in_an_answer() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = with_exif(format);
        for length in 0..whole.len() {
            let _ = bare(&whole.slice(..length), Orientation::NoTransforms);
            let mut bent = BytesMut::from(&whole[..]);
            bent[length] ^= 0xff;
            let _ = bare(&bent.freeze(), Orientation::NoTransforms);
        }
    }
}
