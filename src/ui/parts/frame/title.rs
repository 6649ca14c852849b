//! Page title, which WeChat shows as its header. A test forbids the bare `Title` component
//! elsewhere: leptos_meta does not escape its text.

use html_escape::encode_text;
use leptos::prelude::*;
use leptos_meta::Title;

/// The title of the page: at most 10 characters, to fit on a phone.
#[component]
pub fn PageTitle(
    /// Its text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! { <Title text=encode_text(&text).into_owned() /> }
}
