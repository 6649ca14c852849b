//! Ownership check of forms: the hidden `owner` field must be the sender's.

use axum::http::{Extensions, request::Parts};
use domain::report::action::command::FormFields;
use service::visitor::owner::Person;
use ui::{OWNER_FIELD, error::Refusal};

use crate::{
    session::{
        staff::{PendingSession, Session},
        visitor::Visitor,
    },
    state::AppState,
};

/// Who sends a request: within the console someone of the staff, elsewhere a browser.
pub fn person<'a>(visitor: &'a Visitor, extensions: &Extensions) -> Person<'a> {
    let pending = || extensions.get::<PendingSession>().map(|PendingSession(session)| session);
    match extensions.get::<Session>().or_else(pending) {
        Some(session) => Person::Staff(session.staff.id),
        None => Person::Visitor(&visitor.id),
    }
}

/// Refuses a form whose page was rendered for someone else (another visitor on the same device).
/// Clients that send neither `Origin` nor `Sec-Fetch-Site` (no browsers) may omit the field.
///
/// # Errors
/// [`Refusal::WrongOwner`].
pub fn check(state: &AppState, parts: &Parts, form: &impl FormFields) -> Result<(), Refusal> {
    let Some(visitor) = parts.extensions.get::<Visitor>() else { return Err(Refusal::Internal) };
    let person = person(visitor, &parts.extensions);
    let owners: Vec<String> = form.all(OWNER_FIELD);
    let is_true = owners.iter().all(|owner| state.service.is_owner(owner, person));
    let browser = ["origin", "sec-fetch-site"].iter().any(|name| parts.headers.contains_key(*name));
    if is_true && !(owners.is_empty() && browser) { Ok(()) } else { Err(Refusal::WrongOwner) }
}
