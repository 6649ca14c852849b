//! Parts of pages.

pub mod appeal;
pub mod count;
pub mod footer;
pub mod hero;
pub mod icon;
pub mod tab_bar;
pub mod withdraw;
