//! Geolocation fields of a form, filled only on request.

use leptos::prelude::*;

use crate::lang;

/// Hidden fields `lat`, `lon` and `accuracy`, and a button that fills them.
#[island]
pub fn Locate(
    /// Latitude in degrees, as submitted before; empty for none.
    lat: String,
    /// Longitude in degrees.
    lon: String,
    /// Accuracy in metres.
    accuracy: String,
    /// Error from the server.
    error: Option<String>,
) -> impl IntoView {
    let lang = lang();
    let awake = RwSignal::new(false);
    let error_id = error.is_some().then_some("error-lat");
    let place = RwSignal::new((!lat.is_empty()).then_some((lat, lon, accuracy)));
    let said = RwSignal::new(error);
    Effect::new(move |_| awake.set(browser::can_locate()));
    let ask = move |_| {
        said.set(Some(lang.say("正在定位…", "Looking for your position…").to_owned()));
        browser::locate(move |found| match found {
            Ok(found) => {
                place.set(Some(found));
                said.set(None);
            }
            Err(sentence) => said.set(Some(sentence.to_owned())),
        });
    };
    let forget = move |_| {
        place.set(None);
        said.set(None);
    };
    let part = move |take: fn(&(String, String, String)) -> &String| {
        place.read().as_ref().map(|place| take(place).clone()).unwrap_or_default()
    };
    let known = move || {
        place.read().as_ref().map(|(_, _, accuracy)| {
            lang.say(
                format!("已附上位置（误差约{accuracy}米），只有工作人员看得到"),
                format!("Position added (within about {accuracy} m); only staff see it"),
            )
        })
    };
    view! {
        <div class="locate">
            <input type="hidden" name="lat" id="field-lat" prop:value=move || part(|p| &p.0) value=part(|p| &p.0) />
            <input type="hidden" name="lon" prop:value=move || part(|p| &p.1) value=part(|p| &p.1) />
            <input type="hidden" name="accuracy" prop:value=move || part(|p| &p.2) value=part(|p| &p.2) />
            <button
                class="locate__button"
                type="button"
                hidden=move || !awake.get() || place.read().is_some()
                on:click=ask
            >{lang.say("附上我现在的位置", "Add where I am now")}</button>
            <span class="locate__said" role="status" id=error_id>{move || said.get().or_else(known)}</span>
            <button class="locate__button" type="button" hidden=move || place.read().is_none() on:click=forget>
                {lang.say("去掉位置", "Remove the position")}
            </button>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::window;
    use wasm_bindgen::{JsCast, prelude::Closure};
    use web_sys::{Position, PositionError, PositionOptions};

    use crate::lang;

    /// Whether the browser offers geolocation: only in a secure context.
    pub fn can_locate() -> bool {
        window().is_secure_context() && window().navigator().geolocation().is_ok()
    }

    /// Requests the position; the browser asks the user for permission.
    pub fn locate(then: impl Fn(Result<(String, String, String), &'static str>) + Copy + 'static) {
        let not_found = lang().say(
            "没有定位成功，请写一下地点就可以",
            "The position was not found; just write where it is",
        );
        let denied = lang().say(
            "没有得到定位许可，请写一下地点就可以",
            "No permission for the position; just write where it is",
        );
        let found = Closure::once_into_js(move |position: Position| {
            let at = position.coords();
            // Five decimals are about one metre.
            then(Ok((
                format!("{:.5}", at.latitude()),
                format!("{:.5}", at.longitude()),
                format!("{:.0}", at.accuracy().ceil()),
            )));
        });
        let failed = Closure::once_into_js(move |error: PositionError| {
            let barred = error.code() == PositionError::PERMISSION_DENIED;
            then(Err(if barred { denied } else { not_found }));
        });
        let options = PositionOptions::new();
        options.set_enable_high_accuracy(true);
        options.set_timeout(15_000);
        let asked = window().navigator().geolocation().map(|phone| {
            phone.get_current_position_with_error_callback_and_options(
                found.unchecked_ref(),
                Some(failed.unchecked_ref()),
                &options,
            )
        });
        if !matches!(asked, Ok(Ok(()))) {
            then(Err(not_found));
        }
    }
}

/// Server side: no geolocation.
#[cfg(not(feature = "hydrate"))]
mod browser {
    pub const fn can_locate() -> bool {
        false
    }

    pub fn locate(_: impl Fn(Result<(String, String, String), &'static str>) + Copy + 'static) {}
}
