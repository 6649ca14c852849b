//! The campaign as data: everything that belongs to one street and one season.
//!
//! The types are filled by the room `campaign`, which reads and checks the file;
//! a [`Campaign`] in hand is whole: every slug it mentions exists.

use serde::{Deserialize, Serialize};

pub use super::period::{Day, Period, Phase};
use super::{lang::Lang, slug::Slug};

/// Minutes after midnight, 0–1439.
pub type MinuteOfDay = u16;

/// A whole campaign.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The language of its words.
    pub lang: Lang,
    /// The same campaign in English, as far as the file translates it; slugs and limits
    /// are the same.
    pub english: Option<Box<Self>>,
    /// Names it is called by.
    pub titles: Titles,
    /// When it is open.
    pub period: Period,
    /// The 倡议 around the pledges.
    pub appeal: Appeal,
    /// The pledges, in the 倡议's order.
    pub pledges: Vec<Pledge>,
    /// What can be reported, in the file's order.
    pub categories: Vec<Category>,
    /// The grids, in the file's order.
    pub grids: Vec<Grid>,
    /// The branches that lead on reports.
    pub branches: Vec<Branch>,
    /// The units that do the work.
    pub units: Vec<Unit>,
    /// Limits in working days.
    pub deadlines: Deadlines,
    /// When work is done.
    pub working_hours: WorkingHours,
    /// Holidays and moved working days, by year.
    pub calendar: Vec<CalendarYear>,
    /// Sentences that staff start from.
    pub reply_templates: Vec<ReplyTemplate>,
    /// The foot of every page.
    pub footer: Footer,
    /// What is said about personal information.
    pub privacy: Privacy,
}

/// Names a campaign is called by.
#[derive(Clone, Debug)]
pub struct Titles {
    /// Names the campaign in files and exports.
    pub slug: Slug,
    /// The whole title.
    pub title: String,
    /// At most ten characters: the header that WeChat shows.
    pub short: String,
    /// The street.
    pub street: String,
    /// One line under the title.
    pub subtitle: String,
}

/// The 倡议 around the pledges, verbatim.
#[derive(Clone, Debug)]
pub struct Appeal {
    /// Whom it addresses.
    pub salutation: String,
    /// What stands before the pledges.
    pub preamble: String,
    /// What stands after them.
    pub closing: String,
    /// The last call.
    pub cheer: String,
    /// Who signed it.
    pub signed: String,
    /// When, as printed.
    pub dated: String,
}

/// One pledge of the 倡议.
#[derive(Clone, Debug)]
pub struct Pledge {
    /// Stands in URLs and forms.
    pub slug: Slug,
    /// Two to four characters.
    pub short: String,
    /// Its heading.
    pub title: String,
    /// Its text, verbatim.
    pub text: String,
    /// Which picture stands beside it.
    pub icon: Icon,
}

/// The pictures that a pledge can have.
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

/// How a category of report is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategoryKind {
    /// The full path, public once accepted.
    Casework,
    /// 文明提醒: acknowledged, feeds patrols.
    Reminder,
    /// The full path, never public.
    Private,
    /// 好人好事: reviewed and shown.
    Praise,
}

/// Something a resident can report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Stands in URLs and forms.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// The pledge it belongs to.
    pub pledge: Slug,
    /// How it is handled.
    pub kind: CategoryKind,
    /// Whether it stands among the first ones offered.
    pub frequent: bool,
    /// What must be read first where people may be in danger.
    pub urgent_hint: Option<String>,
    /// 牵头支部.
    pub branch: Slug,
    /// 承办单位 by default.
    pub unit: Slug,
}

/// A 党建网格.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Stands in URLs and forms.
    pub slug: Slug,
    /// Its number as a title.
    pub title: String,
    /// What residents call it: estates, blocks, stretches of road.
    pub aliases: Vec<String>,
}

/// A 机关党支部, by the work area it leads.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Stable name.
    pub slug: Slug,
    /// Title.
    pub title: String,
}

/// A 承办单位.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Stable name.
    pub slug: Slug,
    /// Title.
    pub title: String,
    /// Whom to call.
    pub phone: Option<String>,
}

