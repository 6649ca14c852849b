//! Deadlines in working time, by the campaign's calendar.
//!
//! A limit of `n` working days is `n` times the working minutes of a day, counted from the first
//! working minute at or after the start. A report filed at night counts from the next morning; a
//! limit that ends at closing time is due that evening, not the next morning.

use std::collections::BTreeSet;

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::{
    campaign::{Campaign, Day, MinuteOfDay},
    time::Millis,
};

/// Working days and working hours of a campaign, in its time zone.
#[derive(Clone, Debug)]
pub struct WorkCalendar {
    time_zone: TimeZone,
    from: MinuteOfDay,
    until: MinuteOfDay,
    holidays: BTreeSet<Day>,
    working_days: BTreeSet<Day>,
}

/// A calendar as it is kept, so that limits can be counted anew when it is corrected.
#[derive(Serialize, Deserialize)]
struct KeptCalendar {
    zone: String,
    from: MinuteOfDay,
    until: MinuteOfDay,
    holidays: BTreeSet<Day>,
    working_days: BTreeSet<Day>,
}

/// Upper bound for a search, in days: without a working day in this range, `due` falls back to
/// plain calendar time.
const MAX_DAYS_OFF: u32 = 366;

impl WorkCalendar {
    /// Calendar of `campaign`; `time_zone` is the zone named by its period.
    #[must_use]
    pub fn new(campaign: &Campaign, time_zone: TimeZone) -> Self {
        let years = &campaign.calendar;
        Self {
            time_zone,
            from: campaign.working_hours.from,
            until: campaign.working_hours.until,
            holidays: years.iter().flat_map(|year| &year.holidays).copied().collect(),
            working_days: years.iter().flat_map(|year| &year.working_days).copied().collect(),
        }
    }

