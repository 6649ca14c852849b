//! Forms and their fields.

pub mod action_form;
pub mod draft;
pub mod fields;
pub mod owner;
pub mod proof;
pub mod text_area;
pub mod withdraw;
