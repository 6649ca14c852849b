//! Form of one staff action on a report, generated from the fields of the action.

use domain::{
    campaign::Campaign,
    lang::Lang,
    report::{
        Action, Photo, PhotoRole, Report,
        action::fields::{Field, Input},
        words::day_and_time,
    },
};
use islands::forms::{
    photo_picker::{HeldPhoto, PhotoPicker},
    templates::Templates,
};
use leptos::prelude::*;

use super::{
    fields::{TextInput, field_error, select_field_of, text_field},
    owner::OwnerField,
    text_area::TextArea,
};
use crate::{context::Page, form_state::FormState, pages::report::grid_choices};

/// The form of `action` for one report, which stands in the list of the query string `from`.
pub fn action_form(
    page: &Page,
    report: &Report,
    photos: &[Photo],
    action: Action,
    from: &str,
) -> AnyView {
    let form = page.form(action.as_str()).with_prefix(action.as_str());
    let path = format!("/console/reports/{}/{}", report.code, action.as_str());
    let fields = action.fields();
    let has_photos = fields.iter().any(|field| field.input == Input::Photos);
    let enctype = has_photos.then_some("multipart/form-data");
    // The current version, also after a conflict: the next attempt refers to what is shown now.
    let version = report.version.to_string();
    let inputs = fields.iter().map(|field| field_input(page, report, photos, action, field, &form));
    let inputs = inputs.collect_view();
    let class = match action {
        Action::Reject | Action::Return | Action::Hide => "weui-btn weui-btn_warn",
        Action::Note | Action::Reply | Action::Claim | Action::Release => {
            "weui-btn weui-btn_default"
        }
        _ => "weui-btn weui-btn_primary",
    };
    view! {
        <form class="action-form" method="post" action=path id=format!("form-{}", action.as_str()) enctype=enctype>
            <OwnerField />
            {form.summary("没有提交，请看一下：")}
            <input type="hidden" name="version" value=version />
            <input type="hidden" name="from" value=from.to_owned() />
            {inputs}
            <button class=class type="submit">{action.title()}</button>
            <button class="weui-btn weui-btn_default" type="submit" name="then" value="next">"提交，看下一件"</button>
        </form>
    }
    .into_any()
}

fn field_input(
    page: &Page,
    report: &Report,
    photos: &[Photo],
    action: Action,
    field: &Field,
    form: &FormState,
) -> AnyView {
    let campaign = page.campaign();
    let Field { name, label, .. } = *field;
    let value = form.value(name);
    let error = form.error(name);
    let or =
        |usual: String| if value.is_empty() && form.is_fresh() { usual } else { value.clone() };
    match field.input {
        Input::Line => text_field(name, label, None, TextInput::Line("text"), form),
        Input::Days => text_field(name, label, None, TextInput::Line("number"), form),
        Input::Text => text_with_templates(page, report, action, field, form),
        Input::Category | Input::AnyCategory => {
            let is_any = field.input == Input::AnyCategory;
            let list = campaign.categories.iter();
            let list = list.filter(|category| is_any || category.kind.is_casework());
            let list = list.map(|category| (category.slug.to_string(), category.title.clone()));
            select_field_of(
                form,
                name,
                label,
                None,
                list.collect(),
                (&or(report.category.to_string()), error),
            )
        }
        Input::Branch => {
            let list = campaign.branches.iter();
            let list = list.map(|branch| (branch.slug.to_string(), branch.title.clone()));
            select_field_of(
                form,
                name,
                label,
                None,
                list.collect(),
                (&or(report.branch.to_string()), error),
            )
        }
        Input::Unit => {
            let list =
                campaign.units.iter().map(|unit| (unit.slug.to_string(), unit.title.clone()));
            select_field_of(
                form,
                name,
                label,
                None,
                list.collect(),
                (&or(report.unit.to_string()), error),
            )
        }
        Input::Grid => {
            let usual = report.grid.as_ref().map(ToString::to_string).unwrap_or_default();
            let list = grid_choices(campaign).into_iter();
            let list = list.map(|choice| (choice.slug.to_string(), choice.label));
            select_field_of(form, name, label, Some("请选择"), list.collect(), (&or(usual), error))
        }
        Input::Photos => photo_input(name, label, form),
        Input::PublicPhotos => public_photos(photos, label, form),
        Input::Choice(yes, no) => yes_no_field(action, field, (yes, no), &value, error),
    }
}

