//! Photos, re-encoded: whatever a phone sends becomes two plain JPEGs, upright and without its
//! EXIF metadata, which says where and by what they were taken.

mod format;

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

use self::format::{is_plain_webp, jpeg_scans};

/// The largest file, in bytes.
pub const BYTES_MAX: usize = 10 * 1024 * 1024;

/// The largest picture, in pixels.
const PIXELS_MAX: u64 = 50_000_000;

/// Memory for what stands beside a picture while its header is read, in bytes: a PNG may have a colour
/// profile that is small when it is packed.
const HEADER_MEMORY_MAX: u64 = 4_000_000;

/// Most memory that one decoded picture may take, in bytes: 50 megapixels in colour.
const MEMORY_MAX: u64 = 160_000_000;

/// The longer side in full, in pixels.
const FULL: u32 = 1600;
/// The longer side of a thumbnail, in pixels.
const THUMB: u32 = 400;
/// JPEG quality of 100.
const QUALITY: u8 = 82;

/// Most bytes of a stored picture in full; photos of this size have 250,000 to 700,000.
const FULL_BYTES_MAX: usize = 800_000;
/// Most bytes of a stored thumbnail.
const THUMB_BYTES_MAX: usize = 80_000;
/// A longer side of so many pixels fits whatever it shows.
const SMALLEST: u32 = 100;

/// Scans of a JPEG that cost no more than one; usual encoders write up to 14.
const USUAL_SCANS: usize = 4;
/// Most scans of a JPEG.
const SCANS_MAX: usize = 32;

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

/// What it costs to decode what was sent, in kilopixels, without decoding it. Reads all of a JPEG, so
/// not for a thread that answers.
///
/// # Errors
/// [`PhotoError`] for what [`process`] would refuse before it decodes.
pub fn cost(bytes: &[u8]) -> Result<u32, PhotoError> {
    let (format, decoder) = checked_decoder(bytes, HEADER_MEMORY_MAX)?;
    let (width, height) = decoder.dimensions();
    let kilopixels = (u64::from(width) * u64::from(height) / 1000).max(1000);
    let weight = match format {
        // Lossless ones take twice as long as a JPEG.
        ImageFormat::WebP => 2,
        // A progressive one is gone through once for each scan.
        ImageFormat::Jpeg => jpeg_scans(bytes).unwrap_or(1).div_ceil(USUAL_SCANS) as u64,
        _ => 1,
    };
    Ok(u32::try_from(kilopixels * weight.max(1)).unwrap_or(u32::MAX))
}

/// The decoder of a picture that is whole and not too large, by its header; `memory` is what it may
/// take for what stands beside the picture, in bytes.
fn checked_decoder(
    bytes: &[u8],
    memory: u64,
) -> Result<(ImageFormat, impl ImageDecoder + '_), PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    if bytes.len() > BYTES_MAX {
        return Err(PhotoError::TooLarge);
    }
    let format = image::guess_format(bytes).map_err(|_| PhotoError::Unknown)?;
    let is_sound = match format {
        ImageFormat::Jpeg => jpeg_scans(bytes).is_some_and(|scans| scans <= SCANS_MAX),
        ImageFormat::WebP => is_plain_webp(bytes),
        ImageFormat::Png => true,
        _ => return Err(PhotoError::Unknown),
    };
    if !is_sound {
        return Err(PhotoError::Broken);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(memory);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|_| PhotoError::Broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || decoder.total_bytes() > MEMORY_MAX {
        return Err(PhotoError::TooManyPixels);
    }
    Ok((format, decoder))
}

