//! Reports in words: states, times and what happened, for residents and for staff.

use jiff::civil::DateTime;

use super::{Event, Millis, Report, Satisfaction, Source, State, What, action::Action};
use crate::domain::{campaign::Campaign, deadline::WorkCalendar};

/// The shape that stands beside a state's word, so that colour is never alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Waits: an empty ring.
    Ring,
    /// Under way: a half disc.
    Half,
    /// Done: a disc with a tick.
    Tick,
    /// Ended otherwise: a bar.
    Bar,
}

impl State {
    /// What staff see.
    #[must_use]
    pub const fn staff_word(self) -> &'static str {
        match self {
            Self::Submitted => "待受理",
            Self::NeedsInfo => "待补充",
            Self::Accepted => "已立案",
            Self::Dispatched => "已派单",
            Self::InProgress => "处置中",
            Self::AwaitingCheck => "待核查",
            Self::Closed => "已结案",
            Self::Rejected => "不予受理",
            Self::Duplicate => "重复件",
            Self::Referred => "已转办",
            Self::Withdrawn => "已撤回",
        }
    }

    /// What residents see in a list.
    #[must_use]
    pub const fn resident_word(self) -> &'static str {
        match self {
            Self::Submitted => "已提交，待受理",
            Self::NeedsInfo => "请您补充",
            Self::Accepted => "已受理",
            Self::Dispatched => "已派单",
            Self::InProgress => "处理中",
            Self::AwaitingCheck => "已处理，待核实",
            Self::Closed => "已办结",
            Self::Rejected => "未能受理",
            Self::Duplicate => "已合并办理",
            Self::Referred => "已转办",
            Self::Withdrawn => "已撤回",
        }
    }

    /// The shape beside the word.
    #[must_use]
    pub const fn shape(self) -> Shape {
        match self {
            Self::Submitted | Self::NeedsInfo => Shape::Ring,
            Self::Accepted | Self::Dispatched | Self::InProgress | Self::AwaitingCheck => {
                Shape::Half
            }
            Self::Closed => Shape::Tick,
            Self::Rejected | Self::Duplicate | Self::Referred | Self::Withdrawn => Shape::Bar,
        }
    }

    /// How many of the four steps 提交—受理—处理—办结 are done.
    #[must_use]
    pub const fn step(self) -> usize {
        match self {
            Self::Submitted | Self::NeedsInfo | Self::Rejected | Self::Withdrawn => 1,
            Self::Accepted | Self::Duplicate | Self::Referred => 2,
            Self::Dispatched | Self::InProgress | Self::AwaitingCheck => 3,
            Self::Closed => 4,
        }
    }
}

impl Source {
    /// What staff see.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resident => "居民",
            Self::Patrol => "巡查发现",
            Self::Phone => "电话",
            Self::Paper => "书面",
            Self::Hotline => "12345",
        }
    }
}

impl Satisfaction {
    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "满意",
            Self::Fair => "基本满意",
            Self::No => "不满意",
        }
    }
}

/// A day and a minute as people say it: 7月3日17:30.
#[must_use]
pub fn day_and_time(civil: DateTime) -> String {
    format!("{}月{}日{:02}:{:02}", civil.month(), civil.day(), civil.hour(), civil.minute())
}

/// A span of working time, rounded down: 3个工作日, 2小时, 40分钟.
fn span(minutes: u32, day: u32) -> String {
    match minutes {
        m if m >= day => format!("{}个工作日", m / day),
        m if m >= 60 => format!("{}小时", m / 60),
        m => format!("{m}分钟"),
    }
}

/// How long there is still, or how long it has been over, in working time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Whether it is over.
    pub overdue: bool,
    /// Whether it is soon.
    pub soon: bool,
    /// For staff: 还剩2小时, 已超期2小时.
    pub words: String,
}

impl Report {
    /// How long the present step has still; `None` where nobody has to do anything.
    #[must_use]
    pub fn remaining(&self, calendar: &WorkCalendar, now: Millis) -> Option<Remaining> {
        let due = self.due_at?;
        let overdue = self.is_overdue(now);
        let (from, to) = if overdue { (due, now) } else { (now, due) };
        let minutes = calendar.minutes_between(from, to);
        let time = span(minutes, calendar.day_minutes());
        let words = match (overdue, minutes) {
            // Outside working hours no working time passes.
            (true, 0) => "已超期".to_owned(),
            (true, _) => format!("已超期{time}"),
            (false, _) => format!("还剩{time}"),
        };
        Some(Remaining { overdue, soon: self.is_due_soon(now), words })
    }

