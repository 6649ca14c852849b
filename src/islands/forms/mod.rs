//! Islands of forms: drafts, photo upload, geolocation, similar reports.

#[cfg(feature = "hydrate")]
mod draft;
#[cfg(feature = "hydrate")]
mod fields;
pub mod grid_picker;
pub mod locate;
pub mod photo_picker;
pub mod queue;
pub mod report_form;
pub mod sign_form;
pub mod similar;
pub mod templates;
pub mod text_field;

/// Storage key of the draft of the signing form.
pub const SIGN_DRAFT: &str = "chuangquan.sign";
/// Storage key of the draft of the reporting form.
pub const REPORT_DRAFT: &str = "chuangquan.report";
