//! Helpers that read HTML pages with a real parser.

use scraper::Html;

use super::forms::all;

/// Attribute `name` of all elements that match `selector`, in document order.
pub fn attributes(page: &str, selector: &str, name: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let elements = all(&page, selector).into_iter();
    elements.filter_map(|element| element.attr(name).map(str::to_owned)).collect()
}

/// Attribute `name` of the first element that matches; panics without one.
pub fn attribute(page: &str, selector: &str, name: &str) -> String {
    let first = attributes(page, selector, name).into_iter().next();
    first.unwrap_or_else(|| panic!("no {selector} with {name} in {page}"))
}

/// Text of the first element that matches `selector`; panics without one.
pub fn text(page: &str, selector: &str) -> String {
    let parsed = Html::parse_document(page);
    let first = all(&parsed, selector).into_iter().next();
    first
        .map(|element| element.text().collect())
        .unwrap_or_else(|| panic!("no {selector} in {page}"))
}

/// Text of all elements that match `selector`, in document order.
pub fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    all(&page, selector).into_iter().map(|element| element.text().collect()).collect()
}

/// Ids of the photos that a page links to, in document order.
pub fn photo_ids(page: &str) -> Vec<String> {
    let addresses = attributes(page, "a[href^='/photos/']", "href").into_iter();
    addresses.map(|address| address.trim_start_matches("/photos/").to_owned()).collect()
}

/// The recovery phrase on the page of `/recovery/new`.
pub fn phrase(page: &str) -> String {
    text(page, ".phrase")
}
