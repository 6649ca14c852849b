//! What stands around every page: head, foot, tabs, title, the card for WeChat.

pub mod card;
pub mod footer;
pub mod tab_bar;
pub mod title;
pub mod top_bar;
