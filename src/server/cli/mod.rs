//! Subcommands of `chuangquan` that need more than a call: what an operator types, read and
//! carried out. One file for each.

pub mod secret;
pub mod staff;
