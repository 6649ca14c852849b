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

use domain::{lang::LocalizedText, report::PerceptualHashes};
use store::EncodedPhoto;

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

/// Why an uploaded file is not accepted as a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
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
    #[error("the file is not an image in a supported format")]
    Unknown,
    /// It ends too early, or is damaged.
    #[error("the picture is damaged")]
    Broken,
}

impl From<PhotoError> for LocalizedText {
    fn from(error: PhotoError) -> Self {
        match error {
            PhotoError::Empty => {
                Self::new("这张照片是空的，请重新选择", "This photo is empty; please choose again")
            }
            PhotoError::TooLarge => Self::new(
                "照片不能超过10MB，请选小一点的，或者用手机直接拍",
                "A photo has at most 10 MB; please choose a smaller one, or take one now",
            ),
            PhotoError::TooManyPixels => Self::new(
                "照片的尺寸太大（超过5000万像素），请选小一点的",
                "This photo has more than 50 megapixels; please choose a smaller one",
            ),
            PhotoError::Unknown => Self::new(
                "这不是能用的照片，请选JPEG、PNG或WebP格式（苹果手机请在“设置-相机-格式”里选“兼容性最佳”）",
                "This is not a photo we can use; please choose a JPEG, PNG or WebP (iPhone: Settings, Camera, Formats, Most Compatible)",
            ),
            PhotoError::Broken => Self::new(
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
/// [`PhotoError`] says why not.
pub fn process(bytes: &[u8]) -> Result<EncodedPhoto, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    if bytes.len() > BYTES_MAX {
        return Err(PhotoError::TooLarge);
    }
    let format = image::guess_format(bytes).map_err(|_| PhotoError::Unknown)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(PhotoError::Unknown);
    }
    if format == ImageFormat::Jpeg && !is_whole_jpeg(bytes) {
        return Err(PhotoError::Broken);
    }
    let broken = |_| PhotoError::Broken;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || decoder.total_bytes() > MEMORY_MAX {
        return Err(PhotoError::TooManyPixels);
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
    Ok(EncodedPhoto {
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

/// Perceptual hashes of the image in all eight orientations, of the whole and of its middle.
fn looks(picture: &DynamicImage) -> PerceptualHashes {
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
    PerceptualHashes { whole: each(picture), middle: each(&middle) }
}

/// Difference hash (N. Krawetz, "Kind of Like That", 2013): one bit for each of 8 × 8 pixels, set
/// if the pixel is lighter than its right neighbour. Scaling, compression and brightness change few
/// bits.
fn difference_hash(picture: &DynamicImage) -> u64 {
    const SIDE: u32 = 8;
    let small = picture.resize_exact(SIDE + 1, SIDE, FilterType::Triangle).to_luma8();
    let pixels = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    pixels.fold(0, |hash, (x, y)| {
        let lighter = small.get_pixel(x, y).0 > small.get_pixel(x + 1, y).0;
        (hash << 1) | u64::from(lighter)
    })
}

/// Whether the JPEG has an end-of-image marker: decoders fill missing rows with grey. An embedded
/// thumbnail has its own marker, so segments are skipped until the scan; within a scan the two
/// bytes cannot mean anything else (ITU-T T.81, B.1.1). Data after the marker is ignored.
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

fn jpeg(picture: &DynamicImage) -> Result<Bytes, PhotoError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    picture.write_with_encoder(encoder).map_err(|_| PhotoError::Broken)?;
    Ok(out.into())
}
