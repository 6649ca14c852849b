//! Parts of pages.

pub mod appeal;
pub mod count;
pub mod form;
pub mod frame;
pub mod hero;
pub mod icon;
pub mod qr;
pub mod recovery;
pub mod report;
pub mod timeline;
