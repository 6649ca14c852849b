//! Converts the tables of the campaign file into domain types.

use std::collections::BTreeSet;

use domain::{
    campaign::{
        Appeal, Branch, CalendarYear, Campaign, Category, CategoryKind, Day, Deadlines, Footer,
        Grid, Icon, Period, Pledge, Privacy, PrivacySection, ReplyTemplate, Titles, Unit,
        WorkingHours,
    },
    counts::UNSPECIFIED,
    lang::Lang,
    slug::Slug,
    text,
};
use toml::de::DeTable;

use super::{
    CheckedCampaign, Fault,
    reader::{Faults, Section},
};

/// Maximum length of the short title, in characters: WeChat shows no more.
const SHORT_TITLE_MAX: usize = 10;

/// Parses and validates a campaign file; `Err` has all errors.
pub fn read(text: &str) -> Result<CheckedCampaign, Vec<Fault>> {
    let (document, syntax) = DeTable::parse_recoverable(text);
    let faults = Faults::new(text);
    for error in &syntax {
        let line = error.span().map_or(1, |span| faults.line(span.start));
        faults.record(line, "", error.message());
    }
    if !syntax.is_empty() {
        // Errors that only follow from broken syntax would hide it.
        return Err(faults.into_found());
    }
    let in_lang = |lang| campaign(&Section::root(&faults, document.get_ref(), lang));
    let (chinese, english) = (in_lang(Lang::Zh), in_lang(Lang::En));
    let mut found = faults.into_found();
    // The file is read once per language; the same error counts once.
    found.sort();
    found.dedup();
    match (chinese, english) {
        (Some(chinese), Some(english)) if found.is_empty() => {
            let warnings = warnings(&chinese);
            let campaign = Campaign { english: Some(Box::new(english)), ..chinese };
            Ok(CheckedCampaign { campaign, warnings })
        }
        _ => Err(found),
    }
}

fn campaign(file: &Section<'_, '_>) -> Option<Campaign> {
    let head = file.section("campaign");
    let titles = titles(&head);
    let period = period(&head);
    let appeal = appeal(&file.section("appeal"));
    let (pledges, pledge_slugs) = list(file, "pledges", 1, pledge);
    let (branches, branch_slugs) = list(file, "branches", 1, |table, slug| {
        Some(Branch { slug, title: table.localized("title") })
    });
    let (units, unit_slugs) = list(file, "units", 1, |table, slug| {
        Some(Unit { slug, title: table.localized("title"), phone: table.optional_text("phone") })
    });
    let (categories, _) = list(file, "categories", 1, |table, slug| {
        category(table, slug, &pledge_slugs, &branch_slugs, &unit_slugs)
    });
    let (grids, _) = list(file, "grids", 1, grid);
    let (reply_templates, _) = list(file, "reply_templates", 0, |table, slug| {
        Some(ReplyTemplate { slug, title: table.text("title"), text: table.text("text") })
    });
    Some(Campaign {
        lang: file.lang(),
        english: None,
        titles: titles?,
        period,
        appeal,
        pledges,
        categories,
        grids,
        branches,
        units,
        deadlines: deadlines(&file.section("deadlines")),
        working_hours: working_hours(&file.section("working_hours")),
        calendar: file.sections("calendar", 0).iter().map(calendar_year).collect(),
        reply_templates,
        footer: footer(&file.section("footer")),
        privacy: privacy(&file.section("privacy")),
    })
}

/// Reads a list of tables with unique slugs. Also returns all slugs, including those of tables
/// with other errors.
fn list<T>(
    file: &Section<'_, '_>,
    key: &'static str,
    least: usize,
    read: impl Fn(&Section<'_, '_>, Slug) -> Option<T>,
) -> (Vec<T>, BTreeSet<Slug>) {
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for table in file.sections(key, least) {
        let slug = table.slug("slug");
        if let Some(slug) = &slug
            && !seen.insert(slug.clone())
        {
            table.fault("slug", format!("is used twice in [[{key}]]"));
        }
        // After an invalid slug, the other fields are still read.
        let placeholder = || Slug::parse("faulty").ok();
        items.extend(slug.or_else(placeholder).and_then(|slug| read(&table, slug)));
    }
    (items, seen)
}

fn titles(head: &Section<'_, '_>) -> Option<Titles> {
    let short = head.text("short");
    if text::length(&short) > SHORT_TITLE_MAX {
        head.fault("short", format!("has more than {SHORT_TITLE_MAX} characters"));
    }
    let short = head.localized("short");
    let (title, street) = (head.localized("title"), head.localized("street"));
    let subtitle = head.localized("subtitle");
    Some(Titles { slug: head.slug("slug")?, title, short, street, subtitle })
}

fn period(head: &Section<'_, '_>) -> Period {
    let time_zone = head.text("time_zone");
    if !time_zone.is_empty() && jiff::tz::TimeZone::get(&time_zone).is_err() {
        head.fault("time_zone", "is not a known time zone; use a name like Asia/Shanghai");
    }
    let (opens, closes) = (head.day("opens"), head.day("closes"));
    if closes < opens {
        head.fault("closes", "is before `opens`");
    }
    Period { time_zone, opens, closes }
}

