//! Deadlines: working time by the campaign's calendar.
//!
//! A limit of `n` working days is `n` times the working minutes of a day, counted from
//! the first working moment at or after the start. What comes in at night begins to
//! count in the morning; what is due at closing time is due that evening.

use std::collections::BTreeSet;

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};

use super::{
    campaign::{Campaign, Day, MinuteOfDay},
    time::Millis,
};

/// When work is done.
#[derive(Clone, Debug)]
pub struct WorkCalendar {
    time_zone: TimeZone,
    from: MinuteOfDay,
    until: MinuteOfDay,
    holidays: BTreeSet<Day>,
    working_days: BTreeSet<Day>,
}

/// Longest run of days without work that is looked through: a calendar with a longer
/// one has no deadlines.
const LONGEST_HOLIDAY: u32 = 366;

impl WorkCalendar {
    /// The calendar of `campaign`, in its time zone.
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

    /// Whether work is done on `date`: a 调休 day, or neither weekend nor holiday.
    #[must_use]
    pub fn is_working(&self, date: Date) -> bool {
        let day = Day { year: date.year(), month: date.month(), day: date.day() };
        let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.working_days.contains(&day) || !(weekend || self.holidays.contains(&day))
    }

    /// Working minutes of one day.
    #[must_use]
    pub fn day_minutes(&self) -> u32 {
        u32::from(self.until.saturating_sub(self.from)).max(1)
    }

    /// When a limit of `days` working days that begins at `start` ends.
    #[must_use]
    pub fn due(&self, start: Millis, days: u16) -> Millis {
        self.after_minutes(start, u32::from(days) * self.day_minutes())
    }

    /// When `minutes` of work after `start` are done.
    #[must_use]
    pub fn after_minutes(&self, start: Millis, minutes: u32) -> Millis {
        self.instant(self.advance(self.civil(start), minutes))
    }

    /// The working moment that lies `minutes` of work before `end`.
    #[must_use]
    pub fn before_minutes(&self, end: Millis, minutes: u32) -> Millis {
        let end = self.civil(end);
        let (mut date, mut minute) = (end.date(), minute_of(end.time()).min(self.until));
        let mut left = minutes;
        for _ in 0..LONGEST_HOLIDAY + minutes / self.day_minutes() * 2 {
            if self.is_working(date) && minute > self.from {
                let today = u32::from(minute - self.from);
                if left <= today {
                    return self.instant(at(date, minute - as_minutes(left)));
                }
                left -= today;
            }
            let Ok(yesterday) = date.yesterday() else { break };
            (date, minute) = (yesterday, self.until);
        }
        self.instant(end)
    }

    /// Working minutes from `start` to `end`; zero when `end` is not later.
    #[must_use]
    pub fn minutes_between(&self, start: Millis, end: Millis) -> u32 {
        let (start, end) = (self.civil(start), self.civil(end));
        let mut total = 0;
        let mut date = start.date();
        while date <= end.date() {
            if self.is_working(date) {
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

    /// The day and minute on the campaign's clocks.
    #[must_use]
    pub fn civil(&self, at: Millis) -> DateTime {
        let instant = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        self.time_zone.to_datetime(instant)
    }

    fn instant(&self, civil: DateTime) -> Millis {
        let instant = self.time_zone.to_timestamp(civil);
        instant.map_or(Millis::MAX, Timestamp::as_millisecond)
    }

    fn advance(&self, start: DateTime, minutes: u32) -> DateTime {
        let (mut date, mut minute) = (start.date(), minute_of(start.time()).max(self.from));
        let mut left = minutes;
        for _ in 0..LONGEST_HOLIDAY + minutes / self.day_minutes() * 2 {
            if self.is_working(date) && minute < self.until {
                let today = u32::from(self.until - minute);
                if left <= today {
                    return at(date, minute + as_minutes(left));
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

fn as_minutes(minutes: u32) -> MinuteOfDay {
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

    /// 春节 2020 as it was extended, 国庆 2026, and days that were worked for them.
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
    fn a_working_day_is_a_working_day_later() {
        assert_due("2026-11-24T10:15", 1, "2026-11-25T10:15");
        assert_due("2026-11-24T10:15", 5, "2026-12-01T10:15");
    }

    #[test]
    fn what_comes_at_night_or_at_the_weekend_waits_for_the_morning() {
        assert_due("2026-11-24T06:00", 1, "2026-11-24T17:30");
        assert_due("2026-11-24T22:00", 1, "2026-11-25T17:30");
        assert_due("2026-11-27T16:30", 1, "2026-11-30T16:30");
        assert_due("2026-11-28T12:00", 1, "2026-11-30T17:30");
    }

    #[test]
    fn holidays_are_free_and_their_moved_days_are_worked() {
        // 国庆 2026: 1st to 7th October off; Saturday the 10th worked.
        assert_due("2026-09-30T10:00", 1, "2026-10-08T10:00");
        assert_due("2026-10-09T10:00", 1, "2026-10-10T10:00");
        assert_due("2026-10-10T10:00", 1, "2026-10-12T10:00");
        // 春节 2020 with its extension, and Sunday 19th January worked.
        assert_due("2020-01-23T10:00", 1, "2020-02-03T10:00");
        assert_due("2020-01-18T12:00", 1, "2020-01-19T17:30");
    }

    #[test]
    fn a_year_without_a_calendar_has_weekends_only() {
        assert_due("2023-10-03T10:00", 1, "2023-10-04T10:00");
        assert_due("2023-10-06T10:00", 1, "2023-10-09T10:00");
    }

    proptest! {
        #[test]
        fn a_deadline_is_a_working_moment_and_its_own_measure(
            start in 1_577_808_000_000_i64..1_830_268_800_000,
            days in 1_u16..40,
        ) {
            let calendar = calendar();
            let due = calendar.due(start, days);
            prop_assert!(due > start);
            let civil = calendar.civil(due);
            prop_assert!(calendar.is_working(civil.date()));
            let minute = minute_of(civil.time());
            prop_assert!((calendar.from..=calendar.until).contains(&minute));
            // What lies between is exactly what was given, to the minute of the start.
            let between = calendar.minutes_between(start, due);
            let given = u32::from(days) * calendar.day_minutes();
            prop_assert!(between.abs_diff(given) <= 1, "{between} of {given}");
            // A later start or a longer limit never ends earlier.
            prop_assert!(calendar.due(start + 60_000, days) >= due);
            prop_assert!(calendar.due(start, days + 1) > due);
        }

        #[test]
        fn going_back_is_going_forth(
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
