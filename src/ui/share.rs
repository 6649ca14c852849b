//! The picture of a shared link: 万家灯火 as it is now, drawn from the campaign. It has no
//! words, since the card that shows it has them beside it.

use domain::counts::Counts;
use islands::windows::Row;
use service::Service;

/// Where it is.
pub const PATH: &str = "/share.png";

/// Its width and height, in pixels: WeChat cuts cards' pictures square.
pub const SIZE: u32 = 600;

/// Which windows are lit: what the picture depends on.
#[must_use]
pub fn lit(service: &Service, counts: &Counts) -> Vec<bool> {
    service.campaign().grids.iter().map(|grid| counts.is_lit(&grid.slug)).collect()
}

/// The picture, as SVG: two rows of houses, so that its windows can be told apart where a
/// card shows it as small as a thumb.
#[must_use]
pub fn svg(lit: &[bool]) -> String {
    const MARGIN: f64 = 0.05 * SIZE as f64;
    let (back, front) = lit.split_at(lit.len() / 2);
    let rows = [(back, 0.48), (front, 0.92)].map(|(lit, ground)| {
        let row = Row::of(lit.len());
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
