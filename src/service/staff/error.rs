//! Why something about staff was not changed, and what a login is.

use domain::report::action::command::FieldErrors;
use store::StoreError;

use super::password::PasswordError;

/// Why someone was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The form has faults.
    #[error("{}", .0.iter().map(|(field, text)| format!("{field}: {text}")).collect::<Vec<_>>().join("; "))]
    Form(FieldErrors),
    /// Only managers may.
    #[error("only managers may do this")]
    Forbidden,
    /// There is nobody of that name.
    #[error("there is nobody of that login")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PasswordError> for StaffError {
    fn from(error: PasswordError) -> Self {
        let busy = "too many passwords are being checked";
        Self::Store(match error {
            PasswordError::Busy => StoreError::Unavailable(busy.into()),
            PasswordError::Store(error) => error,
        })
    }
}

/// Whether anyone could be called so.
pub(super) fn login_fits(login: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    (2..=40).contains(&login.len()) && login.chars().all(allowed)
}
