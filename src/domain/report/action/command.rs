//! Staff commands: an action with its input, parsed from a form.

use super::Action;
use crate::{
    campaign::Campaign,
    lang::LocalizedText,
    report::names::{CaseNumber, Code},
    slug::Slug,
    text,
};

/// Longest text that staff write, in characters.
pub const TEXT_MAX: usize = 500;
/// Longest line that staff write, in characters.
pub const LINE_MAX: usize = 80;
/// Maximum extension in one request, in working days.
pub const EXTENSION_MAX: u16 = 30;

/// A correction: what is to stand in the report. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of the report of that name")]
pub struct Correction {
    pub category: Option<Slug>,
    pub grid: Option<Slug>,
    pub branch: Option<Slug>,
    pub unit: Option<Slug>,
    /// Why; needed when the grid changes.
    pub reason: Option<String>,
}

/// A command of staff on a report: an [`Action`] with its input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is documented at its action")]
pub enum Command {
    Accept { category: Slug, grid: Slug, summary: String, public_photos: Vec<Code> },
    Acknowledge { summary: Option<String> },
    Reject { reason: String },
    Ask { text: String },
    Answer { text: String },
    Correct(Correction),
    Duplicate { of: CaseNumber },
    Refer { to: String, number: Option<String> },
    Dispatch { unit: Slug },
    Return { reason: String },
    Claim,
    Release,
    Start,
    Settle { text: String },
    Extend { days: u16, reason: String },
    ApproveExtension { approved: bool },
    Supervise { text: String },
    Note { text: String },
    Reply { text: String },
    Finish { text: String },
    Check { passed: bool, reason: Option<String> },
    Revisit { solved: bool, text: String },
    Reopen { reason: String },
    Hide { reason: String },
    Unhide,
    Redact { text: String },
    Admit,
    Dismiss,
}

/// Validation errors of a form: field name and error text, in the order of the form.
pub type FieldErrors = Vec<(&'static str, LocalizedText)>;

/// Access to the submitted fields of a form by name.
pub trait FormFields {
    /// The first value of a field; empty if it was not sent.
    fn first(&self, name: &str) -> String;
    /// All values of a field.
    fn all(&self, name: &str) -> Vec<String>;
}

/// Parses fields one by one and collects their errors.
struct Reader<'s, S> {
    sent: &'s S,
    errors: FieldErrors,
}

impl<S: FormFields> Reader<'_, S> {
    fn fault<T>(&mut self, name: &'static str, sentence: impl Into<LocalizedText>) -> Option<T> {
        self.errors.push((name, sentence.into()));
        None
    }

    fn optional(&mut self, name: &'static str, most: usize) -> Option<Option<String>> {
        let typed = self.sent.first(name);
        let text =
            if most > LINE_MAX { text::lines(&typed, most) } else { text::one_line(&typed, most) };
        match text {
            Ok(text) => Some(text),
            Err(error) => {
                let what = FIELDS.iter().find(|(field, _)| *field == name);
                self.fault(name, error.about(what.map_or("这里", |(_, what)| what), "This"))
            }
        }
    }

    fn required(&mut self, name: &'static str, most: usize) -> Option<String> {
        match self.optional(name, most)? {
            Some(text) => Some(text),
            None => self.fault(name, "请填写这一项"),
        }
    }

    fn lookup<'c, T>(
        &mut self,
        name: &'static str,
        find: impl FnOnce(&str) -> Option<&'c T>,
    ) -> Option<&'c T>
    where
        T: 'c,
    {
        let slug = self.sent.first(name);
        match find(&slug) {
            Some(found) => Some(found),
            None if slug.is_empty() => self.fault(name, "请选择一项"),
            None => self.fault(name, "没有这一项，请重新选择"),
        }
    }

    /// As [`Self::lookup`], where nothing need be chosen.
    fn lookup_or_none<'c, T>(
        &mut self,
        name: &'static str,
        find: impl FnOnce(&str) -> Option<&'c T>,
    ) -> Option<Option<&'c T>>
    where
        T: 'c,
    {
        if self.sent.first(name).is_empty() {
            return Some(None);
        }
        self.lookup(name, find).map(Some)
    }

    fn choice(&mut self, name: &'static str) -> Option<bool> {
        match self.sent.first(name).as_str() {
            "yes" | "pass" => Some(true),
            "no" | "fail" => Some(false),
            _ => self.fault(name, "请选择一项"),
        }
    }
}

