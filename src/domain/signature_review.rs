//! Fraud rules for signatures, and the decisions of managers on suspect ones.
//!
//! Thousands of honest people share one address of a mobile network (carrier NAT). Many signatures
//! from one client network are therefore never suspect by themselves: a rule needs a second signal.

use super::time::Millis;

/// Window in which rule hits are counted per client network: one hour, in milliseconds.
pub const FRAUD_WINDOW: Millis = 3_600_000;

/// Shortest plausible time from the form being shown to a signature, in milliseconds.
pub const MIN_DWELL: Millis = 2_000;

/// A fraud rule: the second signal, besides many signatures from one client network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FraudRule {
    /// Signed within [`MIN_DWELL`] of the form being shown.
    Hasty,
    /// Filled in the honeypot field, which people do not see.
    Honeypot,
    /// Many signatures with the same name.
    SameName,
    /// Signed without a proof of work; held only if no other rule holds it, so that a proof can
    /// release it.
    NoProof,
}

impl FraudRule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Hasty, Self::Honeypot, Self::SameName, Self::NoProof];

    /// Value in the database and in forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hasty => "hasty",
            Self::Honeypot => "trap",
            Self::SameName => "same-name",
            Self::NoProof => "no-proof",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text)
    }

    /// Hits per client network within [`FRAUD_WINDOW`] that are tolerated; later ones are suspect.
    #[must_use]
    pub const fn tolerated_hits(self) -> u32 {
        match self {
            Self::Hasty => 15,
            Self::Honeypot => 2,
            Self::SameName => 12,
            Self::NoProof => 200,
        }
    }

    /// Title shown to managers.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hasty => "提交过快",
            Self::Honeypot => "填了隐藏栏",
            Self::SameName => "同名过多",
            Self::NoProof => "未经手机验证",
        }
    }

    /// Explanation shown to managers.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Hasty => {
                "打开签名页不到2秒就提交，且同一网络地址一小时内这样的签名超过15个：从第16个起暂不计数"
            }
            Self::Honeypot => {
                "填了正常看不到的栏目，且同一网络地址一小时内超过2个：从第3个起暂不计数"
            }
            Self::SameName => "同一网络地址一小时内用同一个姓名签了很多次：大约第17个起暂不计数",
            Self::NoProof => {
                "同一网络地址一小时内未经手机验证的签名超过200个：从第201个起暂不计数，手机验证完成或您放行后计数"
            }
        }
    }
}

/// The state of a stored signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureState {
    /// Counted.
    Valid,
    /// Not counted until a manager releases it or switches its rule off; the signer is not told.
    Suspect,
    /// Not counted; the visitor may sign again.
    Invalid,
    /// Withdrawn by the signer; not counted.
    Withdrawn,
}

impl SignatureState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Suspect, Self::Invalid, Self::Withdrawn];

    /// Value in the database and in forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspect => "suspect",
            Self::Invalid => "invalid",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Title shown to managers.
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

/// A manager's decision on suspect or valid signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewDecision {
    /// Suspect signatures become valid.
    Release,
    /// Suspect signatures become invalid.
    Dismiss,
    /// Valid signatures become invalid.
    Invalidate,
}

impl ReviewDecision {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::Release, Self::Dismiss, Self::Invalidate];

    /// Value in forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dismiss => "dismiss",
            Self::Invalidate => "invalidate",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.as_str() == text)
    }

    /// Title shown to managers.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Release => "放行存疑签名",
            Self::Dismiss => "作废存疑签名",
            Self::Invalidate => "作废有效签名",
        }
    }

    /// State transition `(from, to)` of the affected signatures.
    #[must_use]
    pub const fn transition(self) -> (SignatureState, SignatureState) {
        match self {
            Self::Release => (SignatureState::Suspect, SignatureState::Valid),
            Self::Dismiss => (SignatureState::Suspect, SignatureState::Invalid),
            Self::Invalidate => (SignatureState::Valid, SignatureState::Invalid),
        }
    }
}

/// Selects signatures; all given conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureFilter {
    /// Suspect by this rule.
    pub rule: Option<FraudRule>,
    /// From this client network: its keyed hash, as stored.
    pub network_hash: Option<String>,
    /// Signed at that time or later.
    pub since: Option<Millis>,
    /// Signed before that time.
    pub until: Option<Millis>,
}
