//! Doubtful signatures: by which rules, what a manager may decide about them.
//!
//! Thousands of honest people share the address of a mobile network. So that many come from
//! one place never makes a signature doubtful; it takes a second sign.

use super::time::Millis;

/// How long what a place did is remembered: an hour.
pub const MEMORY: Millis = 3_600_000;

/// Shortest time between the first page and a signature of a person, in milliseconds.
pub const DWELL: Millis = 2_000;

/// A second sign, beside that there are many from one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Signed faster than anyone can read.
    Hasty,
    /// Filled in a field that people do not see.
    Honeypot,
    /// The same name again and again.
    SameName,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hasty, Self::Honeypot, Self::SameName];

    /// The name in rows and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hasty => "hasty",
            Self::Honeypot => "trap",
            Self::SameName => "same-name",
        }
    }

    /// The rule of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text)
    }

    /// How many from one place within [`MEMORY`] are taken for people all the same.
    #[must_use]
    pub const fn free(self) -> u32 {
        match self {
            Self::Hasty => 15,
            Self::Honeypot => 2,
            Self::SameName => 12,
        }
    }

    /// The name that managers read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hasty => "提交过快",
            Self::Honeypot => "填了隐藏栏",
            Self::SameName => "同名过多",
        }
    }

    /// What it says, for managers.
    #[must_use]
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Hasty => {
                "打开页面不到2秒就提交，且同一网络地址一小时内这样的签名超过15个：从第16个起暂不计数"
            }
            Self::Honeypot => {
                "填了正常看不到的栏目，且同一网络地址一小时内超过2个：从第3个起暂不计数"
            }
            Self::SameName => "同一网络地址一小时内用同一个姓名签了很多次：大约第17个起暂不计数",
        }
    }
}

/// The state of a stored signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureState {
    /// Counted.
    Valid,
    /// Not counted until a rule clears or a manager releases it; the signer is told nothing.
    Suspect,
    /// Not counted; the visitor may sign again.
    Invalid,
    /// Taken back by the signer.
    Withdrawn,
}

impl SignatureState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Suspect, Self::Invalid, Self::Withdrawn];

    /// The name in rows and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspect => "suspect",
            Self::Invalid => "invalid",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The standing of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The name that managers read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Valid => "有效",
            Self::Suspect => "存疑",
            Self::Invalid => "无效",
            Self::Withdrawn => "已撤回",
        }
    }
}

/// What a manager may decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewDecision {
    /// Suspect ones count.
    Release,
    /// Suspect ones do not count.
    Dismiss,
    /// Ones that counted do not any more.
    Invalidate,
}

impl ReviewDecision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Release, Self::Dismiss, Self::Invalidate];

    /// The name in forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dismiss => "dismiss",
            Self::Invalidate => "invalidate",
        }
    }

    /// The verdict of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }

    /// The name that managers read.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Release => "放行存疑签名",
            Self::Dismiss => "作废存疑签名",
            Self::Invalidate => "作废有效签名",
        }
    }

    /// Of which standing it is said, and what they become.
    #[must_use]
    pub const fn change(self) -> (SignatureState, SignatureState) {
        match self {
            Self::Release => (SignatureState::Suspect, SignatureState::Valid),
            Self::Dismiss => (SignatureState::Suspect, SignatureState::Invalid),
            Self::Invalidate => (SignatureState::Valid, SignatureState::Invalid),
        }
    }
}

/// Which signatures are meant: those that all of it is true of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureFilter {
    /// Held by that rule.
    pub rule: Option<Rule>,
    /// From that place, as it is kept.
    pub place: Option<String>,
    /// Signed at that time or later.
    pub since: Option<Millis>,
    /// Signed before that time.
    pub until: Option<Millis>,
}
