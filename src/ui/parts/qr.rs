//! QR codes of addresses.

use qrcode::{Color, QrCode, render::svg};

/// The code as SVG, at least so many pixels wide; empty for what is too long for one.
#[must_use]
pub fn picture(address: &str, width: u32) -> String {
    let code = QrCode::new(address.as_bytes()).map(|code| {
        let picture = code.render::<svg::Color>().min_dimensions(width, width).build();
        // What stands before the picture belongs to a file of its own.
        let at = picture.find("<svg").unwrap_or_default();
        picture[at..].to_owned()
    });
    code.unwrap_or_default()
}

/// The code as rows of `1` for dark and `0` for light, without its quiet zone.
#[must_use]
pub fn rows(address: &str) -> Vec<String> {
    let Ok(code) = QrCode::new(address.as_bytes()) else { return Vec::new() };
    let mark = |color: &Color| if *color == Color::Dark { '1' } else { '0' };
    let colors = code.to_colors();
    colors.chunks(code.width()).map(|row| row.iter().map(mark).collect()).collect()
}