fn appeal(table: &Section<'_, '_>) -> Appeal {
    Appeal {
        salutation: table.localized("salutation"),
        preamble: table.localized("preamble"),
        closing: table.localized("closing"),
        cheer: table.localized("cheer"),
        signed: table.localized("signed"),
        dated: table.localized("dated"),
    }
}

fn pledge(table: &Section<'_, '_>, slug: Slug) -> Option<Pledge> {
    const ICONS: [(&str, Icon); 4] = [
        ("home", Icon::Home),
        ("traffic", Icon::Traffic),
        ("public-places", Icon::PublicPlaces),
        ("neighbours", Icon::Neighbours),
    ];
    let (short, title, text) =
        (table.localized("short"), table.localized("title"), table.localized("text"));
    Some(Pledge { slug, short, title, text, icon: table.choice("icon", &ICONS)? })
}

fn category(
    table: &Section<'_, '_>,
    slug: Slug,
    pledges: &BTreeSet<Slug>,
    branches: &BTreeSet<Slug>,
    units: &BTreeSet<Slug>,
) -> Option<Category> {
    const KINDS: [(&str, CategoryKind); 4] = [
        ("casework", CategoryKind::Casework),
        ("reminder", CategoryKind::Reminder),
        ("private", CategoryKind::Private),
        ("praise", CategoryKind::Praise),
    ];
    let (title, frequent) = (table.localized("title"), table.flag("frequent"));
    let urgent_hint = table.optional_localized("urgent_hint");
    let kind = table.choice("kind", &KINDS);
    let pledge = table.slug_of("pledge", "pledge", pledges);
    let branch = table.slug_of("branch", "branch", branches);
    let unit = table.slug_of("unit", "unit", units);
    Some(Category {
        slug,
        title,
        pledge: pledge?,
        kind: kind?,
        frequent,
        urgent_hint,
        branch: branch?,
        unit: unit?,
    })
}

fn grid(table: &Section<'_, '_>, slug: Slug) -> Option<Grid> {
    if slug.as_str() == UNSPECIFIED {
        table.fault("slug", "is reserved for signatures without a grid");
    }
    Some(Grid { slug, title: table.localized("title"), aliases: table.texts("aliases") })
}

fn deadlines(table: &Section<'_, '_>) -> Deadlines {
    let days = |key| table.number(key, 1..=365).unsigned_abs();
    Deadlines {
        accept: days("accept"),
        ordinary: days("ordinary"),
        hard: days("hard"),
        check: days("check"),
        reopen: days("reopen"),
    }
}

fn working_hours(table: &Section<'_, '_>) -> WorkingHours {
    let hours = WorkingHours { from: table.time("from"), until: table.time("until") };
    if hours.until < hours.from {
        table.fault("until", "is before `from`");
    }
    hours
}

fn calendar_year(table: &Section<'_, '_>) -> CalendarYear {
    let year = table.number("year", 1900..=2999);
    let in_year = |key: &'static str| {
        let days = table.days(key);
        for day in days.iter().filter(|day| day.year != year) {
            table.fault(key, format!("has {}, which is not in {year}", iso(*day)));
        }
        days
    };
    let (holidays, working_days) = (in_year("holidays"), in_year("working_days"));
    for day in working_days.iter().filter(|day| holidays.contains(day)) {
        table.fault("working_days", format!("has {}, which is also a holiday", iso(*day)));
    }
    CalendarYear { year, holidays, working_days }
}

fn iso(day: Day) -> String {
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

fn footer(table: &Section<'_, '_>) -> Footer {
    Footer {
        organiser: table.localized("organiser"),
        filing_number: table.text_or_empty("filing_number"),
        help_phone: table.text("help_phone"),
        disclaimer: table.localized("disclaimer"),
    }
}

fn privacy(table: &Section<'_, '_>) -> Privacy {
    let sections = table.sections("sections", 1);
    let read = |part: &Section<'_, '_>| PrivacySection {
        title: part.localized("title"),
        text: part.localized("text"),
    };
    Privacy {
        version: table.text("version"),
        consent: table.localized("consent"),
        contact: table.localized("contact"),
        retention_days: table.number_or("retention_days", 1..=3650, 90).unsigned_abs(),
        sections: sections.iter().map(read).collect(),
    }
}

/// Warnings for years without a calendar, in which only weekends count as days off.
fn warnings(campaign: &Campaign) -> Vec<Fault> {
    let this_year = jiff::ZonedDateTime::now().year();
    let open = campaign.period.opens.year..=campaign.period.closes.year;
    // The calendar of later years is not published yet.
    let missing = campaign.years_without_calendar(this_year, 12).into_iter();
    let missing = missing.filter(|year| open.contains(year));
    let missing: Vec<String> = missing.map(|year| year.to_string()).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![Fault {
        line: 1,
        field: "calendar".into(),
        problem: format!("is missing for {}: only weekends count as days off", missing.join(", ")),
    }]
}