fn yes_no_field(
    action: Action,
    field: &Field,
    (yes, no): (&'static str, &'static str),
    value: &str,
    error: Option<String>,
) -> AnyView {
    let name = field.name;
    let kept_id = format!("field-{}-{name}", action.as_str());
    let invalid = error.is_some().then_some("true");
    let described = error.is_some().then(|| format!("error-{name}"));
    let radio = |sent: &'static str, word: &'static str| {
        let id = format!("choice-{}-{name}-{sent}", action.as_str());
        let checked = value == sent;
        view! {
            <label class="chip">
                <input type="radio" id=id name=name value=sent checked=checked aria-describedby=described.clone() />
                <span class="chip__text">{word}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choice" role="radiogroup" aria-invalid=invalid id=kept_id>
            <legend class="field__label">{field.label}</legend>
            <div class="chips">{radio("yes", yes)} {radio("no", no)}</div>
            {field_error(name, error)}
        </fieldset>
    }
    .into_any()
}

/// A text area with a list of text templates.
fn text_with_templates(
    page: &Page,
    report: &Report,
    action: Action,
    field: &Field,
    form: &FormState,
) -> AnyView {
    let campaign = page.campaign();
    let (value, error) = (form.value(field.name), form.error(field.name));
    let value = match (action, form.is_fresh()) {
        (Action::Accept, true) => report.default_summary(page.campaign()),
        (Action::Redact, true) => report.summary.clone().unwrap_or_default(),
        _ => value,
    };
    let id = form.id(field.name);
    let described = error.is_some().then(|| format!("error-{}", field.name));
    let offers = matches!(
        action,
        Action::Ask | Action::Reply | Action::Reject | Action::Finish | Action::Settle
    );
    let templates = offers.then(|| {
        let list = filled_templates(page, campaign, report);
        view! { <Templates target=id.clone() templates=list /> }
    });
    view! {
        <div class="weui-cell field">
            <label class="field__label" for=id.clone()>{field.label}</label>
            {templates}
            <TextArea id name=field.name value rows=3 invalid=error.is_some() described />
            {field_error(field.name, error)}
        </div>
    }
    .into_any()
}

/// The campaign's reply templates (title, text), with unit and due date of this report filled in. One
/// that names what this report does not have, or a time that has passed, is not offered.
fn filled_templates(page: &Page, campaign: &Campaign, report: &Report) -> Vec<(String, String)> {
    let unit = campaign.unit(report.unit.as_str()).map(|unit| unit.title.clone());
    let due = report.promised_at.or(report.due_at).filter(|due| *due > page.service.now());
    let due = due.map(|due| day_and_time(page.service.calendar().civil(due), Lang::Zh));
    let values = [("{unit}", unit), ("{due}", due)];
    let fill = |text: &str| {
        values.iter().try_fold(text.to_owned(), |text, (name, value)| match value {
            Some(value) => Some(text.replace(name, value)),
            None => (!text.contains(name)).then_some(text),
        })
    };
    let list = campaign.reply_templates.iter();
    list.filter_map(|template| Some((template.title.clone(), fill(&template.text)?))).collect()
}

/// A photo upload field, with the photos that the server holds from a refused attempt.
pub fn photo_input(name: &'static str, label: &'static str, form: &FormState) -> AnyView {
    let held_name = if name == "before" { "held_before" } else { "held" };
    let held = form.values(held_name).into_iter().map(|id| HeldPhoto { id, chosen: true });
    let held = held.collect::<Vec<_>>();
    let error = form.error(name);
    view! {
        <fieldset class="choice" id=form.id(name)>
            <legend class="field__label">{label}</legend>
            <p class="field__hint">"会公开，请不要拍到人脸、车牌、门牌号"</p>
            <PhotoPicker held name=held_name field=name error=error.clone() />
            {field_error(name, error)}
        </fieldset>
    }
    .into_any()
}

/// Checkboxes for the reporter's photos that become public; none is checked by default.
fn public_photos(photos: &[Photo], label: &'static str, form: &FormState) -> AnyView {
    let chosen = form.values("public_photos");
    let before = photos.iter().filter(|photo| photo.role == PhotoRole::Before);
    let tiles = before.enumerate().map(|(i, photo)| {
        let src = format!("/photos/{}?size=thumb", photo.id);
        let checked = photo.public || chosen.iter().any(|id| id == photo.id.as_str());
        view! {
            <label class="tile">
                <img src=src alt=format!("照片{}", i + 1) width="104" height="104" />
                <span class="tile__keep">
                    <input type="checkbox" name="public_photos" value=photo.id.to_string() checked=checked />
                    {format!("公开第{}张", i + 1)}
                </span>
            </label>
        }
    });
    let tiles = tiles.collect_view();
    if tiles.is_empty() {
        return ().into_any();
    }
    view! {
        <fieldset class="choice">
            <legend class="field__label">{label}</legend>
            <div class="tiles">{tiles}</div>
            {field_error("public_photos", form.error("public_photos"))}
        </fieldset>
    }
    .into_any()
}
