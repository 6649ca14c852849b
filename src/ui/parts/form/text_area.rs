//! The one text area. No other file may write the bare element: Leptos takes the children of
//! `textarea`, `script`, `style` and `noscript` as they are, so that words of a person in one of
//! them would become elements of the page.

use html_escape::encode_text;
use leptos::prelude::*;

/// A text area with `value` in it, which may be anything that a person has typed.
#[component]
pub fn TextArea(
    /// By which its label finds it.
    #[prop(into)]
    id: String,
    /// The field that it is sent in; none where it is only read.
    #[prop(optional)]
    name: Option<&'static str>,
    /// What stands in it.
    value: String,
    /// Its height in lines.
    rows: u8,
    /// More classes than those of every field.
    #[prop(optional)]
    class: &'static str,
    /// Whether it can only be read.
    #[prop(optional)]
    readonly: bool,
    /// Whether what stands in it was refused.
    #[prop(optional)]
    invalid: bool,
    /// The id of its hint or its error.
    #[prop(optional_no_strip)]
    described: Option<String>,
) -> impl IntoView {
    let class = ["field__input", class].join(" ").trim_end().to_owned();
    view! {
        <textarea
            class=class
            id=id
            name=name
            rows=rows.to_string()
            readonly=readonly
            aria-invalid=invalid.then_some("true")
            aria-describedby=described
            inner_html=children_of(&value)
        ></textarea>
    }
}

/// `value` as the element's children. Parsers drop one line break at their beginning (HTML,
/// 13.2.6.4.7 "in body"), so one is put before a value that begins with its own.
fn children_of(value: &str) -> String {
    let text = encode_text(value);
    if text.starts_with(['\n', '\r']) { format!("\n{text}") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_ends_no_element_and_begins_none() {
        assert_eq!(children_of("</textarea><b>"), "&lt;/textarea&gt;&lt;b&gt;");
        assert_eq!(children_of("&lt;"), "&amp;lt;", "what looks escaped is typed, too");
        assert_eq!(children_of("\n三楼"), "\n\n三楼", "its first line stays empty");
        assert_eq!(children_of("三楼\n四楼"), "三楼\n四楼");
    }
}
