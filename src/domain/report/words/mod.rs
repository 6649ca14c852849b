//! Display texts of reports: states and times, for residents and for staff; `event` has those of
//! the timeline.

mod event;

use jiff::civil::DateTime;

use super::{
    record::Report,
    state::{Satisfaction, Source, State},
};
use crate::{campaign::Campaign, deadline::WorkCalendar, lang::Lang, time::Millis};

/// Icon beside the text of a state, so that the colour is not the only signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Waiting: an empty ring.
    Ring,
    /// In progress: a half disc.
    Half,
    /// Done: a disc with a tick.
    Tick,
    /// Ended without completion: a bar.
    Bar,
}

impl State {
    /// Text for staff.
    #[must_use]
    pub const fn staff_label(self) -> &'static str {
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
            Self::Quarantined => "待甄别",
            Self::Dismissed => "已剔除",
        }
    }

    /// Text for residents in a list.
    #[must_use]
    pub fn resident_label(self, lang: Lang) -> &'static str {
        match self.shown_to_reporter() {
            Self::Submitted | Self::Quarantined => {
                lang.say("已提交，待受理", "Sent, waiting to be accepted")
            }
            Self::NeedsInfo => lang.say("请您补充", "More information needed"),
            Self::Accepted => lang.say("已受理", "Accepted"),
            Self::Dispatched => lang.say("已派单", "Assigned"),
            Self::InProgress => lang.say("处理中", "Being handled"),
            Self::AwaitingCheck => lang.say("已处理，待核实", "Handled, awaiting verification"),
            Self::Closed => lang.say("已办结", "Closed"),
            Self::Rejected | Self::Dismissed => lang.say("未能受理", "Not accepted"),
            Self::Duplicate => lang.say("已合并办理", "Merged with another"),
            Self::Referred => lang.say("已转办", "Passed on"),
            Self::Withdrawn => lang.say("已撤回", "Withdrawn"),
        }
    }

    /// Icon beside the text.
    #[must_use]
    pub const fn shape(self) -> Shape {
        match self {
            Self::Submitted | Self::NeedsInfo | Self::Quarantined => Shape::Ring,
            Self::Accepted | Self::Dispatched | Self::InProgress | Self::AwaitingCheck => {
                Shape::Half
            }
            Self::Closed => Shape::Tick,
            Self::Rejected
            | Self::Duplicate
            | Self::Referred
            | Self::Withdrawn
            | Self::Dismissed => Shape::Bar,
        }
    }

    /// How many of the four steps 提交—受理—处理—办结 are done.
    #[must_use]
    pub const fn step(self) -> usize {
        match self {
            Self::Submitted
            | Self::NeedsInfo
            | Self::Rejected
            | Self::Withdrawn
            | Self::Quarantined
            | Self::Dismissed => 1,
            Self::Accepted | Self::Duplicate | Self::Referred => 2,
            Self::Dispatched | Self::InProgress | Self::AwaitingCheck => 3,
            Self::Closed => 4,
        }
    }
}

impl Source {
    /// Text for staff.
    #[must_use]
    pub const fn label(self) -> &'static str {
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
    /// Text of the rating.
    #[must_use]
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Yes => lang.say("满意", "Satisfied"),
            Self::Fair => lang.say("基本满意", "Fairly satisfied"),
            Self::No => lang.say("不满意", "Not satisfied"),
        }
    }
}

/// Formats date and time without the year: 7月3日17:30, 3 July, 17:30.
#[must_use]
pub fn day_and_time(civil: DateTime, lang: Lang) -> String {
    civil.strftime(lang.say("%-m月%-d日%H:%M", "%-d %B, %H:%M")).to_string()
}

/// Formats a date without the year: 7月3日, 3 July.
#[must_use]
pub fn short_day(civil: DateTime, lang: Lang) -> String {
    civil.strftime(lang.say("%-m月%-d日", "%-d %B")).to_string()
}

/// Formats a duration of working time, rounded down: 3个工作日, 2小时, 40分钟.
fn duration_text(minutes: u32, day: u32) -> String {
    match minutes {
        m if m >= day => format!("{}个工作日", m / day),
        m if m >= 60 => format!("{}小时", m / 60),
        m => format!("{m}分钟"),
    }
}

/// Working time left until a deadline, or passed since it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// Whether the deadline has passed.
    pub overdue: bool,
    /// Whether the deadline is soon.
    pub soon: bool,
    /// Text for staff: 还剩2小时, 已超期2小时.
    pub words: String,
}

impl Report {
    /// Working time left for the current step; `None` if it has no deadline.
    #[must_use]
    pub fn remaining(&self, calendar: &WorkCalendar, now: Millis) -> Option<Remaining> {
        let due = self.due_at?;
        let overdue = self.is_overdue(now);
        let (from, to) = if overdue { (due, now) } else { (now, due) };
        let minutes = calendar.minutes_between(from, to);
        let time = duration_text(minutes, calendar.minutes_per_day());
        let words = match (overdue, minutes) {
            // Outside working hours no working time passes.
            (true, 0) => "已超期".to_owned(),
            (true, _) => format!("已超期{time}"),
            (false, _) => format!("还剩{time}"),
        };
        Some(Remaining { overdue, soon: self.is_due_soon(now), words })
    }

