//! Pages as they are answered: rendered, kept while they serve, refused.

pub(crate) mod cache;
pub(crate) mod error_pages;
pub(crate) mod render;
pub(crate) mod share_image;
