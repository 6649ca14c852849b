//! Whose page a form stood on, held against who sends it.

use axum::http::Extensions;

use super::{AppState, staff::Session, visitor::Visitor};
use crate::{
    domain::report::deed::Sent,
    service::owner::Person,
    ui::{OWNER, pages::refusal::Refusal},
};

/// Who sends a request: within the console someone of the staff, elsewhere a browser.
pub fn person<'a>(visitor: &'a Visitor, extensions: &Extensions) -> Person<'a> {
    match extensions.get::<Session>() {
        Some(session) => Person::Staff(session.staff.id),
        None => Person::Visitor(&visitor.id),
    }
}

/// Lets a form through that says nothing of its page's owner, or the truth.
///
/// # Errors
/// [`Refusal::OfAnother`].
pub fn check(state: &AppState, extensions: &Extensions, form: &impl Sent) -> Result<(), Refusal> {
    let owner = form.first(OWNER);
    let person = extensions.get::<Visitor>().map(|visitor| person(visitor, extensions));
    match person {
        Some(person) if !owner.is_empty() && !state.service.is_owner(&owner, person) => {
            Err(Refusal::OfAnother)
        }
        _ => Ok(()),
    }
}
