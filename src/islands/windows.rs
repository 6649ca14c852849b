//! 万家灯火: a row of lane houses with one window for each grid. A window is lit when
//! its grid has at least one signature; it says nothing about how many.

use domain::slug::Slug;
use leptos::prelude::*;

use super::live;

/// Windows in the body of a house before the next house begins.
const PER_HOUSE: usize = 6;
/// Columns of windows in a house.
const COLUMNS: usize = 2;
/// Width of a house and height of a storey, in units of the drawing.
const HOUSE: usize = 56;
const STOREY: usize = 15;
/// Height of the roof, and of the ground below the lowest windows.
const ROOF: usize = 23;
const GROUND: usize = 5;

/// Where windows stand: whole houses of equal height, and what is left over as
/// dormers in the roofs.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    houses: usize,
    storeys: usize,
    /// Left upper corner of each window, and whether it is a dormer.
    pub windows: Vec<(usize, usize, bool)>,
}

impl Row {
    /// A row with so many windows.
    #[must_use]
    pub fn of(windows: usize) -> Self {
        let houses = (windows / PER_HOUSE).max(1);
        let whole = (windows / houses / COLUMNS).max(1);
        let left_over = windows.saturating_sub(houses * whole * COLUMNS);
        // More than one dormer for each house: better another storey.
        let (storeys, dormers) =
            if left_over > houses { (whole + 1, 0) } else { (whole, left_over) };
        let per_house = storeys * COLUMNS;
        let place = |i: usize| {
            let (house, inside) = (i / per_house, i % per_house);
            let (column, storey) = (inside % COLUMNS, inside / COLUMNS);
            (house * HOUSE + 11 + column * 21, ROOF + 3 + storey * STOREY, false)
        };
        let dormer = |i: usize| ((houses / 2 + i) % houses * HOUSE + 22, ROOF - 12, true);
        let windows = (0..windows - dormers).map(place).chain((0..dormers).map(dormer)).collect();
        Self { houses, storeys, windows }
    }

    /// Width and height of the drawing, in its units.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        (self.houses * HOUSE, ROOF + self.storeys * STOREY + GROUND)
    }

    /// The silhouette of all houses.
    #[must_use]
    pub fn outline(&self) -> String {
        let bottom = ROOF + self.storeys * STOREY + GROUND;
        let house = |i: usize| {
            let (left, right, middle) = (i * HOUSE, (i + 1) * HOUSE, i * HOUSE + HOUSE / 2);
            let eaves = ROOF;
            format!(
                "M{left} {bottom}V{eaves}L{} 6H{}L{right} {eaves}V{bottom}zM{} 6V0h7v6z",
                middle - 14,
                middle + 14,
                middle + 6,
            )
        };
        (0..self.houses).map(house).collect()
    }
}

/// The windows, in the order of the grids.
#[island]
pub fn Windows(
    /// The grids.
    grids: Vec<Slug>,
    /// Which of them were lit when the page was drawn, in the same order.
    lit: Vec<bool>,
) -> impl IntoView {
    let counts = live::counts();
    let row = Row::of(grids.len());
    let (width, height) = row.size();
    let (view_box, outline) = (format!("0 0 {width} {height}"), row.outline());
    let windows = grids.into_iter().zip(lit).zip(row.windows).map(|((grid, lit), (x, y, dormer))| {
        let counts = counts.clone();
        let now = move || counts.read().as_ref().map_or(lit, |counts| counts.is_lit(&grid));
        let height = if dormer { 8 } else { 10 };
        view! {
            <rect class="windows__window" class:windows__window_lit=now x=x y=y width="13" height=height rx="1.5" />
        }
    });
    view! {
        <svg class="windows" viewBox=view_box aria-hidden="true" preserveAspectRatio="xMidYMax meet">
            <path class="windows__houses" d=outline />
            {windows.collect_view()}
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grid_has_a_window_of_its_own() {
        for grids in 1..=200 {
            let row = Row::of(grids);
            assert_eq!(row.windows.len(), grids);
            let mut places = row.windows.clone();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), grids, "{grids}: {row:?}");
            let right = row.houses * HOUSE;
            assert!(row.windows.iter().all(|(x, _, _)| x + 13 <= right), "{grids}: {row:?}");
        }
    }

    #[test]
    fn thirty_seven_grids_are_six_houses_and_a_dormer() {
        let row = Row::of(37);
        assert_eq!((row.houses, row.storeys), (6, 3));
        assert_eq!(row.windows.iter().filter(|(_, _, dormer)| *dormer).count(), 1);
    }
}
