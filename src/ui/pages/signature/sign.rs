//! `/sign`: the signing form. Works as plain HTML; islands add drafts and live validation.

use domain::{
    campaign::{Phase, Pledge},
    signature::MESSAGE_MAX,
    text::Name,
};
use islands::forms::{
    grid_picker::{GridChoice, GridPicker},
    sign_form::SignForm,
    text_field::{Rule, TextField},
};
use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_query_map;
use service::SentKey;

use crate::{
    HONEYPOT_FIELD, OWNER_FIELD,
    context::{Page, PageOutcome},
    error::Refusal,
    form_state::FormState,
    pages::refusal::RefusalPage,
    parts::{
        form::{fields::field_error, proof::ProofFields},
        frame::title::PageTitle,
    },
};

/// The signing page.
#[component]
pub fn SignPage() -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let query_grid = use_query_map().read_untracked().get("grid");
    Suspend::new(async move {
        let form = page.form("sign");
        if form.is_fresh() {
            let mine = page.service.signature_of(&page.visitor).await;
            if page.or_refuse(mine)?.is_some() {
                page.set_outcome(PageOutcome::Redirect("/signed"));
                return None;
            }
        }
        let phase = page.service.phase();
        if phase != Phase::Open {
            return Some(Either::Left(view! { <RefusalPage refusal=Refusal::Closed(phase) /> }));
        }
        let grid = if form.is_fresh() {
            let grid = query_grid.or_else(|| page.poster_grid.clone());
            grid.filter(|slug| page.campaign().grid(slug).is_some()).unwrap_or_default()
        } else {
            form.value("grid")
        };
        let sent = SentKey { key: form.value("key"), proof: form.value("proof") };
        let key = page.service.key_again(sent, &page.visitor, &page.client_network);
        let summary =
            form.summary(lang.say("还没有签上，请看一下：", "Not signed yet, please look at:"));
        let next = form.offers_next_person.then(|| {
            view! {
                <p class="page-action">
                    <input type="hidden" name=OWNER_FIELD value=page.owner.clone() form="sign-form" />
                    <button class="weui-btn weui-btn_default" type="submit" form="sign-form" formaction="/sign/next" formnovalidate>
                        {lang.say("换人签名", "Next person signs")}
                    </button>
                </p>
            }
        });
        let with_message = !form.value("message").is_empty() || form.error("message").is_some();
        Some(Either::Right(view! {
            <PageTitle text=lang.say("我要签名", "Sign the pledge") />
            <main id="main" class="sign-page">
                <h1 class="page-title">{lang.say("签下我的文明承诺", "Sign the civility pledge")}</h1>
                {summary}
                {next}
                <SignForm fresh=form.is_fresh() owner=page.owner.clone()>
                    <ProofFields key />
                    <PledgeChoices form=form.clone() />
                    <div class="weui-cells form-cells">
                        <TextField
                            name="name"
                            label=lang.say("您的姓名", "Your name")
                            hint=lang.say(
                                format!("1至{}个字，全名不公开", Name::MAX),
                                format!("1 to {} characters; your full name is never shown publicly", Name::MAX),
                            )
                            rule=Rule::Name
                            value=form.value("name")
                            error=form.error("name")
                        />
                        <GridPicker label=lang.say("您住的小区或附近路段", "Your compound or a nearby street") grids=grid_choices(&page) chosen=grid error=form.error("grid") />
                    </div>
                    <details class="fold" open=with_message>
                        <summary>{lang.say("写一句寄语（可不写）", "Write a message (optional)")}</summary>
                        <div class="weui-cells form-cells">
                            <TextField
                                name="message"
                                label=lang.say("寄语", "Message")
                                hint=lang.say(
                                    format!("最多{MESSAGE_MAX}个字，审核后公开"),
                                    format!("At most {MESSAGE_MAX} characters; shown publicly once staff have checked it"),
                                )
                                rule=Rule::Message
                                value=form.value("message")
                                error=form.error("message")
                            />
                        </div>
                    </details>
                    <p class="trap" aria-hidden="true">
                        <label>{lang.say("请不要填写", "Leave this empty")} <input name=HONEYPOT_FIELD tabindex="-1" autocomplete="off" /></label>
                    </p>
                    <Permissions form=form.clone() />
                </SignForm>
            </main>
        }))
    })
}

fn grid_choices(page: &Page) -> Vec<GridChoice> {
    let grids = page.campaign().grids.iter();
    grids.map(|grid| GridChoice { slug: grid.slug.clone(), label: grid.label() }).collect()
}

/// A checkbox with title and text for each pledge; none is checked at first.
#[component]
fn PledgeChoices(form: FormState) -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let (chosen, error) = (form.values("pledges"), form.error("pledges"));
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then_some("error-pledges");
    let rows = page.campaign().pledges.iter().cloned().enumerate().map(|(i, pledge)| {
        let Pledge { slug, title, text, .. } = pledge;
        let checked = chosen.iter().any(|chosen| chosen == slug.as_str());
        let id = if i == 0 { "field-pledges".to_owned() } else { format!("pledge-{slug}") };
        let text_id = format!("pledge-text-{slug}");
        view! {
            <label class="weui-cell weui-check__label pledge-choice">
                <span class="weui-cell__hd">
                    <input
                        type="checkbox"
                        class="tick"
                        id=id
                        name="pledges"
                        value=slug.to_string()
                        checked=checked
                        aria-invalid=invalid
                        aria-describedby=described.map_or(text_id.clone(), |error| format!("{text_id} {error}"))
                        aria-label=title.clone()
                    />
                </span>
                <span class="weui-cell__bd">
                    <span class="pledge-choice__title">{title.clone()}</span>
                    <span class="pledge-choice__text" id=text_id.clone()>{text}</span>
                </span>
            </label>
        }
    });
    view! {
        <fieldset class="weui-cells pledge-choices">
            <legend class="section-title">{lang.say("我承诺（可多选）", "I pledge (choose any)")}</legend>
            {rows.collect_view()}
            {field_error("pledges", error)}
        </fieldset>
    }
}

/// Checkboxes: show the masked name publicly (optional), and consent (required).
#[component]
fn Permissions(form: FormState) -> impl IntoView {
    let page = Page::current();
    let lang = page.lang;
    let (show_name, consent) = (form.is_checked("show_name"), form.is_checked("consent"));
    let error = form.error("consent");
    let sentence = page.campaign().privacy.consent.clone();
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then_some("error-consent");
    view! {
        <div class="weui-cells permissions">
            <label class="weui-cell weui-check__label">
                <span class="weui-cell__hd">
                    <input type="checkbox" class="tick" name="show_name" checked=show_name />
                </span>
                <span class="weui-cell__bd">{lang.say("签名一天后，可以公开显示我的姓和星号（如“王**”）", "A day after signing, the first letter of my name may be shown publicly, followed by asterisks (for example “W**”)")}</span>
            </label>
            <label class="weui-cell weui-check__label">
                <span class="weui-cell__hd">
                    <input
                        type="checkbox"
                        class="tick"
                        id="field-consent"
                        name="consent"
                        checked=consent
                        aria-invalid=invalid
                        aria-describedby=described
                    />
                </span>
                <span class="weui-cell__bd">{sentence}</span>
            </label>
            <p class="permissions__link"><a href="/privacy">{lang.say("看个人信息说明", "Read the Personal information notice")}</a></p>
            {field_error("consent", error)}
        </div>
    }
}
