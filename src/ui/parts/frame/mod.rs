//! Frame of every page: head, footer, tabs, title, share card.

pub mod card;
pub mod footer;
pub mod tab_bar;
pub mod title;
pub mod top_bar;
