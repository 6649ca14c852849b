//! Staff: who works on reports, and which of them they answer for.

use serde::{Deserialize, Serialize};

use super::slug::Slug;

/// Names one member of staff.
pub type StaffId = i64;

/// What someone answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 网格员: the reports of their grids.
    GridWorker,
    /// 支部负责人: the reports that their branch leads on.
    BranchLead,
    /// 管理员: all reports, staff, export.
    Manager,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::GridWorker, Self::BranchLead, Self::Manager];

    /// As it is written in forms and kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GridWorker => "grid-worker",
            Self::BranchLead => "branch-lead",
            Self::Manager => "manager",
        }
    }

    /// The role that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::GridWorker => "网格员",
            Self::BranchLead => "支部负责人",
            Self::Manager => "管理员",
        }
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Names them.
    pub id: StaffId,
    /// What they log in by.
    pub login: String,
    /// What colleagues call them.
    pub name: String,
    /// What they answer for.
    pub role: Role,
    /// A grid worker's grids, with those they stand in for.
    pub grids: Vec<Slug>,
    /// A branch lead's branches, with those they stand in for.
    pub branches: Vec<Slug>,
    /// Whether they may log in.
    pub active: bool,
    /// Who stands in for them while they are away.
    pub stand_in: Option<StaffId>,
}

impl Staff {
    /// Whether they say which 寄语 come onto the wall.
    #[must_use]
    pub fn decides_messages(&self) -> bool {
        self.role >= Role::BranchLead
    }

    /// Whether they decide about doubtful signatures.
    #[must_use]
    pub fn judges_signatures(&self) -> bool {
        self.role == Role::Manager
    }

    /// Whether they let others in and out.
    #[must_use]
    pub fn manages_staff(&self) -> bool {
        self.role == Role::Manager
    }
}
