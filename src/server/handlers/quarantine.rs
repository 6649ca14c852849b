//! `POST /console/quarantine`: what becomes of a burst from one network.

use axum::{Extension, extract::State, response::Response};
use domain::report::{Code, action::command::FormFields};
use ui::error::Refusal;

use super::casework::back;
use crate::{
    forms::multipart::{FormRequest, OwnerChecked},
    http::error::AppError,
    session::staff::Session,
    state::AppState,
};

/// Admits or dismisses a burst of reports (`burst`, up to the serial `last`), or the quarantined
/// supports of a report (`serial`, until the time `until`).
pub async fn decide(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    OwnerChecked(FormRequest { parts, posted }): OwnerChecked,
) -> Result<Response, AppError> {
    let (service, staff) = (&state.service, &session.staff);
    service.may_decide_quarantine(staff)?;
    let number = |name: &str| posted.first(name).parse::<u64>().map_err(|_| Refusal::Malformed);
    let admitted = match posted.first("decision").as_str() {
        "admit" => true,
        "dismiss" => false,
        _ => return Err(Refusal::Malformed.into()),
    };
    if posted.first("burst").is_empty() {
        let until = number("until")?.try_into().map_err(|_| Refusal::Malformed)?;
        service.decide_supports(staff, (number("serial")?, until), admitted).await?;
    } else {
        // A keyed hash has the form of a code.
        let burst = Code::parse(&posted.first("burst")).map_err(|_| Refusal::Malformed)?;
        let burst = (burst.as_str(), number("last")?);
        service.decide_burst(staff, burst, admitted).await?;
    }
    Ok(back(&parts.headers, "/console/quarantine"))
}
