//! The campaign file: from TOML to a whole [`Campaign`], or every fault in it.
//!
//! What belongs here: the file's format and its checks. `reader` knows TOML and
//! lines, `sections` knows what stands in which table.

mod reader;
mod sections;
#[cfg(test)]
mod tests;

use std::{fmt, fs, io, path::Path};

use domain::campaign::Campaign;

/// The default campaign, part of the program.
const DEFAULT: &str = include_str!("../../campaign/jingansi-2020.toml");

/// Something in the file that has to be mended, or should be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Line in the file, from 1.
    pub line: usize,
    /// Where in the file, for example `pledges[2].title`; empty for the whole.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A campaign that is whole, with what `campaign check` warns of.
#[derive(Debug)]
pub struct Checked {
    /// The campaign.
    pub campaign: Campaign,
    /// What works, but should be looked at.
    pub warnings: Vec<Fault>,
}

/// Why a campaign could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The file could not be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file's name.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file has faults: all of them.
    #[error("{}", listed(.file, .faults))]
    Faulty {
        /// The file's name.
        file: String,
        /// At least one.
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

/// The campaign that is part of the program.
///
/// # Errors
/// [`CampaignError::Faulty`]; a test keeps that from happening.
pub fn default() -> Result<Checked, CampaignError> {
    parse("campaign/jingansi-2020.toml", DEFAULT)
}

/// Reads and checks the campaign file at `path`.
///
/// # Errors
/// [`CampaignError`], naming the file and every fault in it.
pub fn load(path: &Path) -> Result<Checked, CampaignError> {
    let file = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => parse(&file, &text),
        Err(source) => Err(CampaignError::Unreadable { file, source }),
    }
}

/// Checks `text`, calling it `file` in its faults.
///
/// # Errors
/// [`CampaignError::Faulty`] with every fault, in the order of the lines.
pub fn parse(file: &str, text: &str) -> Result<Checked, CampaignError> {
    sections::read(text).map_err(|mut faults| {
        faults.sort();
        CampaignError::Faulty { file: file.to_owned(), faults }
    })
}
