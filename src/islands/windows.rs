//! Row of houses (万家灯火) with one window per grid. A window is lit if its grid has at least one
//! signature; it does not show how many.

use domain::slug::Slug;
use leptos::prelude::*;

use super::live;

/// Minimum number of windows per house, dormers excluded.
const WINDOWS_PER_HOUSE: usize = 6;
/// Columns of windows in a house.
const COLUMNS: usize = 2;
/// Width of a house and height of a storey, in SVG units.
const HOUSE_WIDTH: usize = 56;
const STOREY_HEIGHT: usize = 15;
/// Height of the roof, and of the wall below the lowest windows, in SVG units.
const ROOF_HEIGHT: usize = 23;
const GROUND_HEIGHT: usize = 5;

/// Layout of a row: houses of equal height; windows left over become dormers in the roofs.
#[derive(Debug, PartialEq, Eq)]
pub struct HouseRow {
    houses: usize,
    storeys: usize,
    /// Top left corner (x, y) of each window, and whether it is a dormer.
    pub windows: Vec<(usize, usize, bool)>,
}

impl HouseRow {
    /// Lays out a row with that many windows.
    #[must_use]
    pub fn with_windows(windows: usize) -> Self {
        let houses = (windows / WINDOWS_PER_HOUSE).max(1);
        let whole = (windows / houses / COLUMNS).max(1);
        let left_over = windows.saturating_sub(houses * whole * COLUMNS);
        // With more than one dormer per house, adds a storey instead.
        let (storeys, dormers) =
            if left_over > houses { (whole + 1, 0) } else { (whole, left_over) };
        let per_house = storeys * COLUMNS;
        let place = |i: usize| {
            let (house, inside) = (i / per_house, i % per_house);
            let (column, storey) = (inside % COLUMNS, inside / COLUMNS);
            (
                house * HOUSE_WIDTH + 11 + column * 21,
                ROOF_HEIGHT + 3 + storey * STOREY_HEIGHT,
                false,
            )
        };
        let dormer =
            |i: usize| ((houses / 2 + i) % houses * HOUSE_WIDTH + 22, ROOF_HEIGHT - 12, true);
        let windows = (0..windows - dormers).map(place).chain((0..dormers).map(dormer)).collect();
        Self { houses, storeys, windows }
    }

    /// Width and height in SVG units.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        (self.houses * HOUSE_WIDTH, ROOF_HEIGHT + self.storeys * STOREY_HEIGHT + GROUND_HEIGHT)
    }

    /// Outline of all houses as SVG path data.
    #[must_use]
    pub fn outline(&self) -> String {
        let bottom = ROOF_HEIGHT + self.storeys * STOREY_HEIGHT + GROUND_HEIGHT;
        let house = |i: usize| {
            let (left, right, middle) =
                (i * HOUSE_WIDTH, (i + 1) * HOUSE_WIDTH, i * HOUSE_WIDTH + HOUSE_WIDTH / 2);
            let eaves = ROOF_HEIGHT;
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

/// The windows as SVG, in the order of the grids.
#[island]
pub fn Windows(
    /// Slugs of the grids.
    grids: Vec<Slug>,
    /// For each grid whether its window was lit when the page was rendered.
    lit: Vec<bool>,
) -> impl IntoView {
    let counts = live::counts();
    let row = HouseRow::with_windows(grids.len());
    let (width, height) = row.size();
    let (view_box, outline) = (format!("0 0 {width} {height}"), row.outline());
    let windows = grids.into_iter().zip(lit).zip(row.windows).map(|((grid, lit), (x, y, dormer))| {
        let counts = counts.clone();
        let now = move || counts.read().as_ref().map_or(lit, |counts| counts.has_signatures(&grid));
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
            let row = HouseRow::with_windows(grids);
            assert_eq!(row.windows.len(), grids);
            let mut places = row.windows.clone();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), grids, "{grids}: {row:?}");
            let right = row.houses * HOUSE_WIDTH;
            assert!(row.windows.iter().all(|(x, _, _)| x + 13 <= right), "{grids}: {row:?}");
        }
    }

    #[test]
    fn thirty_seven_grids_are_six_houses_and_a_dormer() {
        let row = HouseRow::with_windows(37);
        assert_eq!((row.houses, row.storeys), (6, 3));
        assert_eq!(row.windows.iter().filter(|(_, _, dormer)| *dormer).count(), 1);
    }
}
