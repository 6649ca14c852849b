//! The form for a new report, and its validation.

use super::{action::command::FieldErrors, record::Position, state::Source};
use crate::{
    campaign::{Campaign, Category, CategoryKind},
    lang::LocalizedText,
    signature::{no_consent, unknown_grid},
    slug::Slug,
    text::{self, Name, Telephones},
};

/// Longest description, in characters.
pub const DESCRIPTION_MAX: usize = 500;
/// Longest location text, in characters.
pub const PLACE_MAX: usize = 80;

/// Posted fields of the form, not yet validated.
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

/// A validated report, not yet stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReport {
    /// Category.
    pub category: Category,
    /// Grid, if known.
    pub grid: Option<Slug>,
    /// Description by the reporter; empty for a reminder without one.
    pub description: String,
    /// Location as text; empty if not given.
    pub place: String,
    /// Position of the phone, if given.
    pub position: Option<Position>,
    /// Contact name.
    pub contact_name: Option<String>,
    /// Contact telephone number.
    pub contact_phone: Option<String>,
}

impl ReportForm {
    /// Validates the form against the campaign. Residents must consent to the privacy notice; staff
    /// who enter a report need no consent.
    ///
    /// # Errors
    /// All invalid fields, in the order of the form.
    pub fn check(&self, campaign: &Campaign, source: Source) -> Result<NewReport, FieldErrors> {
        let mut errors = FieldErrors::new();
        // A slip that staff copy may have a link.
        let allowed = |text| match source {
            Source::Resident => text::without_links(text),
            _ => Ok(text),
        };
        let place = text::one_line(&self.place, PLACE_MAX).and_then(allowed);
        let place = place.map_err(|error| error.about("地点", "The place"));
        let place = taken(&mut errors, "place", place).unwrap_or_default();
        let description = text::lines(&self.description, DESCRIPTION_MAX).and_then(allowed);
        let description = description.map_err(|error| error.about("描述", "The description"));
        let description = taken(&mut errors, "description", description);
        let name = Name::parse(&self.contact_name);
        let name = name.map_err(|error| error.about("称呼", "The name"));
        let contact_name = taken(&mut errors, "contact_name", name);
        let contact_name = contact_name.map(|name| name.as_str().to_owned());
        let phones = Telephones::parse(&self.contact_phone);
        let contact_phone = taken(&mut errors, "contact_phone", phones).map(|all| all.to_string());
        let mut fault = |field, sentence: LocalizedText| errors.push((field, sentence));

        let category = campaign.category(&self.category);
        if category.is_none() {
            fault(
                "category",
                LocalizedText::new("请选择一类问题", "Please choose what it is about"),
            );
        }
        let grid = campaign.grid(&self.grid).map(|grid| grid.slug.clone());
        if grid.is_none() && !self.grid.is_empty() {
            fault("grid", unknown_grid());
        }
        // A reminder needs only a location; every other report needs a description.
        let reminder = category.is_some_and(|category| category.kind == CategoryKind::Reminder);
        if reminder && place.is_empty() && grid.is_none() && !has_error(&errors, "place") {
            errors.push(("place", LocalizedText::new("请写一下在哪里", "Please say where it is")));
        }
        let description = description.or_else(|| reminder.then(String::new));
        if description.is_none() && !has_error(&errors, "description") {
            let missing = LocalizedText::new("请写一下您看到了什么", "Please say what you saw");
            errors.push(("description", missing));
        }
        let position = self.position();
        if position.is_none() && !(self.lat.is_empty() && self.lon.is_empty()) {
            let odd = LocalizedText::new(
                "没有看懂位置，请重新定位，或者不用定位",
                "The position could not be read; please try again, or go without it",
            );
            errors.push(("lat", odd));
        }
        if source == Source::Resident && !self.consent {
            errors.push(("consent", no_consent()));
        }
        errors.sort_by_key(|(field, _)| FIELD_ORDER.iter().position(|name| name == field));
        match (category, description) {
            (Some(category), Some(description)) if errors.is_empty() => Ok(NewReport {
                category: category.clone(),
                grid,
                description,
                place,
                position: position.filter(|_| category.kind != CategoryKind::Reminder),
                contact_name,
                contact_phone,
            }),
            _ => Err(errors),
        }
    }

    /// The position; `None` if latitude or longitude is missing or out of range.
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

/// Field names in the order of the form.
const FIELD_ORDER: [&str; 9] = [
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

/// What was typed into a field; `None` if nothing was, or if it has a fault, which is noted.
fn taken<T>(
    errors: &mut FieldErrors,
    field: &'static str,
    typed: Result<Option<T>, impl Into<LocalizedText>>,
) -> Option<T> {
    typed.unwrap_or_else(|fault| {
        errors.push((field, fault.into()));
        None
    })
}

fn has_error(errors: &FieldErrors, field: &str) -> bool {
    errors.iter().any(|(name, _)| *name == field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_positions_out_of_range() {
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