    /// The calendar as text; equal texts are equal calendars.
    #[must_use]
    pub fn to_text(&self) -> String {
        let kept = KeptCalendar {
            zone: self.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            from: self.from,
            until: self.until,
            holidays: self.holidays.clone(),
            working_days: self.working_days.clone(),
        };
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Reads what [`Self::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let KeptCalendar { zone, from, until, holidays, working_days } =
            serde_json::from_str(text).ok()?;
        let time_zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        Some(Self { time_zone, from, until, holidays, working_days })
    }

    /// Whether `date` is a working day: a 调休 day, or neither weekend nor holiday.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        let day = Day { year: date.year(), month: date.month(), day: date.day() };
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.working_days.contains(&day) || !(weekend || self.holidays.contains(&day))
    }

    /// Working minutes of one working day; at least 1.
    #[must_use]
    pub fn minutes_per_day(&self) -> u32 {
        u32::from(self.until.saturating_sub(self.from)).max(1)
    }

    /// End of a limit of `days` working days that starts at `start`.
    #[must_use]
    pub fn due(&self, start: Millis, days: u16) -> Millis {
        self.after_minutes(start, u32::from(days) * self.minutes_per_day())
    }

    /// The time `minutes` working minutes after `start`.
    #[must_use]
    pub fn after_minutes(&self, start: Millis, minutes: u32) -> Millis {
        self.to_millis(self.advance(self.civil(start), minutes))
    }

    /// The time `minutes` working minutes before `end`.
    #[must_use]
    pub fn before_minutes(&self, end: Millis, minutes: u32) -> Millis {
        let end = self.civil(end);
        let (mut date, mut minute) = (end.date(), minute_of(end.time()).min(self.until));
        let mut left = minutes;
        for _ in 0..MAX_DAYS_OFF + minutes / self.minutes_per_day() * 2 {
            if self.is_working_day(date) && minute > self.from {
                let today = u32::from(minute - self.from);
                if left <= today {
                    return self.to_millis(at(date, minute - to_minute_of_day(left)));
                }
                left -= today;
            }
            let Ok(yesterday) = date.yesterday() else { break };
            (date, minute) = (yesterday, self.until);
        }
        self.to_millis(end)
    }

    /// Working minutes from `start` to `end`; 0 if `end` is not later.
    #[must_use]
    pub fn minutes_between(&self, start: Millis, end: Millis) -> u32 {
        let (start, end) = (self.civil(start), self.civil(end));
        let mut total = 0;
        let mut date = start.date();
        while date <= end.date() {
            if self.is_working_day(date) {
                let begins = if date == start.date() { minute_of(start.time()) } else { 0 };
                let ends = if date == end.date() { minute_of(end.time()) } else { self.until };
                let worked = ends.min(self.until).saturating_sub(begins.max(self.from));
                total += u32::from(worked);
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            date = tomorrow;
        }
        total
    }

    /// Local date and time of `at` in the campaign's time zone.
    #[must_use]
    pub fn civil(&self, at: Millis) -> DateTime {
        let instant = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        self.time_zone.to_datetime(instant)
    }

    fn to_millis(&self, civil: DateTime) -> Millis {
        let instant = self.time_zone.to_timestamp(civil);
        instant.map_or(Millis::MAX, Timestamp::as_millisecond)
    }

    fn advance(&self, start: DateTime, minutes: u32) -> DateTime {
        let (mut date, mut minute) = (start.date(), minute_of(start.time()).max(self.from));
        let mut left = minutes;
        for _ in 0..MAX_DAYS_OFF + minutes / self.minutes_per_day() * 2 {
            if self.is_working_day(date) && minute < self.until {
                let today = u32::from(self.until - minute);
                if left <= today {
                    return at(date, minute + to_minute_of_day(left));
                }
                left -= today;
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            (date, minute) = (tomorrow, self.from);
        }
        start.saturating_add(Span::new().minutes(i64::from(minutes)))
    }
}

fn minute_of(time: Time) -> MinuteOfDay {
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

fn to_minute_of_day(minutes: u32) -> MinuteOfDay {
    MinuteOfDay::try_from(minutes).unwrap_or(MinuteOfDay::MAX)
}

fn at(date: Date, minute: MinuteOfDay) -> DateTime {
    let (hour, minute) = (i8::try_from(minute / 60), i8::try_from(minute % 60));
    date.at(hour.unwrap_or(23).min(23), minute.unwrap_or(59), 0, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(year: i16, list: &[(i8, std::ops::RangeInclusive<i8>)]) -> Vec<Day> {
        let month = |(month, days): &(i8, std::ops::RangeInclusive<i8>)| {
            let month = *month;
            days.clone().map(move |day| Day { year, month, day })
        };
        list.iter().flat_map(month).collect()
    }

    /// 春节 2020 with its extension, 国庆 2026, and the 调休 days of both.
    fn calendar() -> WorkCalendar {
        let holidays =
            [days(2020, &[(1, 24..=31), (2, 1..=2)]), days(2026, &[(10, 1..=7)])].concat();
        let worked = [days(2020, &[(1, 19..=19)]), days(2026, &[(10, 10..=10)])].concat();
        WorkCalendar {
            time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
            from: 9 * 60,
            until: 17 * 60 + 30,
            holidays: holidays.into_iter().collect(),
            working_days: worked.into_iter().collect(),
        }
    }

    fn shanghai(text: &str) -> Millis {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        zone.to_timestamp(text.parse().unwrap()).unwrap().as_millisecond()
    }

    fn assert_due(start: &str, days: u16, due: &str) {
        let calendar = calendar();
        let found = calendar.civil(calendar.due(shanghai(start), days)).to_string();
        assert_eq!(found, format!("{due}:00"), "{days} days from {start}");
    }

    #[test]
    fn due_keeps_the_time_of_day() {
        assert_due("2026-11-24T10:15", 1, "2026-11-25T10:15");
        assert_due("2026-11-24T10:15", 5, "2026-12-01T10:15");
    }

    #[test]
    fn time_outside_working_hours_does_not_count() {
        assert_due("2026-11-24T06:00", 1, "2026-11-24T17:30");
        assert_due("2026-11-24T22:00", 1, "2026-11-25T17:30");
        assert_due("2026-11-27T16:30", 1, "2026-11-30T16:30");
        assert_due("2026-11-28T12:00", 1, "2026-11-30T17:30");
    }

    #[test]
    fn holidays_do_not_count_but_moved_working_days_do() {
        // 国庆 2026: 1st to 7th October off; Saturday the 10th is a working day.
        assert_due("2026-09-30T10:00", 1, "2026-10-08T10:00");
        assert_due("2026-10-09T10:00", 1, "2026-10-10T10:00");
        assert_due("2026-10-10T10:00", 1, "2026-10-12T10:00");
        // 春节 2020 with its extension; Sunday 19th January is a working day.
        assert_due("2020-01-23T10:00", 1, "2020-02-03T10:00");
        assert_due("2020-01-18T12:00", 1, "2020-01-19T17:30");
    }

    #[test]
    fn a_year_without_a_calendar_has_only_weekends_off() {
        assert_due("2023-10-03T10:00", 1, "2023-10-04T10:00");
        assert_due("2023-10-06T10:00", 1, "2023-10-09T10:00");
    }

    proptest! {
        #[test]
        fn due_is_in_working_hours_and_exact(
            start in 1_577_808_000_000_i64..1_830_268_800_000,
            days in 1_u16..40,
        ) {
            let calendar = calendar();
            let due = calendar.due(start, days);
            prop_assert!(due > start);
            let civil = calendar.civil(due);
            prop_assert!(calendar.is_working_day(civil.date()));
            let minute = minute_of(civil.time());
            prop_assert!((calendar.from..=calendar.until).contains(&minute));
            // The working time in between is the limit, up to the rounding of `start` to a minute.
            let between = calendar.minutes_between(start, due);
            let given = u32::from(days) * calendar.minutes_per_day();
            prop_assert!(between.abs_diff(given) <= 1, "{between} of {given}");
            // A later start or a longer limit never ends earlier.
            prop_assert!(calendar.due(start + 60_000, days) >= due);
            prop_assert!(calendar.due(start, days + 1) > due);
        }

        #[test]
        fn before_minutes_inverts_after_minutes(
            start in 1_577_808_000_000_i64..1_830_268_800_000,
            minutes in 1_u32..5000,
        ) {
            let calendar = calendar();
            let later = calendar.after_minutes(start, minutes);
            let back = calendar.before_minutes(later, minutes);
            prop_assert_eq!(calendar.minutes_between(back, later), minutes);
        }
    }
}
