//! Days of the civil calendar, and between which of them a campaign is open.

use super::lang::Lang;

/// A day of the civil calendar, in the campaign's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year, for example 2020.
    pub year: i16,
    /// Month, 1–12.
    pub month: i8,
    /// Day of the month, 1–31.
    pub day: i8,
}

/// When a campaign is open.
#[derive(Clone, Debug)]
pub struct Period {
    /// IANA name of the time zone in which days begin.
    pub time_zone: String,
    /// First day.
    pub opens: Day,
    /// Last day.
    pub closes: Day,
}

/// Where a day stands to a [`Period`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not begun.
    Before,
    /// Forms are open.
    Open,
    /// Over.
    After,
}

impl Period {
    /// Where `today` stands to it.
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
    /// The day as people say it.
    #[must_use]
    pub fn words(self, lang: Lang) -> String {
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
