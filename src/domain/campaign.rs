//! The campaign configuration: pledges, categories, grids, units, time limits and texts.
//!
//! The crate `campaign` reads and validates the file. In every [`Campaign`] it returns, each slug
//! refers to an existing entry.

use serde::{Deserialize, Serialize};

pub use super::period::{Day, Period, Phase};
use super::{lang::Lang, slug::Slug};

/// Minutes after midnight, 0–1439.
pub type MinuteOfDay = u16;

/// A validated campaign: the content of the campaign file.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Language of its texts.
    pub lang: Lang,
    /// The same campaign with English texts where the file has a translation; slugs and limits are
    /// equal.
    pub english: Option<Box<Self>>,
    /// Title, short title, street and slug.
    pub titles: Titles,
    /// Dates between which it accepts forms.
    pub period: Period,
    /// The appeal (倡议) that surrounds the pledges.
    pub appeal: Appeal,
    /// The pledges, in the order of the appeal.
    pub pledges: Vec<Pledge>,
    /// Categories of reports, in the file's order.
    pub categories: Vec<Category>,
    /// The grids, in the file's order.
    pub grids: Vec<Grid>,
    /// Party branches that are in charge of reports.
    pub branches: Vec<Branch>,
    /// Units that handle reports.
    pub units: Vec<Unit>,
    /// Time limits for the steps of a report.
    pub deadlines: Deadlines,
    /// Working hours of each working day.
    pub working_hours: WorkingHours,
    /// Public holidays and moved working days, by year.
    pub calendar: Vec<CalendarYear>,
    /// Text templates for replies of staff.
    pub reply_templates: Vec<ReplyTemplate>,
    /// Page footer.
    pub footer: Footer,
    /// Privacy notice.
    pub privacy: Privacy,
}

/// Title, short title, street and slug of a campaign.
#[derive(Clone, Debug)]
pub struct Titles {
    /// Identifies the campaign in file names and exports.
    pub slug: Slug,
    /// Full title.
    pub title: String,
    /// Short title of at most ten characters: the header of WeChat shows no more.
    pub short: String,
    /// Name of the sub-district (街道).
    pub street: String,
    /// One line under the title.
    pub subtitle: String,
}

/// The appeal (倡议) that surrounds the pledges, verbatim.
#[derive(Clone, Debug)]
pub struct Appeal {
    /// Salutation.
    pub salutation: String,
    /// Text before the pledges.
    pub preamble: String,
    /// Text after the pledges.
    pub closing: String,
    /// Closing slogan.
    pub cheer: String,
    /// Organisation that issued it.
    pub signed: String,
    /// Date of issue, as printed.
    pub dated: String,
}

/// A pledge (承诺) of the appeal.
#[derive(Clone, Debug)]
pub struct Pledge {
    /// Identifier in URLs and forms.
    pub slug: Slug,
    /// Short title, two to four characters.
    pub short: String,
    /// Heading.
    pub title: String,
    /// Text, verbatim.
    pub text: String,
    /// Icon shown beside it.
    pub icon: Icon,
}

/// Icons of pledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Window and plant.
    Home,
    /// Zebra crossing and lamp.
    Traffic,
    /// Awning and leaf.
    PublicPlaces,
    /// Two lit windows.
    Neighbours,
}

/// Process that the reports of a category go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryKind {
    /// Full process from acceptance to check; public once accepted.
    Casework,
    /// Reminder (文明提醒): acknowledged and closed; informs patrols.
    Reminder,
    /// Full process, never public.
    Private,
    /// Praise (好人好事): reviewed, then shown.
    Praise,
}

/// A category of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Identifier in URLs and forms.
    pub slug: Slug,
    /// Title.
    pub title: String,
    /// The pledge it belongs to.
    pub pledge: Slug,
    /// Process of its reports.
    pub kind: CategoryKind,
    /// Whether the form offers it among the first categories.
    pub frequent: bool,
    /// Warning shown first where people may be in danger: whom to call.
    pub urgent_hint: Option<String>,
    /// Branch in charge (牵头支部).
    pub branch: Slug,
    /// Unit that handles it by default (承办单位).
    pub unit: Slug,
}

/// A grid (党建网格): an area of the sub-district with its own grid workers.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Identifier in URLs and forms.
    pub slug: Slug,
    /// Title: the number of the grid.
    pub title: String,
    /// Names that residents use: estates, blocks, stretches of road.
    pub aliases: Vec<String>,
}

/// A Party branch (机关党支部), by the work area it is in charge of.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Identifier.
    pub slug: Slug,
    /// Title.
    pub title: String,
}

/// A unit that handles reports (承办单位).
#[derive(Clone, Debug)]
pub struct Unit {
    /// Identifier.
    pub slug: Slug,
    /// Title.
    pub title: String,
    /// Telephone number, if it is to be shown.
    pub phone: Option<String>,
}

