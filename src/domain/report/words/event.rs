//! Display texts of events: the lines of a report's timeline.

use crate::{
    campaign::Campaign,
    lang::Lang,
    report::{
        action::{Action, correct::Corrected},
        event::{Event, EventKind},
        state::State,
    },
};

impl Event {
    /// As [`Self::label`], for staff: they also see from what to what something was put right.
    #[must_use]
    pub fn staff_label(&self, campaign: &Campaign) -> String {
        let label = self.label(campaign);
        if self.what != EventKind::Staff(Action::Correct) {
            return label;
        }
        let corrected = Corrected::parse(self.detail.as_deref().unwrap_or_default());
        format!("{label}：{}", corrected.staff_words(campaign))
    }

    /// Text of the event in the timeline.
    #[must_use]
    pub fn label(&self, campaign: &Campaign) -> String {
        let lang = campaign.lang;
        let detail = self.detail.as_deref().unwrap_or_default();
        let unit = campaign.unit(detail).map_or(detail, |unit| unit.title.as_str());
        let words = match self.what {
            EventKind::Filed => lang.say("提交", "Sent"),
            EventKind::Added => lang.say("补充了情况", "More information added"),
            EventKind::Withdrawn => lang.say("反映人撤回", "Withdrawn by the resident"),
            EventKind::Urged => lang.say("反映人催办", "The resident asked for faster handling"),
            EventKind::Solved => lang.say("反映人表示：已解决", "The resident says: solved"),
            EventKind::NotSolved => {
                lang.say("反映人表示：没解决，重新办理", "The resident says: not solved; reopened")
            }
            EventKind::SupportersNotSolved => {
                return lang.say(
                    format!("{detail}位也遇到过的居民表示：没解决，重新办理"),
                    format!("{detail} residents who have seen it too say: not solved; reopened"),
                );
            }
            EventKind::Rated => lang.say("反映人作了评价", "The resident gave a rating"),
            EventKind::Escalated if self.state == State::Quarantined => {
                lang.say("4个工作小时没有甄别，已上报管理员", "Not looked into for four working hours; the administrator is asked")
            }
            EventKind::Escalated if detail == "2" => lang.say(
                "超过承诺时间，已提醒管理员",
                "The deadline has passed; the administrator was reminded",
            ),
            EventKind::Escalated => lang.say(
                "超过承诺时间，已提醒支部负责人",
                "The deadline has passed; the Party branch lead was reminded",
            ),
            EventKind::Unanswered => lang.say(
                "两个工作日没有收到答复，回到待受理，已提醒支部负责人",
                "No answer for two working days; it is being looked at again and the Party branch lead was reminded",
            ),
            EventKind::Rescheduled => lang.say(
                "工作日历有更正，期限随之调整",
                "The calendar of working days was corrected, and the deadline with it",
            ),
            EventKind::HandedOver if detail.is_empty() => {
                lang.say("认领的同事离开或调岗，放回网格", "Put back, as the colleague who had it is no longer here")
            }
            EventKind::HandedOver => {
                return lang.say(
                    format!("认领的同事离开或调岗，交给{detail}"),
                    format!("Given to {detail}, as the colleague who had it is no longer here"),
                );
            }
            EventKind::ContactShown => lang.say("查看了联系方式", "Contact details were looked at"),
            EventKind::Erased => lang.say(
                "联系方式和位置已到期删除",
                "Contact details and position were deleted, as their time was over",
            ),
            EventKind::Forgotten => {
                lang.say("反映人删除了自己的内容", "The resident deleted what they had sent")
            }
            EventKind::Left => lang.say(
                "反映人撤回了自己的内容；其他居民也反映过，继续办理",
                "The resident took back what they had sent; others have reported it too, so it goes on",
            ),
            EventKind::Merged => {
                return lang.say(format!("{detail}并入本件"), format!("{detail} was merged into it"));
            }
            EventKind::AddedToMerged => {
                return lang.say(
                    format!("并入的{detail}补充了情况"),
                    format!("More information was added to {detail}, which was merged into it"),
                );
            }
            EventKind::Parted => lang.say(
                "合并到的那一件未能受理，这一件继续办理",
                "The report that it was merged into was not accepted; this one goes on",
            ),
            EventKind::Staff(action) => return action_text((action, self.state), detail, unit, lang),
        };
        words.to_owned()
    }
}

