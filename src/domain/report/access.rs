//! Which reports a member of staff sees.

use super::record::Report;
use crate::staff::{Role, Staff};

impl Staff {
    /// Whether they answer for `report`: whatever they do not answer for, they do not see.
    #[must_use]
    pub fn sees(&self, report: &Report) -> bool {
        match self.role {
            Role::GridWorker => report.grid.as_ref().is_some_and(|grid| self.grids.contains(grid)),
            Role::BranchLead => self.branches.contains(&report.branch),
            Role::Manager => true,
        }
    }
}
