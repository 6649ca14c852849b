//! The page's title, which WeChat shows as its header. No other file may write the bare
//! `Title`: leptos_meta puts its text into the document as it is.

use html_escape::encode_text;
use leptos::prelude::*;
use leptos_meta::Title;

/// The title of the page: at most 10 characters, for a phone.
#[component]
pub fn PageTitle(
    /// Its text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <Title text=encode_text(&text).into_owned() /> }
}
