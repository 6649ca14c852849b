//! The only text area component; a test forbids the bare element elsewhere. Leptos does not escape
//! the children of `textarea`, `script`, `style` and `noscript`, so user text in them would become
//! HTML.

use html_escape::encode_text;
use leptos::prelude::*;

/// A text area with the text `value`, which is escaped.
#[component]
pub fn TextArea(
    /// HTML id, for the label.
    #[prop(into)]
    id: String,
    /// Name of the form field; `None` if the text is read-only.
    #[prop(optional)]
    name: Option<&'static str>,
    /// The text.
    value: String,
    /// Height in lines.
    rows: u8,
    /// Additional CSS classes.
    #[prop(optional)]
    class: &'static str,
    /// Whether it is read-only.
    #[prop(optional)]
    readonly: bool,
    /// Whether the value was refused.
    #[prop(optional)]
    invalid: bool,
    /// HTML id of the hint or error (`aria-describedby`).
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
            inner_html=escaped_children(&value)
        ></textarea>
    }
}

/// `value` as escaped HTML. Parsers drop one newline at the start of the element (HTML, 13.2.6.4.7
/// "in body"), so a value that starts with a newline gets another one.
fn escaped_children(value: &str) -> String {
    let text = encode_text(value);
    if text.starts_with(['\n', '\r']) { format!("\n{text}") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_neither_closes_nor_opens_an_element() {
        assert_eq!(escaped_children("</textarea><b>"), "&lt;/textarea&gt;&lt;b&gt;");
        assert_eq!(escaped_children("&lt;"), "&amp;lt;", "what looks escaped is typed, too");
        assert_eq!(escaped_children("\n三楼"), "\n\n三楼", "its first line stays empty");
        assert_eq!(escaped_children("三楼\n四楼"), "三楼\n四楼");
    }
}
