//! TOML reader that collects all errors: a missing or invalid value is recorded with its line and
//! replaced by a default, and reading continues.

use std::{cell::RefCell, collections::BTreeSet};

use domain::{campaign::Day, lang::Lang, slug::Slug};
use toml::{Spanned, de::DeTable, de::DeValue};

use super::Fault;

/// Collects the errors found while a file is read.
pub struct Faults<'t> {
    text: &'t str,
    found: RefCell<Vec<Fault>>,
}

impl<'t> Faults<'t> {
    pub const fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::new(Vec::new()) }
    }

    /// The line of a byte offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    pub fn record(&self, line: usize, field: impl Into<String>, problem: impl Into<String>) {
        let (field, problem) = (field.into(), problem.into());
        self.found.borrow_mut().push(Fault { line, field, problem });
    }

    pub fn into_found(self) -> Vec<Fault> {
        self.found.into_inner()
    }
}

/// A table of the file. Tracks which fields are read, to report unknown ones when it is dropped.
pub struct Section<'f, 'd> {
    faults: &'f Faults<'f>,
    path: String,
    line: usize,
    table: Option<&'d DeTable<'d>>,
    read_keys: RefCell<BTreeSet<String>>,
    /// Language in which localized texts are read.
    lang: Lang,
}

impl<'f, 'd> Section<'f, 'd> {
    /// The root table of the file, with localized texts in `lang`.
    pub fn root(faults: &'f Faults<'f>, table: &'d DeTable<'d>, lang: Lang) -> Self {
        Self::new(faults, String::new(), 1, Some(table), lang)
    }

    fn new(
        faults: &'f Faults<'f>,
        path: String,
        line: usize,
        table: Option<&'d DeTable<'d>>,
        lang: Lang,
    ) -> Self {
        let known = RefCell::default();
        Self { faults, path, line, table, read_keys: known, lang }
    }

    /// Language in which localized texts are read.
    pub const fn lang(&self) -> Lang {
        self.lang
    }

    fn field(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Records an error of the field `key`, at its line.
    pub fn fault(&self, key: &str, problem: impl Into<String>) {
        let value = self.table.and_then(|table| table.get(key));
        let line = value.map_or(self.line, |value| self.faults.line(value.span().start));
        self.faults.record(line, self.field(key), problem);
    }

    fn value(&self, key: &str) -> Option<&'d DeValue<'d>> {
        self.read_keys.borrow_mut().insert(key.to_owned());
        Some(self.table?.get(key)?.get_ref())
    }

    /// A required field, converted by `take`; `form` describes the expected value in the error.
    fn required<T: Default>(
        &self,
        key: &str,
        form: &str,
        take: impl FnOnce(&'d DeValue<'d>) -> Option<T>,
    ) -> T {
        let taken = match self.value(key) {
            Some(value) => take(value).ok_or_else(|| format!("must be {form}")),
            None => Err(format!("is missing; it must be {form}")),
        };
        taken.unwrap_or_else(|problem| {
            // A missing table is recorded once, not again for each of its fields.
            if self.table.is_some() {
                self.fault(key, problem);
            }
            T::default()
        })
    }

    /// Required text that may be empty.
    pub fn text_or_empty(&self, key: &'static str) -> String {
        self.required(key, "text in quotes", |value| value.as_str().map(str::to_owned))
    }

    /// Required text that is not blank.
    pub fn text(&self, key: &str) -> String {
        let filled = |value: &'d DeValue<'d>| {
            value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
        };
        self.required(key, "text in quotes that is not empty", filled)
    }

    /// Optional text.
    pub fn optional_text(&self, key: &'static str) -> Option<String> {
        self.value(key).is_some().then(|| self.text(key))
    }

    /// Text for residents: the field `key`, or its translation `key_en` if that is present and
    /// the language is English.
    pub fn localized(&self, key: &str) -> String {
        let (text, english) = (self.text(key), format!("{key}_en"));
        match (self.value(&english), self.lang) {
            (None, _) | (_, Lang::Zh) => text,
            (Some(_), Lang::En) => self.text(&english),
        }
    }

    /// Optional text for residents.
    pub fn optional_localized(&self, key: &str) -> Option<String> {
        self.value(key).is_some().then(|| self.localized(key))
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        self.required(key, "a list of texts in quotes", |value| {
            let list = value.as_array()?.iter();
            list.map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
        })
    }

    /// A slug; `None` after an error.
    pub fn slug(&self, key: &'static str) -> Option<Slug> {
        self.required(key, "a name of a-z, 0-9 and inner hyphens, in quotes", |value| {
            value.as_str().and_then(|text| Slug::parse(text).ok()).map(Some)
        })
    }

    /// A slug that must be in `list`; `kind` is what the error calls an entry of the list.
    pub fn slug_of(&self, key: &'static str, kind: &str, list: &BTreeSet<Slug>) -> Option<Slug> {
        let slug = self.slug(key)?;
        if !list.contains(&slug) {
            let names: Vec<&str> = list.iter().map(Slug::as_str).collect();
            self.fault(key, format!("is not a known {kind}; known: {}", names.join(", ")));
        }
        Some(slug)
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str) -> bool {
        self.required(key, "true or false", DeValue::as_bool)
    }

    /// A whole number within `range`.
    pub fn number(&self, key: &'static str, range: std::ops::RangeInclusive<i16>) -> i16 {
        let form = format!("a whole number from {} to {}", range.start(), range.end());
        self.required(key, &form, |value| {
            let number = value.as_integer()?.as_str().parse().ok()?;
            range.contains(&number).then_some(number)
        })
    }

    /// Same as [`Self::number`], or `otherwise` if the field is missing.
    pub fn number_or(
        &self,
        key: &'static str,
        range: std::ops::RangeInclusive<i16>,
        otherwise: i16,
    ) -> i16 {
        if self.value(key).is_some() { self.number(key, range) } else { otherwise }
    }

    /// A date, for example `2020-05-01`; 1 January of year 0 after an error.
    pub fn day(&self, key: &'static str) -> Day {
        self.required(key, "a date without quotes, like 2020-05-01", |v| day(v).map(Some))
            .unwrap_or(Day { year: 0, month: 1, day: 1 })
    }

    /// A list of dates.
    pub fn days(&self, key: &'static str) -> Vec<Day> {
        self.required(key, "a list of dates without quotes, like [2020-05-01]", |value| {
            value.as_array()?.iter().map(|item| day(item.get_ref())).collect()
        })
    }

    /// A time of the day in quotes, in minutes after midnight.
    pub fn time(&self, key: &'static str) -> u16 {
        self.required(key, "a time in quotes, like \"09:00\"", |value| {
            let (hour, minute) = value.as_str()?.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        })
    }

    /// One of the given words; `None` after an error.
    pub fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.required(key, &format!("one of {}", names.join(", ")), |value| {
            let text = value.as_str()?;
            words.iter().find(|(word, _)| *word == text).map(|(_, choice)| Some(*choice))
        })
    }