/// Limits in working days.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// To accept.
    pub accept: u16,
    /// To handle an ordinary report.
    pub ordinary: u16,
    /// To handle a private or hard one, with approval.
    pub hard: u16,
    /// To check what was handled.
    pub check: u16,
    /// How long the reporter may say 没解决, in calendar days after closing.
    pub reopen: u16,
}

/// When work is done, on each working day.
#[derive(Clone, Copy, Debug)]
pub struct WorkingHours {
    /// From.
    pub from: MinuteOfDay,
    /// Until.
    pub until: MinuteOfDay,
}

/// A year's holidays and moved working days.
#[derive(Clone, Debug)]
pub struct CalendarYear {
    /// The year.
    pub year: i16,
    /// Days off that are no weekend, or part of a holiday.
    pub holidays: Vec<Day>,
    /// 调休: weekend days that are worked.
    pub working_days: Vec<Day>,
}

/// A sentence that staff start from.
#[derive(Clone, Debug)]
pub struct ReplyTemplate {
    /// Stable name.
    pub slug: Slug,
    /// What staff see in the list.
    pub title: String,
    /// The sentence.
    pub text: String,
}

/// The foot of every page.
#[derive(Clone, Debug)]
pub struct Footer {
    /// Who organises the campaign.
    pub organiser: String,
    /// Filing number of the site; empty where there is none yet.
    pub filing_number: String,
    /// Whom to call for help.
    pub help_phone: String,
    /// What the page does not replace.
    pub disclaimer: String,
}

/// What is said about personal information.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// Names the text that a consent was given to.
    pub version: String,
    /// One sentence beside the consent box.
    pub consent: String,
    /// Whom to ask.
    pub contact: String,
    /// Days for which contact and position of a report are kept after it has ended.
    pub retention_days: u16,
    /// The whole text.
    pub sections: Vec<PrivacySection>,
}

/// One part of the text about personal information.
#[derive(Clone, Debug)]
pub struct PrivacySection {
    /// Heading.
    pub title: String,
    /// Text.
    pub text: String,
}

impl Campaign {
    /// The campaign as it is read in `lang`.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &Self {
        match (lang, &self.english) {
            (Lang::En, Some(english)) => english,
            _ => self,
        }
    }

    /// The pledge of that slug.
    #[must_use]
    pub fn pledge(&self, slug: &str) -> Option<&Pledge> {
        self.pledges.iter().find(|pledge| pledge.slug.as_str() == slug)
    }

    /// The grid of that slug.
    #[must_use]
    pub fn grid(&self, slug: &str) -> Option<&Grid> {
        self.grids.iter().find(|grid| grid.slug.as_str() == slug)
    }

    /// The category of that slug.
    #[must_use]
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.slug.as_str() == slug)
    }

    /// The branch of that slug.
    #[must_use]
    pub fn branch(&self, slug: &str) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.slug.as_str() == slug)
    }

    /// The unit of that slug.
    #[must_use]
    pub fn unit(&self, slug: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.slug.as_str() == slug)
    }

    /// A grid as residents call it; empty for none.
    #[must_use]
    pub fn grid_label(&self, grid: Option<&Slug>) -> String {
        grid.and_then(|slug| self.grid(slug.as_str())).map(Grid::label).unwrap_or_default()
    }

    /// The pledges of those slugs, in the order of `slugs`.
    pub fn pledges_of<'c>(&'c self, slugs: &'c [Slug]) -> impl Iterator<Item = &'c Pledge> {
        slugs.iter().filter_map(|slug| self.pledge(slug.as_str()))
    }

    /// What can be reported under a pledge.
    pub fn categories_of(&self, pledge: &Slug) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(move |category| &category.pledge == pledge)
    }
}

impl CategoryKind {
    /// Whether it goes the whole way, from acceptance to a check.
    #[must_use]
    pub const fn is_casework(self) -> bool {
        matches!(self, Self::Casework | Self::Private)
    }
}

impl Grid {
    /// The grid as the picker lists it: what residents call it, or its number.
    #[must_use]
    pub fn label(&self) -> String {
        if self.aliases.is_empty() {
            self.title.clone()
        } else {
            format!("{}（{}）", self.aliases.join("、"), self.title)
        }
    }
}
