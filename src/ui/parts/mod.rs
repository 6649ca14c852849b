//! Parts that pages share.

pub mod appeal;
pub mod footer;
pub mod hero;
pub mod icon;
pub mod tab_bar;
