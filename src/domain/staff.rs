//! Staff accounts: their role, and the grids and branches they are responsible for.

use serde::{Deserialize, Serialize};

use super::{slug::Slug, time::Millis};

/// Primary key of a staff account.
pub type StaffId = i64;

/// Role of a staff member, ordered by rights: decides which reports they see and what they may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// 网格员: the reports of their grids.
    GridWorker,
    /// 支部负责人: the reports that their branch is in charge of.
    BranchLead,
    /// 管理员: all reports, staff, export.
    Manager,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::GridWorker, Self::BranchLead, Self::Manager];

    /// Value in forms and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GridWorker => "grid-worker",
            Self::BranchLead => "branch-lead",
            Self::Manager => "manager",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Title shown to staff.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::GridWorker => "网格员",
            Self::BranchLead => "支部负责人",
            Self::Manager => "管理员",
        }
    }
}

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Everything.
    Full,
    /// Give its code, and nothing else.
    Code,
    /// Set up a second factor, and nothing else.
    SetUp,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 3] = [Self::Full, Self::Code, Self::SetUp];

    /// Value in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Code => "code",
            Self::SetUp => "set-up",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Primary key.
    pub id: StaffId,
    /// Login name.
    pub login: String,
    /// Name shown to colleagues.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Grids of a grid worker, including those of colleagues they stand in for.
    pub grids: Vec<Slug>,
    /// Branches of a branch lead, including those of colleagues they stand in for.
    pub branches: Vec<Slug>,
    /// Whether they may log in.
    pub active: bool,
    /// Substitute while they are away.
    pub stand_in: Option<StaffId>,
    /// Until when; `None` if no end was set, as before there were ends.
    #[serde(default)]
    pub stand_in_until: Option<Millis>,
}

impl Staff {
    /// Whether they may publish or reject messages (寄语).
    #[must_use]
    pub fn moderates_messages(&self) -> bool {
        self.role >= Role::BranchLead
    }

    /// Whether they may review suspect signatures.
    #[must_use]
    pub fn reviews_signatures(&self) -> bool {
        self.role == Role::Manager
    }

    /// Whether they may manage staff accounts.
    #[must_use]
    pub fn manages_staff(&self) -> bool {
        self.role == Role::Manager
    }
}
