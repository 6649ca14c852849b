//! Parts of pages.

pub mod action_form;
pub mod appeal;
pub mod card;
pub mod count;
pub mod fields;
pub mod footer;
pub mod hero;
pub mod icon;
pub mod owner;
pub mod qr;
pub mod recovery;
pub mod report;
pub mod tab_bar;
pub mod text_area;
pub mod title;
pub mod top_bar;
pub mod withdraw;