/// Text of an action of staff.
fn action_text((action, state): (Action, State), detail: &str, unit: &str, lang: Lang) -> String {
    let no = detail == "no";
    let words = match action {
        Action::Accept => lang.say("已受理", "Accepted"),
        Action::Acknowledge => lang.say("已知悉并办结", "Noted and closed"),
        Action::Reject => lang.say("未能受理", "Not accepted"),
        Action::Ask => lang.say("请反映人补充", "The resident was asked for more information"),
        Action::Answer => lang.say("记下了反映人的答复", "The resident's answer was written down"),
        Action::Correct => return Corrected::parse(detail).words(lang),
        // Its number stands where everyone may see it only.
        Action::Duplicate if detail.is_empty() => {
            lang.say("合并到另一件办理", "Merged with another report")
        }
        Action::Duplicate => {
            return lang.say(format!("合并到{detail}办理"), format!("Merged into {detail}"));
        }
        Action::Refer if state == State::AwaitingCheck => {
            return lang.say(
                format!("拟转给{detail}，待核实"),
                format!("To be passed on to {detail}, awaiting verification"),
            );
        }
        Action::Refer => {
            return lang.say(format!("转给{detail}"), format!("Passed on to {detail}"));
        }
        Action::Dispatch => {
            return lang.say(format!("派单给{unit}"), format!("Assigned to the {unit}"));
        }
        Action::Return => {
            return lang.say(format!("{unit}退单"), format!("Sent back by the {unit}"));
        }
        Action::Claim => lang.say("认领", "Claimed"),
        Action::Release => lang.say("放回", "Put back"),
        Action::Start => lang.say("接单，开始处理", "Taken on, work has begun"),
        Action::Settle => {
            lang.say("现场处理完毕，待核实", "Dealt with on the spot, awaiting verification")
        }
        Action::Extend => {
            return lang.say(
                format!("申请延期{detail}个工作日"),
                format!("{detail} more working days asked for"),
            );
        }
        Action::ApproveExtension if detail.is_empty() => {
            lang.say("没有同意延期", "More time was not granted")
        }
        Action::ApproveExtension => {
            return lang.say(
                format!("同意延期{detail}个工作日"),
                format!("Extended by {detail} working day(s)"),
            );
        }
        Action::Supervise => lang.say("督办", "Under supervision"),
        Action::Note => lang.say("备注", "Note"),
        Action::Reply => lang.say("回复", "Reply"),
        Action::Finish => lang.say("处理完毕，待核实", "Handled, awaiting verification"),
        Action::Check if no => {
            lang.say("核实没有通过，继续处理", "Not yet verified as done; work continues")
        }
        Action::Check if state == State::Referred => {
            lang.say("核实通过，已转办", "Verified and passed on")
        }
        Action::Check => lang.say("核实通过，已办结", "Verified and closed"),
        Action::Revisit if no => lang.say("回访：没解决", "Asked again: not solved"),
        Action::Revisit => lang.say("回访：已解决", "Asked again: solved"),
        Action::Reopen => lang.say("重新办理", "Reopened"),
        Action::Hide => lang.say("不再公开", "No longer public"),
        Action::Unhide => lang.say("恢复公开", "Public again"),
        Action::Redact => lang.say("改写了公开摘要", "The public summary was rewritten"),
        Action::Admit => lang.say("放行", "Taken out of quarantine"),
        Action::Dismiss => lang.say("未能受理", "Not accepted"),
    };
    words.to_owned()
}