    /// What residents see in a list: with whom it is, where it is with someone.
    #[must_use]
    pub fn resident_word(&self, campaign: &Campaign) -> String {
        match self.state {
            State::Dispatched => {
                let unit = campaign.unit(self.unit.as_str()).map_or("", |unit| &unit.title);
                format!("已派单给{unit}")
            }
            State::Referred => {
                let to = self.referred_to.as_deref().unwrap_or("有关部门");
                let number = self.referred_number.as_deref();
                let number = number.map(|number| format!("（{number}）")).unwrap_or_default();
                format!("已转给{to}{number}")
            }
            state => state.resident_word().to_owned(),
        }
    }

    /// The sentence that stands first on the status page.
    #[must_use]
    pub fn sentence(&self, campaign: &Campaign, calendar: &WorkCalendar, now: Millis) -> String {
        let unit = campaign.unit(self.unit.as_str()).map_or("承办单位", |unit| &unit.title);
        let due = |at: Option<Millis>, what: &str| {
            at.map(|at| format!("，{}前{what}", day_and_time(calendar.civil(at))))
                .unwrap_or_default()
        };
        let late = self.is_overdue(now);
        let again = if self.reopened > 0 { "重新办理：" } else { "" };
        match self.state {
            State::Submitted if late => "已提交，待受理。已超过承诺时间，已提醒承办单位".into(),
            State::Submitted => format!("已提交，待受理{}", due(self.due_at, "答复")),
            State::NeedsInfo => "请您补充一些情况，补充后继续办理".into(),
            State::Accepted | State::Dispatched | State::InProgress if late => {
                format!("{again}{unit}还没有办完。已超过承诺时间，已提醒承办单位")
            }
            State::Accepted => format!("{again}已受理{}", due(self.promised_at, "办结")),
            State::Dispatched => format!("{again}已派单给{unit}{}", due(self.promised_at, "办结")),
            State::InProgress => format!("{again}{unit}处理中{}", due(self.promised_at, "办结")),
            State::AwaitingCheck if late => {
                format!("{again}{unit}已处理，待核实。已超过承诺时间，已提醒承办单位")
            }
            State::AwaitingCheck => format!("{again}{unit}已处理，待核实"),
            State::Closed if !self.kind.is_casework() => "已收到，谢谢您".into(),
            State::Closed => "已办结".into(),
            State::Rejected => "未能受理".into(),
            State::Duplicate => "已合并办理，结果请看合并后的那一件".into(),
            State::Referred => {
                let to = self.referred_to.as_deref().unwrap_or("有关部门");
                let number = self.referred_number.as_deref();
                let number = number.map(|n| format!("（编号{n}）")).unwrap_or_default();
                format!("已转给{to}{number}")
            }
            State::Withdrawn => "已撤回".into(),
        }
    }
}

impl Event {
    /// What happened, in plain words.
    #[must_use]
    pub fn words(&self, campaign: &Campaign) -> String {
        let detail = self.detail.as_deref().unwrap_or_default();
        let unit = campaign.unit(detail).map_or(detail, |unit| unit.title.as_str());
        match self.what {
            What::Filed => "提交".into(),
            What::Added => "补充了情况".into(),
            What::Withdrawn => "反映人撤回".into(),
            What::Urged => "反映人催办".into(),
            What::Solved => "反映人表示：已解决".into(),
            What::NotSolved => "反映人表示：没解决，重新办理".into(),
            What::Rated => "反映人作了评价".into(),
            What::Escalated if detail == "2" => "超过承诺时间，已提醒管理员".into(),
            What::Escalated => "超过承诺时间，已提醒支部负责人".into(),
            What::ContactShown => "查看了联系方式".into(),
            What::Staff(action) => match action {
                Action::Accept => "已受理".into(),
                Action::Acknowledge => "已知悉并办结".into(),
                Action::Reject => "未能受理".into(),
                Action::Ask => "请反映人补充".into(),
                Action::Duplicate => format!("合并到{detail}办理"),
                Action::Refer => format!("转给{detail}"),
                Action::Dispatch => format!("派单给{unit}"),
                Action::Return => format!("{unit}退单"),
                Action::Claim => "认领".into(),
                Action::Release => "放回".into(),
                Action::Start => "接单，开始处理".into(),
                Action::Settle => "现场处理完毕，待核实".into(),
                Action::Extend => format!("申请延期{detail}个工作日"),
                Action::ApproveExtension if detail.is_empty() => "没有同意延期".into(),
                Action::ApproveExtension => format!("同意延期{detail}个工作日"),
                Action::Supervise => "督办".into(),
                Action::Note => "备注".into(),
                Action::Reply => "回复".into(),
                Action::Finish => "处理完毕，待核实".into(),
                Action::Check if detail == "no" => "核实没有通过，继续处理".into(),
                Action::Check => "核实通过，已办结".into(),
                Action::Revisit if detail == "no" => "回访：没解决".into(),
                Action::Revisit => "回访：已解决".into(),
                Action::Reopen => "重新办理".into(),
                Action::Hide => "不再公开".into(),
                Action::Unhide => "恢复公开".into(),
                Action::Redact => "改写了公开摘要".into(),
            },
        }
    }
}
