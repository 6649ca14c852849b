//! Similar open reports (我也遇到过), searched while the report form is filled in.

use leptos::prelude::*;

use crate::lang;
use serde::{Deserialize, Serialize};

/// A report that may be about the same problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimilarReport {
    /// Code of the report, as in its URL.
    pub code: String,
    /// Public summary (公开摘要), or a generated one.
    pub summary: String,
    /// State of the report, as a sentence.
    pub state: String,
    /// Number of residents who support it.
    pub supporters: u64,
}

/// The list of similar reports in the form.
#[island]
pub fn Similar(
    /// Reports found when the page was rendered.
    found: Vec<SimilarReport>,
    /// Whether the user asked for the search (without scripts).
    looked: bool,
) -> impl IntoView {
    let lang = lang();
    let found = RwSignal::new(found);
    let section = NodeRef::<leptos::html::Section>::new();
    Effect::new(move |_| {
        if let Some(section) = section.get_untracked() {
            browser::search_on_change(&section, move |list| found.set(list));
        }
    });
    let items = move || {
        let items = found.get().into_iter().map(|report| {
            let support = format!("/reports/{}/support", report.code);
            let href = format!("/reports/{}", report.code);
            view! {
                <li class="similar__item">
                    <a href=href>{report.summary}</a>
                    <p class="similar__state">{report.state} {lang.say("，", ". Also seen by ")} {report.supporters} {lang.say("人也遇到过", "")}</p>
                    <button class="weui-btn weui-btn_default" type="submit" formaction=support formnovalidate>
                        {lang.say("我也遇到过", "I’ve seen this too")}
                    </button>
                </li>
            }
        });
        items.collect_view()
    };
    let title = move || {
        if !found.read().is_empty() {
            lang.say("附近已有人反映过。如果是同一件事，点“我也遇到过”就可以，结果会告诉您：", "Similar reports have already been made nearby. If it is the same problem, just tap “I’ve seen this too” and you will be told the result:")
        } else if looked {
            lang.say(
                "附近没有正在办理的同类反映，请接着填写。",
                "No similar report is open nearby; please go on.",
            )
        } else {
            ""
        }
    };
    view! {
        <section class="similar" aria-label=lang.say("附近已有的反映", "Reports nearby") aria-live="polite" node_ref=section>
            <p class="similar__title">{title}</p>
            <ul>{items}</ul>
        </section>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::cell::RefCell;

    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Element, FormData, Headers, HtmlFormElement, RequestInit, Response};

    use super::SimilarReport;

    /// Searches again when category, grid or place in the form have changed.
    pub fn search_on_change(section: &Element, show: impl Fn(Vec<SimilarReport>) + Copy + 'static) {
        let Ok(Some(form)) = section.closest("form") else { return };
        let form: HtmlFormElement = form.unchecked_into();
        let asked = RefCell::new(String::new());
        let look = {
            let form = form.clone();
            move || {
                let Ok(all) = FormData::new_with_form(&form) else { return };
                let text = |name: &str| all.get(name).as_string().unwrap_or_default();
                let names = ["category", "grid", "place"];
                let now = names.map(text).join("\n");
                if text("category").is_empty() || text("grid").is_empty() || *asked.borrow() == now
                {
                    return;
                }
                asked.replace(now);
                let Ok(data) = FormData::new() else { return };
                for name in names {
                    data.append_with_str(name, &text(name)).ok();
                }
                spawn_local(async move {
                    if let Ok(list) = fetch(&data).await {
                        show(list);
                    }
                });
            }
        };
        look();
        let listener = Closure::<dyn Fn()>::new(look).into_js_value();
        form.add_event_listener_with_callback("change", listener.unchecked_ref()).ok();
    }

    async fn fetch(data: &FormData) -> Result<Vec<SimilarReport>, JsValue> {
        let headers = Headers::new()?;
        headers.set("Accept", "application/json")?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_body(data);
        init.set_headers(&headers);
        let response = JsFuture::from(window().fetch_with_str_and_init("/report/similar", &init));
        let response: Response = response.await?.dyn_into()?;
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        serde_json::from_str(&text).map_err(|error| error.to_string().into())
    }
}

/// Server side: no automatic search.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::web_sys::HtmlElement;

    use super::SimilarReport;

    pub fn search_on_change(_: &HtmlElement, _: impl Fn(Vec<SimilarReport>) + Copy + 'static) {}
}
