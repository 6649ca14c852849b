//! Islands: the only code that becomes wasm.
//!
//! What belongs here: what moves or helps in the browser. Every island draws on the
//! server exactly what a page without scripts needs, and only adds to it.

#[cfg(feature = "hydrate")]
mod form_fields;
pub mod grid_picker;
mod live;
pub mod live_number;
pub mod locate;
pub mod photo_picker;
pub mod queue;
pub mod report_form;
pub mod sign_form;
pub mod similar;
pub mod templates;
pub mod text_field;
pub mod windows;
