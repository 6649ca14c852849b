//! What staff can do to a report: who may, in which states, and what is asked for.

pub mod command;
pub mod fields;
pub(crate) mod limits;
pub mod transition;

use serde::{Deserialize, Serialize};

use super::{
    record::Report,
    state::State::{self, *},
};
use crate::staff::{Role, Staff};

/// Everything staff can do to a report. The names are those of the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 受理: makes it public, says which grid it is in.
    Accept,
    /// 知悉: a reminder or praise is noted and closed.
    Acknowledge,
    /// 不予受理, with a reason.
    Reject,
    /// Asks the reporter for more.
    Ask,
    /// 重复件: goes on under another report.
    Duplicate,
    /// 转办: to someone outside.
    Refer,
    /// 派单: to a unit.
    Dispatch,
    /// 退单: the unit can't.
    Return,
    /// 认领.
    Claim,
    /// Gives it back.
    Release,
    /// 接单: begins to handle it.
    Start,
    /// 现场办结: found and fixed on the spot.
    Settle,
    /// 延期: asks for more days.
    Extend,
    /// Approves them, or not.
    ApproveExtension,
    /// 督办: a lead presses for it.
    Supervise,
    /// Writes something for colleagues.
    Note,
    /// Writes to the reporter.
    Reply,
    /// 提交核查: handled.
    Finish,
    /// 核查: by another person.
    Check,
    /// 回访: what the reporter says when asked.
    Revisit,
    /// 重办: opens it again.
    Reopen,
    /// Keeps it from the public.
    Hide,
    /// Shows it again.
    Unhide,
    /// Writes the 公开摘要 anew.
    Redact,
}

/// Why an action may not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// Not by this person: 403.
    Person(&'static str),
    /// Not in this state, or no longer: 409.
    State,
}

impl Action {
    /// Every action, in the order of the casework.
    pub const ALL: [Self; 24] = [
        Self::Accept,
        Self::Acknowledge,
        Self::Reject,
        Self::Ask,
        Self::Duplicate,
        Self::Refer,
        Self::Dispatch,
        Self::Return,
        Self::Claim,
        Self::Release,
        Self::Start,
        Self::Settle,
        Self::Extend,
        Self::ApproveExtension,
        Self::Supervise,
        Self::Note,
        Self::Reply,
        Self::Finish,
        Self::Check,
        Self::Revisit,
        Self::Reopen,
        Self::Hide,
        Self::Unhide,
        Self::Redact,
    ];

