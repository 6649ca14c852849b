//! The campaign file: parses TOML into a validated [`Campaign`], or reports all errors in it.
//!
//! `reader` handles TOML values and line numbers, `sections` maps the tables to domain types.

mod reader;
mod sections;
#[cfg(test)]
mod tests;

use std::{fmt, fs, io, path::Path};

use domain::campaign::Campaign;

/// The default campaign file, compiled into the program.
const DEFAULT: &str = include_str!("../../campaign/jingansi-2020.toml");

/// An error or a warning about the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line in the file, from 1.
    pub line: usize,
    /// Path of the field, for example `pledges[2].title`; empty for the whole file.
    pub field: String,
    /// Description of the problem.
    pub problem: String,
}

/// A validated campaign, with the warnings of `campaign check`.
#[derive(Debug)]
pub struct CheckedCampaign {
    /// The validated campaign.
    pub campaign: Campaign,
    /// Problems that do not prevent its use.
    pub warnings: Vec<Fault>,
}

/// Why a campaign could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The file could not be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file's name.
        file: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file is invalid.
    #[error("{}", listed(.file, .faults))]
    Invalid {
        /// The file's name.
        file: String,
        /// All errors, at least one.
        faults: Vec<Fault>,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, field, problem } = self;
        if field.is_empty() {
            write!(f, "line {line}: {problem}")
        } else {
            write!(f, "line {line}: {field}: {problem}")
        }
    }
}

fn listed(file: &str, faults: &[Fault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("{file}: {fault}")).collect();
    lines.join("\n")
}

/// The default campaign, compiled into the program.
///
/// # Errors
/// [`CampaignError::Invalid`]; a test ensures that the default file is valid.
pub fn default() -> Result<CheckedCampaign, CampaignError> {
    parse("campaign/jingansi-2020.toml", DEFAULT)
}

/// Reads and validates the campaign file at `path`.
///
/// # Errors
/// [`CampaignError`] with the name of the file and all errors in it.
pub fn load(path: &Path) -> Result<CheckedCampaign, CampaignError> {
    let file = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => parse(&file, &text),
        Err(source) => Err(CampaignError::Unreadable { file, source }),
    }
}

/// Parses and validates `text`; `file` is its name in error messages.
///
/// # Errors
/// [`CampaignError::Invalid`] with all errors, ordered by line.
pub fn parse(file: &str, text: &str) -> Result<CheckedCampaign, CampaignError> {
    sections::read(text).map_err(|mut faults| {
        faults.sort();
        CampaignError::Invalid { file: file.to_owned(), faults }
    })
}
