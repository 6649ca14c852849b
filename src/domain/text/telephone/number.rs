//! One telephone number.

use std::fmt;

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephone {
    /// Its digits, with `+` before them if it was written so.
    pub number: String,
    /// Digits of the extension (分机).
    pub extension: Option<String>,
    /// What was written in brackets: whose it is, when to call.
    pub remark: Option<String>,
}

impl Telephone {
    /// Its digits in each way of writing them: with the country (China's 86) and without, with the
    /// area and without.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let digits = self.number.trim_start_matches('+');
        let digits = digits.strip_prefix("00").unwrap_or(digits);
        let abroad = digits.strip_prefix("86").filter(|rest| rest.len() >= 10);
        // Without the country, an area begins with 0, and a mobile number with 1.
        let home = match abroad {
            Some(rest) if rest.starts_with(['0', '1']) => rest.to_owned(),
            Some(rest) => format!("0{rest}"),
            None => digits.to_owned(),
        };
        let area = if home.starts_with("01") || home.starts_with("02") { 3 } else { 4 };
        let local = home.get(area..).filter(|rest| home.starts_with('0') && rest.len() >= 7);
        let mobile =
            home.strip_prefix('0').filter(|rest| rest.len() == 11 && rest.starts_with('1'));
        if let Some(mobile) = mobile.filter(|rest| !rest.starts_with("10")) {
            return vec![mobile.to_owned()];
        }
        let mut spellings = vec![home.clone()];
        spellings.extend(local.map(str::to_owned));
        spellings
    }
}

impl fmt::Display for Telephone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)?;
        if let Some(extension) = &self.extension {
            write!(f, "转{extension}")?;
        }
        match &self.remark {
            Some(remark) => write!(f, "（{remark}）"),
            None => Ok(()),
        }
    }
}
