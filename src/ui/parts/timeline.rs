//! The timeline of a report, newest first.

use domain::lang::Lang;
use leptos::prelude::*;

/// A line of a timeline.
pub struct Line {
    /// When, in words.
    pub time: String,
    /// What happened.
    pub words: String,
    /// What was written, with its language where that is not the page's.
    pub text: Option<(String, Option<&'static str>)>,
}

/// The lines, which come oldest first; `earlier` is the address of those before them.
pub fn timeline(
    lang: Lang,
    lines: impl DoubleEndedIterator<Item = Line>,
    earlier: Option<String>,
) -> AnyView {
    let items = lines.rev().map(|Line { time, words, text }| {
        view! {
            <li class="timeline__item">
                <time class="timeline__time">{time}</time>
                <p class="timeline__words">{words}</p>
                {text.map(|(text, lang)| view! { <p class="timeline__text" lang=lang>{text}</p> })}
            </li>
        }
    });
    let earlier = earlier.map(|href| {
        let words = lang.say("更早的经过", "What happened before");
        view! { <p><a class="weui-btn weui-btn_default" href=href>{words}</a></p> }
    });
    view! { <ol class="timeline">{items.collect_view()}</ol> {earlier} }.into_any()
}
