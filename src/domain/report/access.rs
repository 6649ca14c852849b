//! Which reports staff may see.

use super::record::Report;
use crate::staff::{Role, Staff};

impl Staff {
    /// Whether they may see `report`: only reports they are responsible for are visible to them.
    /// What is quarantined or was dismissed is for branch leads and managers.
    #[must_use]
    pub fn may_see(&self, report: &Report) -> bool {
        match self.role {
            Role::GridWorker => {
                !report.is_set_apart()
                    && report.grid.as_ref().is_some_and(|grid| self.grids.contains(grid))
            }
            Role::BranchLead => self.branches.contains(&report.branch),
            Role::Manager => true,
        }
    }
}