    /// As it is written in routes and kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Acknowledge => "acknowledge",
            Self::Reject => "reject",
            Self::Ask => "ask",
            Self::Duplicate => "duplicate",
            Self::Refer => "refer",
            Self::Dispatch => "dispatch",
            Self::Return => "return",
            Self::Claim => "claim",
            Self::Release => "release",
            Self::Start => "start",
            Self::Settle => "settle",
            Self::Extend => "extend",
            Self::ApproveExtension => "approve_extension",
            Self::Supervise => "supervise",
            Self::Note => "note",
            Self::Reply => "reply",
            Self::Finish => "finish",
            Self::Check => "check",
            Self::Revisit => "revisit",
            Self::Reopen => "reopen",
            Self::Hide => "hide",
            Self::Unhide => "unhide",
            Self::Redact => "redact",
        }
    }

    /// The action that is written so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// What its button says.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Accept => "受理",
            Self::Acknowledge => "知悉并办结",
            Self::Reject => "不予受理",
            Self::Ask => "请居民补充",
            Self::Duplicate => "合并到另一件",
            Self::Refer => "转办",
            Self::Dispatch => "派单",
            Self::Return => "退单",
            Self::Claim => "认领",
            Self::Release => "放回",
            Self::Start => "接单",
            Self::Settle => "现场办结",
            Self::Extend => "申请延期",
            Self::ApproveExtension => "审批延期",
            Self::Supervise => "督办",
            Self::Note => "内部备注",
            Self::Reply => "回复居民",
            Self::Finish => "提交核查",
            Self::Check => "核查",
            Self::Revisit => "回访",
            Self::Reopen => "重办",
            Self::Hide => "不公开",
            Self::Unhide => "恢复公开",
            Self::Redact => "改写公开摘要",
        }
    }

    /// The states in which it can be done.
    #[must_use]
    pub const fn from(self) -> &'static [State] {
        const NOT_WITHDRAWN: &[State] = &[
            Submitted,
            NeedsInfo,
            Accepted,
            Dispatched,
            InProgress,
            AwaitingCheck,
            Closed,
            Rejected,
            Duplicate,
            Referred,
        ];
        match self {
            Self::Accept | Self::Acknowledge | Self::Ask => &[Submitted],
            Self::Reject => &[Submitted, NeedsInfo],
            Self::Duplicate => &[Submitted, NeedsInfo, Accepted],
            Self::Refer => &[Submitted, Accepted],
            Self::Dispatch => &[Accepted],
            Self::Return => &[Dispatched, InProgress],
            Self::Claim | Self::Release | Self::Supervise => State::OPEN,
            Self::Start => &[Dispatched],
            Self::Settle => &[Submitted, Accepted, Dispatched, InProgress],
            Self::Extend | Self::ApproveExtension => &[Accepted, Dispatched, InProgress],
            Self::Note => &State::ALL,
            Self::Reply | Self::Hide | Self::Unhide => NOT_WITHDRAWN,
            Self::Finish => &[InProgress],
            Self::Check => &[AwaitingCheck],
            Self::Revisit => &[Closed],
            Self::Reopen => &[Closed, Rejected, Duplicate, Referred],
            Self::Redact => {
                &[Accepted, Dispatched, InProgress, AwaitingCheck, Closed, Duplicate, Referred]
            }
        }
    }

    /// The lowest role that may do it.
    #[must_use]
    pub const fn least_role(self) -> Role {
        match self {
            Self::ApproveExtension | Self::Supervise | Self::Reopen | Self::Unhide => {
                Role::BranchLead
            }
            _ => Role::GridWorker,
        }
    }

    /// Whether whoever does it has moved the report: they are not the one who checks it then.
    #[must_use]
    pub const fn moves(self) -> bool {
        matches!(self, Self::Start | Self::Finish | Self::Settle | Self::Extend | Self::Refer)
    }

    /// Whether it belongs to the whole path of casework, to the short one of reminders
    /// and praise, or to both.
    const fn suits(self, report: &Report) -> bool {
        match self {
            Self::Acknowledge => !report.kind.is_casework(),
            Self::Accept
            | Self::Dispatch
            | Self::Return
            | Self::Start
            | Self::Settle
            | Self::Extend
            | Self::ApproveExtension
            | Self::Finish => report.kind.is_casework(),
            Self::Check => report.kind.is_casework() || report.is_to_be_referred(),
            _ => true,
        }
    }

    /// Whether `staff`, who sees `report`, may do this to it now.
    ///
    /// # Errors
    /// [`Barred`] says why not; who may not is told so in every state.
    pub fn allowed(self, staff: &Staff, report: &Report) -> Result<(), Barred> {
        const OWN_WORK: &str = "不能核查或回访自己经办的件，请另一位同事来做";
        let undoes_own = self == Self::Unhide && report.hidden_by == Some(staff.id);
        if staff.role < self.least_role() && !undoes_own {
            return Err(Barred::Person("这一步要由支部负责人或管理员来做"));
        }
        if matches!(self, Self::Check | Self::Revisit) && report.was_moved_by(staff.id) {
            return Err(Barred::Person(OWN_WORK));
        }
        if self == Self::ApproveExtension && report.extension_by == Some(staff.id) {
            return Err(Barred::Person("延期要由申请人以外的人审批"));
        }
        let only_says = matches!(self, Self::Note | Self::Reply);
        if !only_says && report.is_for_manager() && staff.role != Role::Manager {
            return Err(Barred::Person("居民两次表示没有解决，这件由管理员处理"));
        }
        let ready = match self {
            Self::ApproveExtension => report.extension_days.is_some(),
            Self::Extend => report.extension_days.is_none(),
            Self::Claim => report.claimed_by.is_none(),
            Self::Release => match report.claimed_by {
                Some(claimed) => claimed == staff.id || staff.role >= Role::BranchLead,
                None => false,
            },
            Self::Settle => report.state != Submitted || report.grid.is_some(),
            Self::Hide => !report.hidden,
            Self::Unhide => report.hidden,
            _ => true,
        };
        let fits = self.from().contains(&report.state) && self.suits(report) && ready;
        if fits { Ok(()) } else { Err(Barred::State) }
    }
}
