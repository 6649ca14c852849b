//! The picture of a shared link, drawn once for each state of its windows.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree},
};

use ui::share;

/// The newest picture, with the windows that it shows.
#[derive(Debug, Default)]
pub struct ShareImage(Mutex<Option<(Vec<bool>, Bytes)>>);

impl ShareImage {
    /// The picture with these windows lit; `None` when it cannot be drawn.
    pub fn showing(&self, lit: Vec<bool>) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, picture)) if *of == lit => Some(picture.clone()),
            _ => {
                let picture = Bytes::from(png(&share::svg(&lit))?);
                *kept = Some((lit, picture.clone()));
                Some(picture)
            }
        }
    }
}

fn png(svg: &str) -> Option<Vec<u8>> {
    let tree = Tree::from_str(svg, &Options::default()).ok()?;
    let mut pixels = Pixmap::new(share::SIZE, share::SIZE)?;
    let scale = share::SIZE as f32 / tree.size().width();
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_many_lit_windows_as_there_are() {
        let pixels = |lit: &[bool]| {
            let picture = image::load_from_memory(&png(&share::svg(lit)).unwrap()).unwrap();
            assert_eq!((picture.width(), picture.height()), (share::SIZE, share::SIZE));
            let gold = picture.to_rgb8();
            gold.pixels().filter(|pixel| pixel.0 == [0xff, 0xd9, 0x8a]).count()
        };
        let none = pixels(&[false; 37]);
        let one = pixels(&[[true; 1].as_slice(), &[false; 36]].concat());
        let all = pixels(&[true; 37]);
        assert_eq!(none, 0);
        assert!(one > 50 && (30 * one..40 * one).contains(&all), "{one} {all}");
    }
}
