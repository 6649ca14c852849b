//! Parts shared by the pages about reports: state, progress steps, photos.

use leptos::prelude::*;

use domain::{
    lang::Lang,
    report::{Photo, PhotoRole, State, words::Shape},
};

/// A state as a word with a shape, so that it is not told by colour alone.
#[must_use]
pub fn state_mark(state: State, word: String) -> AnyView {
    let shape = match state.shape() {
        Shape::Ring => "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11z",
        Shape::Half => "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11z",
        Shape::Tick => {
            "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM5.300 8.200l2 2 3.500-4"
        }
        Shape::Bar => "M3 8h10",
    };
    let half = state.shape() == Shape::Half;
    let class = match state.shape() {
        Shape::Ring => "state state_ring",
        Shape::Half => "state state_half",
        Shape::Tick => "state state_tick",
        Shape::Bar => "state state_bar",
    };
    view! {
        <span class=class>
            <svg class="state__shape" viewBox="0 0 16 16" aria-hidden="true">
                {half.then(|| view! { <path class="state__fill" d="M8 2.500a5.500 5.500 0 0 1 0 11z" /> })}
                <path d=shape />
            </svg>
            {word}
        </span>
    }
    .into_any()
}

/// Progress steps: sent, accepted, handled, closed (提交—受理—处理—办结).
#[must_use]
pub fn steps(lang: Lang, state: State) -> AnyView {
    let done = state.step();
    let items = [
        lang.say("提交", "Sent"),
        lang.say("受理", "Accepted"),
        lang.say("处理", "Handled"),
        lang.say("办结", "Closed"),
    ]
    .into_iter()
    .enumerate()
    .map(move |(i, word)| {
        let (class, said) = match i + 1 {
            step if step < done || (step == done && state == State::Closed) => {
                ("steps__step steps__step_done", lang.say("（已完成）", " (done)"))
            }
            step if step == done => ("steps__step steps__step_now", lang.say("（现在）", " (now)")),
            _ => ("steps__step", ""),
        };
        let current = (i + 1 == done).then_some("step");
        view! { <li class=class aria-current=current>{word}<span class="unseen">{said}</span></li> }
    });
    view! { <ol class="steps" aria-label=lang.say("办理进度", "Progress")>{items.collect_view()}</ol> }.into_any()
}

/// Photos from before and after handling, side by side.
#[must_use]
pub fn photo_pair(lang: Lang, photos: &[Photo]) -> Option<AnyView> {
    let of = |role: PhotoRole| {
        photos.iter().filter(|photo| photo.role == role).cloned().collect::<Vec<_>>()
    };
    let (before, after) = (of(PhotoRole::Before), of(PhotoRole::After));
    if before.is_empty() && after.is_empty() {
        return None;
    }
    let column = |title: &'static str, photos: Vec<Photo>| {
        (!photos.is_empty()).then(|| {
            let total = photos.len();
            let pictures = photos.into_iter().enumerate().map(|(i, photo)| {
                let number = if total > 1 { format!("{}", i + 1) } else { String::new() };
                thumbnail(
                    &photo,
                    lang.say(
                        format!("{title}的照片{number}"),
                        format!("{title}: photo {number}").trim_end().to_owned(),
                    ),
                )
            });
            view! {
                <figure class="photo-pair__side">
                    <figcaption>{title}</figcaption>
                    {pictures.collect_view()}
                </figure>
            }
        })
    };
    let sides =
        (column(lang.say("处理前", "Before"), before), column(lang.say("处理后", "After"), after));
    Some(view! { <div class="photo-pair">{sides}</div> }.into_any())
}

/// A thumbnail that links to the full photo.
#[must_use]
pub fn thumbnail(photo: &Photo, alt: String) -> AnyView {
    let (full, thumb) =
        (format!("/photos/{}", photo.id), format!("/photos/{}?size=thumb", photo.id));
    let (width, height) = (photo.width.to_string(), photo.height.to_string());
    view! {
        <a class="picture" href=full>
            <img src=thumb alt=alt width=width height=height loading="lazy" decoding="async" />
        </a>
    }
    .into_any()
}
