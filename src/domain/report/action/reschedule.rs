//! Open limits are counted anew when the working calendar was corrected.

use super::transition::Rules;
use crate::{
    deadline::WorkCalendar,
    report::{
        event::{Event, EventKind},
        record::Report,
        state::{Audience, State},
    },
    time::Millis,
};

/// Limits are kept in whole minutes: a difference of less than this is none.
const ROUNDING: Millis = 2 * 60_000;

/// A calendar that was replaced.
#[derive(Clone, Copy, Debug)]
pub struct ReplacedCalendar<'c> {
    /// The calendar by which limits were counted before.
    pub calendar: &'c WorkCalendar,
    /// Since when they are counted by the new one.
    pub until: Millis,
}

impl ReplacedCalendar<'_> {
    /// The end of a limit that counted from `from`: as many working days by the calendar `new`.
    fn moved(&self, new: &WorkCalendar, from: Option<Millis>, end: Millis) -> Millis {
        let Some(from) = from.filter(|from| *from < self.until && *from < end) else { return end };
        let minutes = u64::from(self.calendar.minutes_between(from, end));
        // A working day stays one, however long it is now.
        let (was, is) = (self.calendar.minutes_per_day(), new.minutes_per_day());
        let minutes = minutes * u64::from(is) / u64::from(was);
        let moved = new.after_minutes(from, u32::try_from(minutes).unwrap_or(u32::MAX));
        if (moved - end).abs() < ROUNDING { end } else { moved }
    }
}

impl Rules<'_> {
    /// Counts the limits of an open report anew; `None` if they stay. `step` is when its state began.
    #[must_use]
    pub fn reschedule(
        &self,
        report: &Report,
        old: ReplacedCalendar<'_>,
        step: Millis,
    ) -> Option<(Report, Event)> {
        if !report.state.is_open() {
            return None;
        }
        let moved = |from, end| old.moved(self.calendar, from, end);
        let promised = report.promised_at.map(|at| moved(report.promised_from, at));
        let due = match report.due_at {
            Some(due) if report.promised_at == Some(due) => promised,
            due => due.map(|due| moved(Some(step), due)),
        };
        let mut after = report.clone();
        after.promised_at = promised;
        if due != report.due_at {
            self.set_due(&mut after, due);
            if report.escalate_at != report.due_at
                && report.is_overdue(self.now) == after.is_overdue(self.now)
            {
                after.escalate_at = report.escalate_at;
            }
        }
        if report.state == State::NeedsInfo {
            after.escalate_at = report.escalate_at.map(|at| moved(Some(step), at));
            let pause = report.paused_until.filter(|until| *until > self.now);
            after.paused_until = pause.map(|at| moved(Some(step), at)).or(report.paused_until);
        }
        if after == *report {
            return None;
        }
        // It only seemed late: who was told need not look after it any longer.
        let by_itself = report.grid_moves < super::correct::GRID_MOVES_MAX && !report.managed;
        let is_late = after.promised_at.is_some_and(|at| at < self.now);
        if by_itself && report.is_overdue(self.now) && !after.is_overdue(self.now) && !is_late {
            after.level = 0;
        }
        after.version += 1;
        let event = Event::of(&after, self.now, EventKind::Rescheduled, Audience::Public);
        Some((after, event))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A calendar of 2026 with these days of October and November off, from nine o'clock to `until`.
    fn calendar(off: &[(i8, i8)], until: u16) -> WorkCalendar {
        let day = |(month, day): &(i8, i8)| serde_json::json!({ "year": 2026, "month": month, "day": day });
        let off: Vec<_> = off.iter().map(day).collect();
        let text = serde_json::json!({
            "zone": "Asia/Shanghai", "from": 540, "until": until, "holidays": off, "working_days": [],
        });
        WorkCalendar::parse(&text.to_string()).unwrap()
    }

    fn days_off() -> impl Strategy<Value = Vec<(i8, i8)>> {
        prop::collection::vec((10_i8..=11, 1_i8..=30), 0..12)
    }

    proptest! {
        /// However a calendar is corrected, a limit is what it would be had it been right at once.
        #[test]
        fn a_moved_limit_is_as_if_counted_by_the_new_calendar(
            (old, new) in (days_off(), days_off()),
            (old_until, new_until) in (720_u16..1200, 720_u16..1200),
            from in 1_790_784_000_000_i64..1_795_000_000_000,
            days in 1_u16..8,
        ) {
            let (old, new) = (calendar(&old, old_until), calendar(&new, new_until));
            let replaced = ReplacedCalendar { calendar: &old, until: from + 1 };
            let moved = replaced.moved(&new, Some(from), old.due(from, days));
            let right = new.due(from, days);
            let apart = new.minutes_between(moved, right).max(new.minutes_between(right, moved));
            prop_assert!(apart <= 4, "{apart} minutes");
            // What began later was counted by the new one already.
            let later = ReplacedCalendar { calendar: &old, until: from };
            prop_assert_eq!(later.moved(&new, Some(from), 7), 7);
        }

        #[test]
        fn a_calendar_is_kept_whole(off in days_off()) {
            let known = calendar(&off, 1050);
            let again = WorkCalendar::parse(&known.to_text()).unwrap();
            prop_assert_eq!(again.to_text(), known.to_text());
        }
    }
}