/// What the text fields of forms are called where one has a fault.
const FIELDS: [(&str, &str); 6] = [
    ("summary", "公开摘要"),
    ("reason", "原因"),
    ("text", "内容"),
    ("to", "转往的单位"),
    ("number", "编号"),
    ("of", "办件编号"),
];

/// Most reports that one form of the console changes: as many as a page of the queue shows.
pub const BULK_MAX: usize = 50;

impl Command {
    /// Parses the input of `action` from `sent`.
    ///
    /// # Errors
    /// All missing or invalid fields.
    pub fn parse(
        action: Action,
        sent: &impl FormFields,
        campaign: &Campaign,
    ) -> Result<Self, FieldErrors> {
        let mut from = Reader { sent, errors: Vec::new() };
        let command = Self::parse_from(action, &mut from, campaign);
        match command {
            Some(command) if from.errors.is_empty() => Ok(command),
            _ => Err(from.errors),
        }
    }

    fn parse_from<S: FormFields>(
        action: Action,
        from: &mut Reader<'_, S>,
        campaign: &Campaign,
    ) -> Option<Self> {
        let command = match action {
            Action::Accept => {
                let category = from.lookup("category", |slug| campaign.category(slug));
                let grid = from.lookup("grid", |slug| campaign.grid(slug));
                let summary = from.required("summary", TEXT_MAX);
                let chosen = from.sent.all("public_photos");
                let public_photos: Result<Vec<Code>, _> =
                    chosen.iter().map(|id| Code::parse(id)).collect();
                let public_photos = match public_photos {
                    Ok(photos) => photos,
                    Err(_) => from.fault("public_photos", "没有这张照片，请重新选择")?,
                };
                Self::Accept {
                    category: category?.slug.clone(),
                    grid: grid?.slug.clone(),
                    summary: summary?,
                    public_photos,
                }
            }
            Action::Acknowledge => {
                Self::Acknowledge { summary: from.optional("summary", TEXT_MAX)? }
            }
            Action::Reject => Self::Reject { reason: from.required("reason", TEXT_MAX)? },
            Action::Ask => Self::Ask { text: from.required("text", TEXT_MAX)? },
            Action::Answer => Self::Answer { text: from.required("text", TEXT_MAX)? },
            Action::Correct => {
                let category = from.lookup_or_none("category", |slug| campaign.category(slug));
                let grid = from.lookup_or_none("grid", |slug| campaign.grid(slug));
                let branch = from.lookup_or_none("branch", |slug| campaign.branch(slug));
                let unit = from.lookup_or_none("unit", |slug| campaign.unit(slug));
                let reason = from.optional("reason", TEXT_MAX);
                Self::Correct(Correction {
                    category: category?.map(|category| category.slug.clone()),
                    grid: grid?.map(|grid| grid.slug.clone()),
                    branch: branch?.map(|branch| branch.slug.clone()),
                    unit: unit?.map(|unit| unit.slug.clone()),
                    reason: reason?,
                })
            }
            Action::Duplicate => {
                let typed = from.required("of", LINE_MAX)?;
                match CaseNumber::parse(&typed) {
                    Some(of) => Self::Duplicate { of },
                    None => from.fault("of", "这不是办件编号，请再核对一下")?,
                }
            }
            Action::Refer => {
                let (to, number) =
                    (from.required("to", LINE_MAX), from.optional("number", LINE_MAX));
                Self::Refer { to: to?, number: number? }
            }
            Action::Dispatch => Self::Dispatch {
                unit: from.lookup("unit", |slug| campaign.unit(slug))?.slug.clone(),
            },
            Action::Return => Self::Return { reason: from.required("reason", TEXT_MAX)? },
            Action::Claim => Self::Claim,
            Action::Release => Self::Release,
            Action::Start => Self::Start,
            Action::Settle => Self::Settle { text: from.required("text", TEXT_MAX)? },
            Action::Extend => {
                let days = from.sent.first("days").trim().parse().ok();
                let days = match days.filter(|days| (1..=EXTENSION_MAX).contains(days)) {
                    Some(days) => Some(days),
                    None => from.fault("days", format!("请填写1到{EXTENSION_MAX}的整数")),
                };
                let reason = from.required("reason", TEXT_MAX);
                Self::Extend { days: days?, reason: reason? }
            }
            Action::ApproveExtension => {
                // Without the field `result`, the action means approval.
                let approved = match from.sent.first("result").as_str() {
                    "" => Some(true),
                    _ => from.choice("result"),
                };
                Self::ApproveExtension { approved: approved? }
            }
            Action::Supervise => Self::Supervise { text: from.required("text", TEXT_MAX)? },
            Action::Note => Self::Note { text: from.required("text", TEXT_MAX)? },
            Action::Reply => Self::Reply { text: from.required("text", TEXT_MAX)? },
            Action::Finish => Self::Finish { text: from.required("text", TEXT_MAX)? },
            Action::Check => {
                let (passed, reason) = (from.choice("result"), from.optional("reason", TEXT_MAX));
                let (passed, reason) = (passed?, reason?);
                if !passed && reason.is_none() {
                    from.fault("reason", "请写明为什么退回")?;
                }
                Self::Check { passed, reason }
            }
            Action::Revisit => {
                let (solved, text) = (from.choice("result"), from.required("text", TEXT_MAX));
                Self::Revisit { solved: solved?, text: text? }
            }
            Action::Reopen => Self::Reopen { reason: from.required("reason", TEXT_MAX)? },
            Action::Hide => Self::Hide { reason: from.required("reason", TEXT_MAX)? },
            Action::Unhide => Self::Unhide,
            Action::Redact => Self::Redact { text: from.required("text", TEXT_MAX)? },
            Action::Admit => Self::Admit,
            Action::Dismiss => Self::Dismiss,
        };
        Some(command)
    }

