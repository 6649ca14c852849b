//! Whose page a form stood on, held against who sends it.

use axum::http::{Extensions, request::Parts};
use domain::report::action::command::Sent;
use service::visitor::owner::Person;
use ui::{OWNER, error::Refusal};

use crate::{
    session::{staff::Session, visitor::Visitor},
    state::AppState,
};

/// Who sends a request: within the console someone of the staff, elsewhere a browser.
pub fn person<'a>(visitor: &'a Visitor, extensions: &Extensions) -> Person<'a> {
    match extensions.get::<Session>() {
        Some(session) => Person::Staff(session.staff.id),
        None => Person::Visitor(&visitor.id),
    }
}

/// Lets a form through that says the truth about its page's owner. Only a program need say
/// nothing: what comes from a browser without that stood on a page of before it was asked.
///
/// # Errors
/// [`Refusal::OfAnother`].
pub fn check(state: &AppState, parts: &Parts, form: &impl Sent) -> Result<(), Refusal> {
    let Some(visitor) = parts.extensions.get::<Visitor>() else { return Err(Refusal::Internal) };
    let person = person(visitor, &parts.extensions);
    let said: Vec<String> = form.all(OWNER);
    let is_true = said.iter().all(|owner| state.service.is_owner(owner, person));
    let browser = ["origin", "sec-fetch-site"].iter().any(|name| parts.headers.contains_key(*name));
    if is_true && !(said.is_empty() && browser) { Ok(()) } else { Err(Refusal::OfAnother) }
}
