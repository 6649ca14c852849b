//! Photos, re-encoded: whatever a phone sends becomes two plain JPEGs, upright and without its
//! EXIF metadata, which says where and by what they were taken.

use std::io::Cursor;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage,
    codecs::jpeg::JpegEncoder, imageops::FilterType,
};
use sha2::{Digest, Sha256};

use domain::{lang::Said, report::Looks};
use store::Picture;

/// The largest file, in bytes.
pub const BYTES_MAX: usize = 10 * 1024 * 1024;

/// The largest picture, in pixels.
const PIXELS_MAX: u64 = 50_000_000;

/// Most memory that one decoded picture may take, in bytes: 50 megapixels in colour.
const MEMORY_MAX: u64 = 160_000_000;

/// The longer side in full, in pixels.
const FULL: u32 = 1600;
/// The longer side of a thumbnail, in pixels.
const THUMB: u32 = 400;
/// JPEG quality of 100.
const QUALITY: u8 = 82;

/// Why a file is not taken as a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Nothing in it.
    #[error("the picture is empty")]
    Empty,
    /// More than [`BYTES_MAX`].
    #[error("the picture has too many bytes")]
    TooLarge,
    /// More than 50 megapixels.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// Neither JPEG, PNG nor WebP.
    #[error("the file is no picture of a known kind")]
    Unknown,
    /// It ends too early, or is damaged.
    #[error("the picture is damaged")]
    Broken,
}

impl From<PictureError> for Said {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Empty => {
                Self::new("这张照片是空的，请重新选择", "This photo is empty; please choose again")
            }
            PictureError::TooLarge => Self::new(
                "照片不能超过10MB，请选小一点的，或者用手机直接拍",
                "A photo has at most 10 MB; please choose a smaller one, or take one now",
            ),
            PictureError::TooManyPixels => Self::new(
                "照片的尺寸太大（超过5000万像素），请选小一点的",
                "This photo has more than 50 megapixels; please choose a smaller one",
            ),
            PictureError::Unknown => Self::new(
                "这不是能用的照片，请选JPEG、PNG或WebP格式（苹果手机请在“设置-相机-格式”里选“兼容性最佳”）",
                "This is not a photo we can use; please choose a JPEG, PNG or WebP (iPhone: Settings, Camera, Formats, Most Compatible)",
            ),
            PictureError::Broken => Self::new(
                "这张照片打不开，可能没有传完，请重新选择",
                "This photo cannot be opened, perhaps it did not arrive whole; please choose again",
            ),
        }
    }
}

/// Decodes what was sent, turns it upright and re-encodes it, which drops all metadata (EXIF, GPS).
/// Takes long: never call it on a thread that answers.
///
/// # Errors
/// [`PictureError`] says why it is none.
pub fn process(bytes: &[u8]) -> Result<Picture, PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    if bytes.len() > BYTES_MAX {
        return Err(PictureError::TooLarge);
    }
    let format = image::guess_format(bytes).map_err(|_| PictureError::Unknown)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(PictureError::Unknown);
    }
    if format == ImageFormat::Jpeg && !is_whole_jpeg(bytes) {
        return Err(PictureError::Broken);
    }
    let broken = |_| PictureError::Broken;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || decoder.total_bytes() > MEMORY_MAX {
        return Err(PictureError::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(broken)?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let mut small = if width.max(height) > FULL { decoded.thumbnail(FULL, FULL) } else { decoded };
    small.apply_orientation(orientation);
    let full = on_white(&small);
    drop(small);
    let pixels_sent = hash_of(&full);
    let full = DynamicImage::ImageRgb8(full);
    let thumb = full.thumbnail(THUMB, THUMB);
    let shown = jpeg(&full)?;
    let as_shown = image::load_from_memory_with_format(&shown, ImageFormat::Jpeg);
    Ok(Picture {
        width: full.width(),
        height: full.height(),
        thumb: jpeg(&thumb)?,
        pixels_sent,
        pixels_shown: hash_of(&as_shown.map_err(broken)?.into_rgb8()),
        looks: looks(&thumb),
        full: shown,
    })
}

/// A hash of the pixels: the same for one picture, whatever file it came in.
fn hash_of(picture: &RgbImage) -> String {
    let mut hash = Sha256::new();
    hash.update(picture.width().to_be_bytes());
    hash.update(picture.height().to_be_bytes());
    hash.update(picture.as_raw());
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..16])
}

/// What a picture looks like in every way that it can be turned, whole and in its middle.
fn looks(picture: &DynamicImage) -> Looks {
    let (width, height) = (picture.width(), picture.height());
    let middle = picture.crop_imm(width / 10, height / 10, width - width / 5, height - height / 5);
    let each = |picture: &DynamicImage| {
        // Small enough that turning it costs nothing.
        let square = picture.resize_exact(72, 72, FilterType::Triangle);
        let turned = [square.clone(), square.rotate90(), square.rotate180(), square.rotate270()];
        turned
            .iter()
            .flat_map(|one| [difference_hash(one), difference_hash(&one.fliph())])
            .collect()
    };
    Looks { whole: each(picture), middle: each(&middle) }
}

/// The difference hash of a picture (N. Krawetz, "Kind of Like That", 2013): for each of 8 × 8
/// places whether it is lighter than the one to its right. A picture that was made smaller,
/// compressed or brightened keeps nearly all of them.
fn difference_hash(picture: &DynamicImage) -> u64 {
    const SIDE: u32 = 8;
    let small = picture.resize_exact(SIDE + 1, SIDE, FilterType::Triangle).to_luma8();
    let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    places.fold(0, |hash, (x, y)| {
        let lighter = small.get_pixel(x, y).0 > small.get_pixel(x + 1, y).0;
        (hash << 1) | u64::from(lighter)
    })
}

/// Whether the picture goes on to its end: decoders fill up what is missing with grey. A
/// thumbnail in the metadata has an end of its own, so segments are stepped over until
/// the scan begins; in a scan the end's two bytes stand for nothing else (ITU-T T.81,
/// B.1.1). What cameras put behind the end is left alone.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END: [u8; 2] = [0xff, 0xd9];
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == START_OF_SCAN {
            return bytes[at..].windows(2).any(|pair| pair == END);
        }
        at += if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
    false
}

/// In colour, with white behind whatever is transparent.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let with_alpha = picture.to_rgba8();
    RgbImage::from_fn(with_alpha.width(), with_alpha.height(), |x, y| {
        let [red, green, blue, alpha] = with_alpha.get_pixel(x, y).0;
        let over = |colour: u8| {
            let mixed = u16::from(colour) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

fn jpeg(picture: &DynamicImage) -> Result<Bytes, PictureError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    picture.write_with_encoder(encoder).map_err(|_| PictureError::Broken)?;
    Ok(out.into())
}
