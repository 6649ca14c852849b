//! What can be done to a case: the bar with the next steps, and the forms.

use domain::report::{Action, Report, State};
use leptos::prelude::*;

use crate::{
    context::Page, pages::report::list::percent_encoded, parts::form::action_form::action_form,
};

/// Query parameters of the page.
pub(super) struct CaseQuery {
    /// Query string of the queue page that linked here, for the way back.
    pub(super) queue_query: String,
    /// Name of the action whose form is open at first.
    pub(super) open_action: Option<String>,
}

impl CaseQuery {
    /// The URL of this page with the form of `action` open.
    fn form_url(&self, report: &Report, action: Action) -> String {
        let (code, name, from) =
            (&report.code, action.as_str(), percent_encoded(&self.queue_query));
        format!("/console/reports/{code}?from={from}&do={name}#do-{name}")
    }
}

/// Whether `action` leads on: an answer does where one is waited for.
fn is_next_step(action: Action, report: &Report) -> bool {
    action != Action::Answer || report.state == State::NeedsInfo
}

/// Up to three next steps in a bar at the bottom of a phone screen. An action without fields is
/// submitted at once, the others link to their forms.
pub(super) fn thumb_bar(report: &Report, actions: &[Action], way: &CaseQuery) -> Option<AnyView> {
    const NEXT_STEPS: [Action; 13] = [
        Action::Answer,
        Action::Accept,
        Action::Acknowledge,
        Action::Start,
        Action::Finish,
        Action::Check,
        Action::Dispatch,
        Action::Ask,
        Action::Return,
        Action::Settle,
        Action::Reject,
        Action::Admit,
        Action::Dismiss,
    ];
    let next: Vec<Action> = NEXT_STEPS
        .into_iter()
        .filter(|action| actions.contains(action) && is_next_step(*action, report))
        .take(3)
        .collect();
    let buttons = next.iter().enumerate().map(|(i, action)| {
        let class = if i == 0 { "weui-btn weui-btn_primary" } else { "weui-btn weui-btn_default" };
        let title = action.title();
        if action.fields().is_empty() {
            let form = format!("form-{}", action.as_str());
            return view! { <button class=class type="submit" form=form>{title}</button> }
                .into_any();
        }
        let href = way.form_url(report, *action);
        view! { <a class=class href=href>{title}</a> }.into_any()
    });
    let buttons = buttons.collect_view();
    (!next.is_empty())
        .then(|| view! { <nav class="thumb-bar" aria-label="下一步">{buttons}</nav> }.into_any())
}

/// Action forms: the main steps of the case expanded, the others collapsed.
pub(super) fn action_sections(
    page: &Page,
    report: &Report,
    photos: &[domain::report::Photo],
    actions: &[Action],
    way: &CaseQuery,
) -> (AnyView, AnyView) {
    const MAIN_ACTIONS: [Action; 11] = [
        Action::Answer,
        Action::Accept,
        Action::Acknowledge,
        Action::Dispatch,
        Action::Start,
        Action::Finish,
        Action::Check,
        Action::ApproveExtension,
        Action::Settle,
        Action::Admit,
        Action::Dismiss,
    ];
    let whole =
        page.form_state.as_ref().filter(|form| !actions.iter().any(|a| a.as_str() == form.name));
    let whole = whole.and_then(|form| {
        let written: Vec<String> =
            ["text", "reason", "summary"].iter().map(|name| form.value(name)).collect();
        let written = written.join("");
        let text = form.message.as_ref()?.to_string();
        Some(view! {
            <div class="error-summary" role="alert">
                <p>{text}</p>
                {(!written.is_empty()).then(|| view! { <p class="written">"您写的：" {written}</p> })}
            </div>
        })
    });
    let leads = |action: &&Action| {
        let is_main = MAIN_ACTIONS.contains(*action) && **action != Action::Settle;
        is_main && is_next_step(**action, report)
    };
    let main = actions.iter().filter(leads);
    let main = main.map(|action| {
        let title = action.title();
        view! {
            <section class="action" aria-label=title id=format!("do-{}", action.as_str())>
                <h2 class="section-title">{title}</h2>
                {action_form(page, report, photos, *action, &way.queue_query)}
            </section>
        }
    });
    let main = main.collect_view();
    let more = actions.iter().filter(|action| !leads(action)).map(|action| {
        let wanted = way.open_action.as_deref() == Some(action.as_str());
        let open = wanted || page.submitted_form(action.as_str()).is_some();
        view! {
            <details class="fold action" open=open id=format!("do-{}", action.as_str())>
                <summary>{action.title()}</summary>
                {action_form(page, report, photos, *action, &way.queue_query)}
            </details>
        }
    });
    let more = more.collect_view();
    (
        view! { {whole} {main} }.into_any(),
        view! { <div class="actions-more">{more}</div> }.into_any(),
    )
}