/// Time limits for the steps of a report, in working days except `reopen`.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// To accept a report.
    pub accept: u16,
    /// To handle an ordinary report.
    pub ordinary: u16,
    /// To handle a private report.
    pub hard: u16,
    /// To check a handled report.
    pub check: u16,
    /// Calendar days after closing in which the reporter may rate the report or say 没解决.
    pub reopen: u16,
}

/// Working hours of each working day.
#[derive(Clone, Copy, Debug)]
pub struct WorkingHours {
    /// Start.
    pub from: MinuteOfDay,
    /// End.
    pub until: MinuteOfDay,
}

/// Public holidays and moved working days of a year.
#[derive(Clone, Debug)]
pub struct CalendarYear {
    /// The year.
    pub year: i16,
    /// Days off besides weekends; may include the weekend days of a holiday.
    pub holidays: Vec<Day>,
    /// 调休: weekend days that are working days.
    pub working_days: Vec<Day>,
}

/// A text template for replies of staff.
#[derive(Clone, Debug)]
pub struct ReplyTemplate {
    /// Identifier.
    pub slug: Slug,
    /// Title in the list of templates.
    pub title: String,
    /// Text of the template.
    pub text: String,
}

/// Page footer.
#[derive(Clone, Debug)]
pub struct Footer {
    /// Organiser of the campaign.
    pub organiser: String,
    /// Filing number of the website (备案号); empty if there is none yet.
    pub filing_number: String,
    /// Telephone number for help.
    pub help_phone: String,
    /// Disclaimer: the services that the page does not replace.
    pub disclaimer: String,
}

/// Privacy notice.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// Version of the notice; stored with each consent.
    pub version: String,
    /// Sentence beside the consent box.
    pub consent: String,
    /// Contact for questions about privacy.
    pub contact: String,
    /// Days after the end of a report until its contact details and position are erased.
    pub retention_days: u16,
    /// Sections of the full text.
    pub sections: Vec<PrivacySection>,
}

/// A section of the privacy notice.
#[derive(Clone, Debug)]
pub struct PrivacySection {
    /// Heading.
    pub title: String,
    /// Text.
    pub text: String,
}

impl Campaign {
    /// The campaign with its texts in `lang`; untranslated texts are Chinese.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &Self {
        match (lang, &self.english) {
            (Lang::En, Some(english)) => english,
            _ => self,
        }
    }

    /// Years that limits run into and that have no calendar of working days: this one, and from
    /// October on the next, since its calendar is published in autumn.
    #[must_use]
    pub fn years_without_calendar(&self, year: i16, month: i8) -> Vec<i16> {
        let soon = (month >= 10).then_some(year + 1);
        let known = |year: &i16| self.calendar.iter().any(|calendar| calendar.year == *year);
        [Some(year), soon].into_iter().flatten().filter(|year| !known(year)).collect()
    }

    /// The pledge with this slug.
    #[must_use]
    pub fn pledge(&self, slug: &str) -> Option<&Pledge> {
        self.pledges.iter().find(|pledge| pledge.slug.as_str() == slug)
    }

    /// The grid with this slug.
    #[must_use]
    pub fn grid(&self, slug: &str) -> Option<&Grid> {
        self.grids.iter().find(|grid| grid.slug.as_str() == slug)
    }

    /// The category with this slug.
    #[must_use]
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.slug.as_str() == slug)
    }

    /// The branch with this slug.
    #[must_use]
    pub fn branch(&self, slug: &str) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.slug.as_str() == slug)
    }

    /// The unit with this slug.
    #[must_use]
    pub fn unit(&self, slug: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.slug.as_str() == slug)
    }

    /// [`Grid::label`] of the grid with this slug; empty for `None` and unknown slugs.
    #[must_use]
    pub fn grid_label(&self, grid: Option<&Slug>) -> String {
        grid.and_then(|slug| self.grid(slug.as_str())).map(Grid::label).unwrap_or_default()
    }

    /// The pledges with these slugs, in the order of `slugs`; unknown slugs are skipped.
    pub fn pledges_of<'c>(&'c self, slugs: &'c [Slug]) -> impl Iterator<Item = &'c Pledge> {
        slugs.iter().filter_map(|slug| self.pledge(slug.as_str()))
    }

    /// Categories that belong to a pledge.
    pub fn categories_of(&self, pledge: &Slug) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(move |category| &category.pledge == pledge)
    }
}

impl CategoryKind {
    /// Whether its reports go through the full process, from acceptance to check.
    #[must_use]
    pub const fn is_casework(self) -> bool {
        matches!(self, Self::Casework | Self::Private)
    }
}

impl Grid {
    /// Label in the grid picker: the aliases and the title, or the title alone.
    #[must_use]
    pub fn label(&self) -> String {
        if self.aliases.is_empty() {
            self.title.clone()
        } else {
            format!("{}（{}）", self.aliases.join("、"), self.title)
        }
    }
}
