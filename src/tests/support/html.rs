//! What tests look for in a page, by a real HTML parser.

use scraper::Html;

use super::forms::all;

/// The attribute `name` of each element that `selector` finds, in the order of the page.
pub fn attributes(page: &str, selector: &str, name: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let elements = all(&page, selector).into_iter();
    elements.filter_map(|element| element.attr(name).map(str::to_owned)).collect()
}

/// That of the first.
pub fn attribute(page: &str, selector: &str, name: &str) -> String {
    let first = attributes(page, selector, name).into_iter().next();
    first.unwrap_or_else(|| panic!("no {selector} with {name} in {page}"))
}

/// The text of the first element that `selector` finds.
pub fn text(page: &str, selector: &str) -> String {
    let parsed = Html::parse_document(page);
    let first = all(&parsed, selector).into_iter().next();
    first
        .map(|element| element.text().collect())
        .unwrap_or_else(|| panic!("no {selector} in {page}"))
}

/// The ids of the photos that a page leads to, in its order.
pub fn photo_ids(page: &str) -> Vec<String> {
    let addresses = attributes(page, "a[href^='/photos/']", "href").into_iter();
    addresses.map(|address| address.trim_start_matches("/photos/").to_owned()).collect()
}

/// The phrase that `/recovery` shows once.
pub fn phrase(page: &str) -> String {
    text(page, ".phrase")
}
