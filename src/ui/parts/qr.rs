//! QR codes of URLs.

use qrcode::{Color, QrCode, render::svg};

/// The QR code as an SVG element at least `width` pixels wide; empty if the URL is too long.
#[must_use]
pub fn qr_svg(address: &str, width: u32) -> String {
    let code = QrCode::new(address.as_bytes()).map(|code| {
        let picture = code.render::<svg::Color>().min_dimensions(width, width).build();
        // Strips the XML declaration, which is for standalone files only.
        let at = picture.find("<svg").unwrap_or_default();
        picture[at..].to_owned()
    });
    code.unwrap_or_default()
}

/// The QR code as rows of `1` (dark) and `0` (light) modules, without the quiet zone.
#[must_use]
pub fn modules(address: &str) -> Vec<String> {
    let Ok(code) = QrCode::new(address.as_bytes()) else { return Vec::new() };
    let mark = |color: &Color| if *color == Color::Dark { '1' } else { '0' };
    let colors = code.to_colors();
    colors.chunks(code.width()).map(|row| row.iter().map(mark).collect()).collect()
}