    /// The action of this command.
    #[must_use]
    pub const fn action(&self) -> Action {
        match self {
            Self::Accept { .. } => Action::Accept,
            Self::Acknowledge { .. } => Action::Acknowledge,
            Self::Reject { .. } => Action::Reject,
            Self::Ask { .. } => Action::Ask,
            Self::Answer { .. } => Action::Answer,
            Self::Correct(_) => Action::Correct,
            Self::Duplicate { .. } => Action::Duplicate,
            Self::Refer { .. } => Action::Refer,
            Self::Dispatch { .. } => Action::Dispatch,
            Self::Return { .. } => Action::Return,
            Self::Claim => Action::Claim,
            Self::Release => Action::Release,
            Self::Start => Action::Start,
            Self::Settle { .. } => Action::Settle,
            Self::Extend { .. } => Action::Extend,
            Self::ApproveExtension { .. } => Action::ApproveExtension,
            Self::Supervise { .. } => Action::Supervise,
            Self::Note { .. } => Action::Note,
            Self::Reply { .. } => Action::Reply,
            Self::Finish { .. } => Action::Finish,
            Self::Check { .. } => Action::Check,
            Self::Revisit { .. } => Action::Revisit,
            Self::Reopen { .. } => Action::Reopen,
            Self::Hide { .. } => Action::Hide,
            Self::Unhide => Action::Unhide,
            Self::Redact { .. } => Action::Redact,
            Self::Admit => Action::Admit,
            Self::Dismiss => Action::Dismiss,
        }
    }
}
