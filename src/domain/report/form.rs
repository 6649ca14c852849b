//! Filing a report: what is asked for, and what may be kept.

use super::{
    action::command::{FieldErrors, LINE_MAX, checked_text},
    record::Position,
    state::Source,
};
use crate::{
    campaign::{Campaign, Category, CategoryKind},
    lang::Said,
    signature::{no_consent, unknown_grid},
    slug::Slug,
};

/// Longest description, in characters after NFC.
pub const DESCRIPTION_MAX: usize = 500;
/// Longest place, in characters after NFC.
pub const PLACE_MAX: usize = 80;

/// Longest name of someone to ask, in characters.
pub const CONTACT_NAME_MAX: usize = 20;

/// What the form sends, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of that name")]
pub struct ReportForm {
    pub category: String,
    pub description: String,
    pub place: String,
    pub grid: String,
    pub lat: String,
    pub lon: String,
    pub accuracy: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub consent: bool,
}

/// A report that may be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReport {
    /// What it is about.
    pub category: Category,
    /// Whose grid it is in, if known.
    pub grid: Option<Slug>,
    /// The reporter's words.
    pub description: String,
    /// Where, in words; empty when not said.
    pub place: String,
    /// Where the phone was.
    pub position: Option<Position>,
    /// Whom to ask.
    pub contact_name: Option<String>,
    /// How to reach them.
    pub contact_phone: Option<String>,
}

impl ReportForm {
    /// Holds the form against the rules and the campaign. Who files for themselves has
    /// to consent; staff who enter what they were told or saw have not.
    ///
    /// # Errors
    /// All faults at once.
    pub fn check(&self, campaign: &Campaign, source: Source) -> Result<NewReport, FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut text = |field: &'static str, typed: &str, most: usize| {
            checked_text(typed, most).unwrap_or_else(|sentence| {
                errors.push((field, sentence));
                None
            })
        };
        let place = text("place", &self.place, PLACE_MAX).unwrap_or_default().replace('\n', " ");
        let description = text("description", &self.description, DESCRIPTION_MAX);
        let contact_name = text("contact_name", &self.contact_name, CONTACT_NAME_MAX);
        let contact_phone = text("contact_phone", &self.contact_phone, LINE_MAX);
        let contact_phone = contact_phone.map(|typed| phone(&typed));
        let mut fault = |field, sentence: Said| errors.push((field, sentence));

        let category = campaign.category(&self.category);
        if category.is_none() {
            fault("category", Said::new("请选择一类问题", "Please choose what it is about"));
        }
        let grid = campaign.grid(&self.grid).map(|grid| grid.slug.clone());
        if grid.is_none() && !self.grid.is_empty() {
            fault("grid", unknown_grid());
        }
        // A reminder is a place and a time; everything else is what someone saw.
        let reminder = category.is_some_and(|category| category.kind == CategoryKind::Reminder);
        if reminder && place.is_empty() && grid.is_none() && !errors_about(&errors, "place") {
            errors.push(("place", Said::new("请写一下在哪里", "Please say where it is")));
        }
        let description = description.or_else(|| reminder.then(String::new));
        if description.is_none() && !errors_about(&errors, "description") {
            let missing = Said::new("请写一下您看到了什么", "Please say what you saw");
            errors.push(("description", missing));
        }
        if contact_phone == Some(None) {
            let odd = Said::new(
                "电话号码好像不对，请检查一下",
                "This does not look like a phone number; please check it",
            );
            errors.push(("contact_phone", odd));
        }
        let position = self.position();
        if position.is_none() && !(self.lat.is_empty() && self.lon.is_empty()) {
            let odd = Said::new(
                "没有看懂位置，请重新定位，或者不用定位",
                "The position could not be read; please try again, or go without it",
            );
            errors.push(("lat", odd));
        }
        if source == Source::Resident && !self.consent {
            errors.push(("consent", no_consent()));
        }
        errors.sort_by_key(|(field, _)| ORDER.iter().position(|name| name == field));
        match (category, description) {
            (Some(category), Some(description)) if errors.is_empty() => Ok(NewReport {
                category: category.clone(),
                grid,
                description,
                place,
                position: position.filter(|_| category.kind != CategoryKind::Reminder),
                contact_name,
                contact_phone: contact_phone.flatten(),
            }),
            _ => Err(errors),
        }
    }

    /// The position, whole and on earth.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let degrees = |typed: &str, most: f64| {
            let value: f64 = typed.trim().parse().ok()?;
            (value.is_finite() && value.abs() <= most).then_some(value)
        };
        let accuracy: f64 = self.accuracy.trim().parse().unwrap_or(0.0);
        let accuracy = if accuracy.is_finite() { accuracy.clamp(0.0, 100_000.0) } else { 0.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped just above"
        )]
        let accuracy = accuracy.ceil() as u32;
        Some(Position { lat: degrees(&self.lat, 90.0)?, lon: degrees(&self.lon, 180.0)?, accuracy })
    }
}

/// The order of the fields in the form.
const ORDER: [&str; 9] = [
    "photos",
    "category",
    "place",
    "grid",
    "lat",
    "description",
    "contact_name",
    "contact_phone",
    "consent",
];

fn errors_about(errors: &FieldErrors, field: &str) -> bool {
    errors.iter().any(|(name, _)| *name == field)
}

/// A telephone number as digits with an optional `+`; `None` when it is none.
fn phone(typed: &str) -> Option<String> {
    let plain = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '－' | '(' | ')' | '（' | '）');
    let number: String = typed.chars().filter(plain).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let fits = (5..=15).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
    fits.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_numbers() {
        for (typed, kept) in [
            ("138 0000 0000", Some("13800000000")),
            ("021-6000 0000", Some("02160000000")),
            ("+86（21）60000000", Some("+862160000000")),
            ("12345", Some("12345")),
            ("1234", None),
            ("没有", None),
            ("138000000001234567", None),
        ] {
            assert_eq!(phone(typed).as_deref(), kept, "{typed}");
        }
    }

    #[test]
    fn positions_are_on_earth() {
        let form = |lat: &str, lon: &str| ReportForm {
            lat: lat.into(),
            lon: lon.into(),
            accuracy: "12.3".into(),
            ..ReportForm::default()
        };
        let position = form("31.2231", "121.4456").position().unwrap();
        assert_eq!((position.lat, position.lon, position.accuracy), (31.2231, 121.4456, 13));
        for (lat, lon) in
            [("", "121"), ("91", "0"), ("0", "181"), ("NaN", "0"), ("inf", "0"), ("x", "0")]
        {
            assert_eq!(form(lat, lon).position(), None, "{lat} {lon}");
        }
    }
}
