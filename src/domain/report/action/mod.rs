//! Actions of staff on a report: required role, allowed states, and conditions.

pub mod command;
pub mod correct;
pub mod fields;
mod hand_over;
pub(crate) mod limits;
mod reopen;
pub mod reschedule;
pub mod transition;

use serde::{Deserialize, Serialize};

use super::{
    record::Report,
    state::{
        Audience,
        State::{self, *},
    },
};
use crate::staff::{Role, Staff};

/// An action of staff on a report. The names are those of the routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 受理: accepts it, which makes it public, and sets its grid.
    Accept,
    /// 知悉: notes and closes a reminder or praise.
    Acknowledge,
    /// 不予受理, with a reason.
    Reject,
    /// Asks the reporter for more information.
    Ask,
    /// Writes down what the reporter answered by telephone.
    Answer,
    /// 更正: puts category, grid, branch or unit right.
    Correct,
    /// 重复件: merges it into another report.
    Duplicate,
    /// 转办: refers it to an outside organisation.
    Refer,
    /// 派单: dispatches it to a unit.
    Dispatch,
    /// 退单: the unit cannot handle it.
    Return,
    /// 认领: claims it.
    Claim,
    /// 放回: gives up the claim.
    Release,
    /// 接单: begins to handle it.
    Start,
    /// 现场办结: found and fixed on the spot; still needs the check.
    Settle,
    /// 延期: requests more working days.
    Extend,
    /// 审批延期: approves or refuses the requested extension.
    ApproveExtension,
    /// 督办: a branch lead supervises it.
    Supervise,
    /// Writes a note for colleagues.
    Note,
    /// Writes a reply to the reporter.
    Reply,
    /// 提交核查: reports it as handled, for the check.
    Finish,
    /// 核查: another person checks the handling.
    Check,
    /// 回访: records what the reporter says in a follow-up call.
    Revisit,
    /// 重办: reopens it.
    Reopen,
    /// Hides it from the public.
    Hide,
    /// Makes it public again.
    Unhide,
    /// Rewrites the public summary (公开摘要).
    Redact,
    /// 放行: takes it out of quarantine.
    Admit,
    /// 剔除: dismisses it as part of a burst.
    Dismiss,
}

/// Said to a grid worker who may see something, but not decide about it.
pub const NOT_FOR_WORKERS: &str = "这一步要由支部负责人或管理员来做";

/// Why an action is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Not allowed for this person (403), with the reason to show.
    Person(&'static str),
    /// Not possible in the current state (409).
    State,
}

impl Action {
    /// Every action, in the order of the process.
    pub const ALL: [Self; 28] = [
        Self::Accept,
        Self::Acknowledge,
        Self::Reject,
        Self::Ask,
        Self::Answer,
        Self::Correct,
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
        Self::Admit,
        Self::Dismiss,
    ];

    /// Value in routes and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Acknowledge => "acknowledge",
            Self::Reject => "reject",
            Self::Ask => "ask",
            Self::Answer => "answer",
            Self::Correct => "correct",
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
            Self::Admit => "admit",
            Self::Dismiss => "dismiss",
        }
    }

    /// Inverse of [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }

    /// Label of its button.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Accept => "受理",
            Self::Acknowledge => "知悉并办结",
            Self::Reject => "不予受理",
            Self::Ask => "请居民补充",
            Self::Answer => "记下居民的答复",
            Self::Correct => "更正",
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
            Self::Admit => "放行",
            Self::Dismiss => "剔除",
        }
    }

    /// States in which it is possible.
    #[must_use]
    pub const fn allowed_states(self) -> &'static [State] {
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
            Self::Claim | Self::Release | Self::Supervise | Self::Answer | Self::Correct => {
                State::OPEN
            }
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
            Self::Admit => &[Quarantined, Dismissed],
            Self::Dismiss => &[Quarantined],
        }
    }

    /// The lowest role that may do it.
    #[must_use]
    pub const fn min_role(self) -> Role {
        match self {
            Self::ApproveExtension
            | Self::Supervise
            | Self::Reopen
            | Self::Unhide
            | Self::Admit
            | Self::Dismiss => Role::BranchLead,
            _ => Role::GridWorker,
        }
    }

    /// Who may read its text: the reporter reads what is addressed to them, the public only texts that
    /// are written for everyone.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::Reject
            | Self::Ask
            | Self::Answer
            | Self::Correct
            | Self::Reply
            | Self::Dismiss => Audience::Reporter,
            Self::Accept
            | Self::Acknowledge
            | Self::Duplicate
            | Self::Refer
            | Self::Dispatch
            | Self::Start
            | Self::ApproveExtension
            | Self::Finish
            | Self::Settle
            | Self::Check
            | Self::Reopen => Audience::Public,
            Self::Return
            | Self::Claim
            | Self::Release
            | Self::Extend
            | Self::Supervise
            | Self::Note
            | Self::Revisit
            | Self::Hide
            | Self::Unhide
            | Self::Redact
            | Self::Admit => Audience::Staff,
        }
    }

    /// Whether it counts as work on the report: its author may not check the report afterwards.
    #[must_use]
    pub const fn counts_as_handling(self) -> bool {
        matches!(self, Self::Start | Self::Finish | Self::Settle | Self::Extend | Self::Refer)
    }

    /// Whether it is part of the process of this report: full casework, or the short process of
    /// reminders and praise.
    const fn applies_to(self, report: &Report) -> bool {
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
            _ => true,
        }
    }

    /// Checks whether `staff`, who can see `report`, may do this to it now.
    ///
    /// # Errors
    /// [`Denied`]. `Person` takes precedence over `State`.
    pub fn allowed(self, staff: &Staff, report: &Report) -> Result<(), Denied> {
        const OWN_WORK: &str = "不能核查或回访自己经办的件，请另一位同事来做";
        let undoes_own = self == Self::Unhide && report.hidden_by == Some(staff.id);
        if staff.role < self.min_role() && !undoes_own {
            return Err(Denied::Person(NOT_FOR_WORKERS));
        }
        if matches!(self, Self::Check | Self::Revisit) && report.was_handled_by(staff.id) {
            return Err(Denied::Person(OWN_WORK));
        }
        if self == Self::ApproveExtension && report.extension_by == Some(staff.id) {
            return Err(Denied::Person("延期要由申请人以外的人审批"));
        }
        let others = report.claimed_by.is_some_and(|id| id != staff.id);
        if self == Self::Correct && others && staff.role == Role::GridWorker {
            return Err(Denied::Person("这件由同事认领，请认领人或支部负责人更正"));
        }
        let only_text = matches!(self, Self::Note | Self::Reply | Self::Answer);
        if !only_text && report.managed && staff.role != Role::Manager {
            return Err(Denied::Person("居民两次表示没有解决，这件由管理员处理"));
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
            // Whoever sent it can be asked only where they see the question.
            Self::Ask => report.visitor.is_some(),
            // Of one that was erased there is nothing to look into.
            Self::Admit => report.state == Quarantined || report.visitor.is_some(),
            Self::Hide => !report.hidden,
            Self::Unhide => report.hidden,
            _ => true,
        };
        let fits =
            self.allowed_states().contains(&report.state) && self.applies_to(report) && ready;
        if fits { Ok(()) } else { Err(Denied::State) }
    }
}