    /// Default summary if staff wrote none: category and grid.
    #[must_use]
    pub fn default_summary(&self, campaign: &Campaign) -> String {
        let category = campaign.category(self.category.as_str());
        let category = category.map_or("", |category| &category.title);
        let place = campaign.grid_label(self.grid.as_ref());
        match campaign.lang {
            Lang::Zh => format!("{place}{category}"),
            Lang::En if place.is_empty() => category.to_owned(),
            Lang::En => format!("{category}, {place}"),
        }
    }

    /// State for residents in a list, with the unit or organisation that has the report.
    #[must_use]
    pub fn resident_label(&self, campaign: &Campaign) -> String {
        let lang = campaign.lang;
        match self.state {
            State::Dispatched => {
                let unit = campaign.unit(self.unit.as_str()).map_or("", |unit| &unit.title);
                format!("{}{unit}", lang.say("已派单给", "Assigned to the "))
            }
            State::Referred => self.referral_text(lang),
            _ if self.has_pending_referral() => self.referral_text(lang),
            state => state.resident_label(lang).to_owned(),
        }
    }

    /// Text of a finished or pending referral: the organisation and its case number.
    fn referral_text(&self, lang: Lang) -> String {
        let to = self.referred_to.as_deref();
        let to = to.unwrap_or_else(|| lang.say("有关部门", "the department in charge"));
        let number = self.referred_number.as_deref();
        let number = number.map(|number| match lang {
            Lang::Zh => format!("（编号{number}）"),
            Lang::En => format!(" (No. {number})"),
        });
        let number = number.unwrap_or_default();
        match (self.has_pending_referral(), lang) {
            (false, Lang::Zh) => format!("已转给{to}{number}"),
            (false, Lang::En) => format!("Passed on to {to}{number}"),
            (true, Lang::Zh) => format!("拟转给{to}{number}，待核实"),
            (true, Lang::En) => format!("To be passed on to {to}{number}, awaiting verification"),
        }
    }

    /// Headline of the status page: the state, and by when the next step is due.
    #[must_use]
    pub fn sentence(&self, campaign: &Campaign, calendar: &WorkCalendar, now: Millis) -> String {
        let lang = campaign.lang;
        let unit = campaign.unit(self.unit.as_str()).map(|unit| unit.title.as_str());
        let unit = unit.unwrap_or_else(|| lang.say("承办单位", "unit in charge"));
        let due = |at: Option<Millis>, zh: &str, en: &str| {
            let time = at.map(|at| day_and_time(calendar.civil(at), lang));
            time.map_or_else(String::new, |time| match lang {
                Lang::Zh => format!("，{time}前{zh}"),
                Lang::En => format!("; {en} by {time}"),
            })
        };
        let promised = || due(self.promised_at, "办结", "due to be completed");
        let late = lang.say(
            "已超过承诺时间，已提醒承办单位",
            "The deadline has passed; the unit has been reminded",
        );
        let again = if self.reopened > 0 { lang.say("重新办理：", "Reopened: ") } else { "" };
        let is_late = self.is_overdue(now);
        match self.state.shown_to_reporter() {
            State::Submitted | State::Quarantined if is_late => match lang {
                Lang::Zh => format!("已提交，待受理。{late}"),
                Lang::En => format!("Sent, waiting to be accepted. {late}"),
            },
            State::Submitted | State::Quarantined => {
                let word = self.state.resident_label(lang);
                format!("{word}{}", due(self.due_at, "答复", "you will have an answer"))
            }
            State::NeedsInfo => {
                let ask = lang.say(
                    "请您补充一些情况，补充后继续办理",
                    "Please add more information so that we can continue",
                );
                let time = self.escalate_at.map(|at| day_and_time(calendar.civil(at), lang));
                match (time, lang) {
                    (None, _) => ask.to_owned(),
                    (Some(time), Lang::Zh) => format!("{ask}；{time}还没有收到，就按现有内容办理"),
                    (Some(time), Lang::En) => format!("{ask}; after {time} we go on without it"),
                }
            }
            State::Accepted | State::Dispatched | State::InProgress if is_late => match lang {
                Lang::Zh => format!("{again}{unit}还没有办完。{late}"),
                Lang::En => format!("{again}The {unit} has not finished. {late}"),
            },
            State::Accepted => format!("{again}{}{}", lang.say("已受理", "Accepted"), promised()),
            State::Dispatched => match lang {
                Lang::Zh => format!("{again}已派单给{unit}{}", promised()),
                Lang::En => format!("{again}Assigned to the {unit}{}", promised()),
            },
            State::InProgress => match lang {
                Lang::Zh => format!("{again}{unit}处理中{}", promised()),
                Lang::En => format!("{again}The {unit} is handling it{}", promised()),
            },
            State::AwaitingCheck => {
                let sentence = match lang {
                    _ if self.has_pending_referral() => self.referral_text(lang),
                    Lang::Zh => format!("{again}{unit}已处理，待核实"),
                    Lang::En => format!("{again}Handled by the {unit}, awaiting verification"),
                };
                match (is_late, lang) {
                    (false, _) => sentence,
                    (true, Lang::Zh) => format!("{sentence}。{late}"),
                    (true, Lang::En) => format!("{sentence}. {late}"),
                }
            }
            State::Closed if !self.kind.is_casework() => {
                lang.say("已收到，谢谢您", "Received, thank you").to_owned()
            }
            State::Duplicate => lang
                .say(
                    "已合并办理，结果请看合并后的那一件",
                    "Merged with another report; see that one for the result",
                )
                .to_owned(),
            State::Referred => self.referral_text(lang),
            State::Closed | State::Rejected | State::Withdrawn | State::Dismissed => {
                self.state.resident_label(lang).to_owned()
            }
        }
    }
}
