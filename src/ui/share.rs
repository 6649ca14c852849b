//! Share image of the site as SVG: one window per grid (万家灯火), lit if the grid has a signature.
//! Without text, because the share card shows title and description beside it.

use domain::counts::Counts;
use islands::windows::HouseRow;
use service::Service;

/// Path of the image.
pub const PATH: &str = "/share.png";

/// Width and height in pixels. Square, because WeChat crops the images of share cards.
pub const SIZE: u32 = 600;

/// For each grid whether its window is lit; the image depends on nothing else.
#[must_use]
pub fn lit_windows(service: &Service, counts: &Counts) -> Vec<bool> {
    service.campaign().grids.iter().map(|grid| counts.has_signatures(&grid.slug)).collect()
}

/// The image as SVG. Two rows of houses, so that windows can be told apart in a small thumbnail.
#[must_use]
pub fn svg(lit: &[bool]) -> String {
    const MARGIN: f64 = 0.05 * SIZE as f64;
    let (back, front) = lit.split_at(lit.len() / 2);
    let rows = [(back, 0.48), (front, 0.92)].map(|(lit, ground)| {
        let row = HouseRow::with_windows(lit.len());
        let (width, height) = row.size();
        let windows = row.windows.iter().zip(lit).map(|((x, y, dormer), lit)| {
            let fill = if *lit { "#ffd98a" } else { "#9a3a30" };
            let tall = if *dormer { 8 } else { 10 };
            format!(r#"<rect x="{x}" y="{y}" width="13" height="{tall}" rx="1.5" fill="{fill}"/>"#)
        });
        let windows: String = windows.collect();
        let scale = (f64::from(SIZE) - 2.0 * MARGIN) / width as f64;
        let top = f64::from(SIZE) * ground - height as f64 * scale;
        let outline = row.outline();
        format!(
            r##"<g transform="translate({MARGIN} {top}) scale({scale})"><path d="{outline}" fill="#6e1414"/>{windows}</g>"##
        )
    });
    let rows = rows.concat();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}"><rect width="{SIZE}" height="{SIZE}" fill="#a61b1b"/>{rows}</svg>"##
    )
}
