//! Calendar dates, and the period in which a campaign accepts forms.

use serde::{Deserialize, Serialize};

use super::lang::Lang;

/// A calendar date in the campaign's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day {
    /// Year, for example 2020.
    pub year: i16,
    /// Month, 1–12.
    pub month: i8,
    /// Day of the month, 1–31.
    pub day: i8,
}

/// The dates between which a campaign accepts forms, both inclusive.
#[derive(Clone, Debug)]
pub struct Period {
    /// IANA name of the campaign's time zone, for example `Asia/Shanghai`.
    pub time_zone: String,
    /// First open day.
    pub opens: Day,
    /// Last open day.
    pub closes: Day,
}

/// Position of a day relative to a [`Period`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the first day.
    Before,
    /// Forms are accepted.
    Open,
    /// After the last day.
    After,
}

impl Period {
    /// The phase of the campaign on `today`.
    #[must_use]
    pub fn phase(&self, today: Day) -> Phase {
        if today < self.opens {
            Phase::Before
        } else if today > self.closes {
            Phase::After
        } else {
            Phase::Open
        }
    }
}

impl Day {
    /// The date as readable text: `2020年5月1日`, `1 May 2020`.
    #[must_use]
    pub fn format(self, lang: Lang) -> String {
        let Self { year, month, day } = self;
        match lang {
            Lang::Zh => format!("{year}年{month}月{day}日"),
            Lang::En => jiff::civil::Date::new(year, month, day)
                .map(|date| date.strftime("%-d %B %Y").to_string())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_includes_its_first_and_last_day() {
        let day = |year, month, day| Day { year, month, day };
        let period = Period {
            time_zone: "Asia/Shanghai".into(),
            opens: day(2020, 5, 1),
            closes: day(2020, 12, 31),
        };
        assert_eq!(period.phase(day(2020, 4, 30)), Phase::Before);
        assert_eq!(period.phase(day(2020, 5, 1)), Phase::Open);
        assert_eq!(period.phase(day(2020, 12, 31)), Phase::Open);
        assert_eq!(period.phase(day(2021, 1, 1)), Phase::After);
    }
}