    /// A required table.
    pub fn section(&self, key: &'static str) -> Self {
        let value = self.value(key);
        let table = value.and_then(DeValue::as_table);
        if table.is_none() {
            self.fault(key, format!("is missing; there must be a table [{}]", self.field(key)));
        }
        let spanned = self.table.and_then(|table| table.get(key));
        self.child(self.field(key), spanned, table)
    }

    /// A list of at least `least` tables.
    pub fn sections(&self, key: &'static str, least: usize) -> Vec<Self> {
        let empty: &[Spanned<DeValue<'d>>] = &[];
        let list = match self.value(key) {
            None => empty,
            Some(DeValue::Array(list)) => list,
            Some(_) => {
                self.fault(key, format!("must be tables that each begin with [[{key}]]"));
                return Vec::new();
            }
        };
        if list.len() < least {
            self.fault(key, format!("there must be at least {least} table [[{key}]]"));
        }
        let below = list.iter().enumerate().map(|(i, value)| {
            let path = format!("{}[{}]", self.field(key), i + 1);
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.faults.record(self.faults.line(value.span().start), &path, "must be a table");
            }
            self.child(path, Some(value), table)
        });
        below.collect()
    }

    fn child(
        &self,
        path: String,
        value: Option<&'d Spanned<DeValue<'d>>>,
        table: Option<&'d DeTable<'d>>,
    ) -> Self {
        let line = value.map_or(self.line, |value| self.faults.line(value.span().start));
        Self::new(self.faults, path, line, table, self.lang)
    }
}

impl Drop for Section<'_, '_> {
    /// Records an error for every field that was not read: usually a typing error in its name.
    fn drop(&mut self) {
        for key in self.table.into_iter().flat_map(DeTable::keys) {
            let name = key.get_ref().as_ref();
            if !self.read_keys.borrow().contains(name) {
                let line = self.faults.line(key.span().start);
                self.faults.record(line, self.field(name), "is not a field of this table");
            }
        }
    }
}

/// A date without a time as a [`Day`].
fn day(value: &DeValue<'_>) -> Option<Day> {
    let DeValue::Datetime(datetime) = value else { return None };
    let (Some(date), None) = (datetime.date, datetime.time) else { return None };
    let civil = jiff::civil::Date::new(
        date.year.try_into().ok()?,
        date.month.try_into().ok()?,
        date.day.try_into().ok()?,
    )
    .ok()?;
    Some(Day { year: civil.year(), month: civil.month(), day: civil.day() })
}