/// Decodes what was sent, turns it upright and re-encodes it, which drops all metadata (EXIF, GPS).
/// Takes long: never call it on a thread that answers.
///
/// # Errors
/// [`PhotoError`] says why not.
pub fn process(bytes: &[u8]) -> Result<EncodedPhoto, PhotoError> {
    let broken = |_| PhotoError::Broken;
    let (_, mut decoder) = checked_decoder(bytes, 2 * MEMORY_MAX)?;
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation().map_err(broken)?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let mut small = if width.max(height) > FULL { decoded.thumbnail(FULL, FULL) } else { decoded };
    small.apply_orientation(orientation);
    let full = on_white(&small);
    drop(small);
    let pixels_sent = hash_of(&full);
    let full = DynamicImage::ImageRgb8(full);
    let thumb = full.thumbnail(THUMB, THUMB);
    let looks = looks(&thumb);
    let (full, shown) = jpeg_within(full, FULL_BYTES_MAX)?;
    let (_, thumb) = jpeg_within(thumb, THUMB_BYTES_MAX)?;
    let as_shown = image::load_from_memory_with_format(&shown, ImageFormat::Jpeg);
    Ok(EncodedPhoto {
        width: full.width(),
        height: full.height(),
        thumb,
        pixels_sent,
        pixels_shown: hash_of(&as_shown.map_err(broken)?.into_rgb8()),
        looks,
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

/// The picture as a JPEG of at most `most` bytes, and as it then is. Photos keep their size and
/// quality; noise, which no encoder makes small, loses both.
fn jpeg_within(
    mut picture: DynamicImage,
    most: usize,
) -> Result<(DynamicImage, Bytes), PhotoError> {
    let mut qualities = [QUALITY, 60, 40].into_iter();
    loop {
        let quality = qualities.next().unwrap_or(40);
        let bytes = jpeg(&picture, quality)?;
        let (width, height) = (picture.width(), picture.height());
        if bytes.len() <= most || width.max(height) <= SMALLEST {
            return Ok((picture, bytes));
        }
        if qualities.len() == 0 {
            picture = picture.thumbnail((width / 2).max(1), (height / 2).max(1));
        }
    }
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Bytes, PhotoError> {
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, quality);
    picture.write_with_encoder(encoder).map_err(|_| PhotoError::Broken)?;
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Pixels without any pattern.
    fn noise(width: u32, height: u32) -> DynamicImage {
        let mut state = 1_u32;
        let mut byte = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_be_bytes()[0]
        };
        RgbImage::from_fn(width, height, |_, _| Rgb([byte(), byte(), byte()])).into()
    }

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn noise_is_stored_small() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let stored = process(&file(&noise(1600, 1200), format)).unwrap();
            assert!(stored.full.len() <= 800_000, "{format:?}: {}", stored.full.len());
            assert!(stored.thumb.len() <= 80_000, "{format:?}: {}", stored.thumb.len());
            let shown = image::load_from_memory(&stored.full).unwrap();
            assert_eq!((shown.width(), shown.height()), (stored.width, stored.height));
        }
    }

    #[test]
    fn a_usual_photo_keeps_its_size() {
        // Soft shapes with the grain of a camera.
        let grain = noise(1600, 1200).into_rgb8();
        let photo = RgbImage::from_fn(1600, 1200, |x, y| {
            let grain = i32::from(grain.get_pixel(x, y).0[0]) / 32;
            let light = i32::try_from((x + 2 * y) / 20 % 200).unwrap();
            let byte = u8::try_from((light + grain).clamp(0, 255)).unwrap();
            Rgb([byte, byte / 2, 200 - byte / 2])
        });
        let stored = process(&file(&photo.into(), ImageFormat::Jpeg)).unwrap();
        assert_eq!((stored.width, stored.height), (1600, 1200));
    }

    #[test]
    fn the_cost_is_known_from_the_header() {
        let small = file(&noise(64, 48), ImageFormat::Jpeg);
        assert_eq!(cost(&small), Ok(1000), "the least");
        let wide = DynamicImage::new_rgb8(5000, 1000);
        assert_eq!(cost(&file(&wide, ImageFormat::Png)), Ok(5000));
        assert_eq!(cost(&file(&wide, ImageFormat::WebP)), Ok(10_000));
        let jpeg = file(&wide, ImageFormat::Jpeg);
        assert_eq!(cost(&jpeg), Ok(5000));
    }

    #[test]
    fn a_packed_profile_takes_no_memory() {
        use flate2::{Compression, write::ZlibEncoder};
        use std::io::Write;
        let png = file(&noise(2, 2), ImageFormat::Png);
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&vec![0; 100_000_000]).unwrap();
        let data = [&b"iCCPx\0\0"[..], &packed.finish().unwrap()].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&data);
        let length = u32::try_from(data.len() - 4).unwrap().to_be_bytes();
        let bomb = [&png[..33], &length, &data, &crc.sum().to_be_bytes(), &png[33..]].concat();
        let begun = std::time::Instant::now();
        cost(&bomb).ok();
        // A hundred megabytes take some hundred milliseconds to unpack.
        assert!(begun.elapsed() < std::time::Duration::from_millis(100), "{:?}", begun.elapsed());
    }
}
