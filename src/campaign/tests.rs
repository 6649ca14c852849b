//! Tests of the validation of the campaign file.

use domain::{campaign::Appeal, lang::Lang};

use super::*;

/// Parses the default file with one line replaced.
fn changed(line: &str, by: &str) -> Result<CheckedCampaign, CampaignError> {
    assert!(DEFAULT.contains(line), "{line}");
    parse("x.toml", &DEFAULT.replacen(line, by, 1))
}

fn faults(result: Result<CheckedCampaign, CampaignError>) -> Vec<Fault> {
    match result.unwrap_err() {
        CampaignError::Invalid { faults, .. } => faults,
        CampaignError::Unreadable { .. } => unreachable!("nothing was read"),
    }
}

#[test]
fn the_default_campaign_is_valid() {
    let campaign = default().unwrap().campaign;
    assert_eq!(campaign.pledges.len(), 4);
    assert_eq!(campaign.grids.len(), 37);
    assert_eq!(campaign.branches.len(), 6);
    assert_eq!(campaign.categories.len(), 18);
    assert!(campaign.grids.iter().all(|grid| grid.aliases.is_empty()));
}

#[test]
fn reports_all_errors_with_line_and_field() {
    let text = DEFAULT
        .replacen("opens = 2020-05-01", "opens = \"May\"", 1)
        .replacen("icon = \"traffic\"", "icon = \"tram\"", 1)
        .replacen("unit = \"sanitation\"", "unit = \"nobody\"", 1)
        .replacen("slug = \"grid-02\"", "slug = \"grid-01\"", 1)
        .replacen("accept = 1", "acept = 1", 1);
    let found = faults(parse("x.toml", &text));
    let line_of =
        |needle: &str| 1 + text.lines().position(|line| line.starts_with(needle)).unwrap();
    let expected = [
        (line_of("opens = \"May\""), "campaign.opens", "must be a date"),
        (line_of("icon = \"tram\""), "pledges[2].icon", "one of home"),
        (line_of("unit = \"nobody\""), "categories[1].unit", "is not a known unit"),
        (line_of("[deadlines]"), "deadlines.accept", "is missing"),
        (line_of("acept"), "deadlines.acept", "is not a field"),
        (0, "grids[2].slug", "is used twice"),
    ];
    for (line, field, problem) in expected {
        let fault = found.iter().find(|fault| fault.field == field);
        let fault = fault.unwrap_or_else(|| panic!("no fault for {field} in {found:#?}"));
        assert!(fault.problem.contains(problem), "{fault}");
        assert!(line == 0 || fault.line == line, "{fault}, expected line {line}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn reports_the_line_of_broken_toml() {
    let found = faults(parse("x.toml", "[campaign\nslug = 1"));
    assert_eq!(found[0].line, 1);
}

#[test]
fn reports_each_kind_of_error() {
    let cases = [
        ("closes = 2030-12-31", "closes = 2019-12-31", "campaign.closes"),
        ("time_zone = \"Asia/Shanghai\"", "time_zone = \"Asia/Nowhere\"", "campaign.time_zone"),
        ("short = \"创全\"", "short = \"一二三四五六七八九十十一\"", "campaign.short"),
        ("pledge = \"home\"", "pledge = \"house\"", "categories[1].pledge"),
        ("slug = \"grid-01\"", "slug = \"unspecified\"", "grids[1].slug"),
        ("slug = \"grid-01\"", "slug = \"Grid 1\"", "grids[1].slug"),
        ("until = \"17:30\"", "until = \"25:00\"", "working_hours.until"),
        ("2020-01-01,", "2021-01-01,", "calendar[1].holidays"),
        ("accept = 1", "accept = 0", "deadlines.accept"),
        ("aliases = []", "aliases = [1]", "grids[1].aliases"),
    ];
    for (line, by, field) in cases {
        let found = faults(changed(line, by));
        assert!(found.iter().any(|fault| fault.field == field), "{by}: {found:#?}");
    }
}

#[test]
fn names_a_missing_file() {
    let error = load(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(error.starts_with("no/such.toml: "), "{error}");
}

#[test]
fn warns_of_a_year_without_a_calendar() {
    let text = include_str!("../../campaign/jingansi-2020.toml");
    let (before, rest) = text.split_once("[[calendar]]").unwrap();
    let (_, after) = rest.split_once("[[reply_templates]]").unwrap();
    let without = format!("{before}[[reply_templates]]{after}");
    let warnings = super::parse("campaign.toml", &without).unwrap().warnings;
    assert!(warnings.iter().any(|w| w.problem.contains("only weekends count")), "{warnings:?}");
}

#[test]
fn the_default_campaign_is_fully_translated() {
    let campaign = default().unwrap().campaign;
    let english = campaign.in_lang(Lang::En);
    let chinese = |text: &String| text.chars().any(|c| ('\u{3000}'..'\u{a000}').contains(&c));
    let mut words: Vec<&String> = Vec::new();
    let Appeal { salutation, preamble, closing, cheer, signed, dated } = &english.appeal;
    words.extend([salutation, preamble, closing, cheer, signed, dated]);
    let titles = &english.titles;
    words.extend([&titles.title, &titles.short, &titles.street, &titles.subtitle]);
    words.extend(english.pledges.iter().flat_map(|p| [&p.short, &p.title, &p.text]));
    words.extend(english.categories.iter().map(|category| &category.title));
    words.extend(english.categories.iter().filter_map(|category| category.urgent_hint.as_ref()));
    words.extend(english.branches.iter().map(|branch| &branch.title));
    words.extend(english.units.iter().map(|unit| &unit.title));
    words.extend(english.grids.iter().map(|grid| &grid.title));
    words.extend([&english.footer.organiser, &english.footer.disclaimer]);
    words.extend([&english.privacy.consent, &english.privacy.contact]);
    words.extend(english.privacy.sections.iter().flat_map(|part| [&part.title, &part.text]));
    let left: Vec<_> = words.into_iter().filter(|text| chinese(text)).collect();
    assert!(left.is_empty(), "{left:?}");
    let slugs = |campaign: &Campaign| {
        campaign.pledges.iter().map(|pledge| pledge.slug.clone()).collect::<Vec<_>>()
    };
    assert_eq!(slugs(english), slugs(&campaign));
}

#[test]
fn untranslated_texts_fall_back_to_chinese() {
    let text: String = DEFAULT
        .lines()
        .filter(|line| !line.contains("_en = "))
        .map(|line| format!("{line}\n"))
        .collect();
    let campaign = parse("x.toml", &text).unwrap().campaign;
    let english = campaign.in_lang(Lang::En);
    assert_eq!(english.lang, Lang::En);
    assert_eq!(english.titles.title, campaign.titles.title);
    let found = faults(changed("short_en = \"Traffic\"", "short_en = 1"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].field, "pledges[2].short_en");
}
