//! Reading a posted form strictly: whole, of the right kind, in UTF-8.

use std::time::Duration;

use axum::{body::Body, http::HeaderMap, http::header::CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;

use domain::report::action::command::FormFields;
use ui::error::Refusal;

/// Largest form in bytes; valid ones are far smaller.
const LIMIT: usize = 64 * 1024;

/// Most fields of a form: the longest of ours has some two hundred. Each is looked up by its name.
const FIELDS_MAX: usize = 2_500;

/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(30);

/// The fields of a form, in the order in which they were sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a body of `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// The [`Refusal`] that it deserves.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = content_type.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Refusal::Malformed);
        }
        let whole = tokio::time::timeout(FORM_TIMEOUT, Limited::new(body, LIMIT).collect());
        match whole.await {
            Ok(Ok(body)) => Self::parse(&body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
            Ok(Err(_)) => Err(Refusal::Malformed),
            Err(_) => Err(Refusal::RequestTimeout),
        }
    }

    /// The same from its bytes.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] and, for more than [`FIELDS_MAX`] fields, [`Refusal::TooLarge`].
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        if pairs.clone().nth(FIELDS_MAX).is_some() {
            return Err(Refusal::TooLarge);
        }
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        decoded.collect::<Result<_, _>>().map(Self)
    }

    /// Fields that were read otherwise.
    pub const fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// All of them, by name and value.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// The first value of `name`; empty when it was not sent.
    pub fn first(&self, name: &str) -> String {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Every value of `name`.
    pub fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(field, _)| field == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    /// Whether the box `name` was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        self.first(name) == "on"
    }
}

impl FormFields for Fields {
    fn first(&self, name: &str) -> String {
        Self::first(self, name)
    }

    fn all(&self, name: &str) -> Vec<String> {
        Self::all(self, name)
    }
}

fn decode(text: &str) -> Result<String, Refusal> {
    let bytes = text.as_bytes();
    let whole = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(i, _)| {
        let digits = bytes.get(i + 1..i + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if !whole {
        return Err(Refusal::Malformed);
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Refusal::Malformed)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_browsers_send() {
        let fields =
            Fields::parse("name=%E7%8E%8B+a&pledges=home&pledges=traffic&consent=on&x".as_bytes());
        let fields = fields.unwrap();
        assert_eq!(fields.first("name"), "王 a");
        assert_eq!(fields.all("pledges"), ["home", "traffic"]);
        assert!(fields.ticked("consent") && !fields.ticked("x") && !fields.ticked("y"));
    }

    #[test]
    fn refuses_what_is_not_a_form_in_utf8() {
        for bad in [&b"name=\xff"[..], b"name=%ff", b"name=%E7%8E", b"name=%", b"name=%zz", b"%f=1"]
        {
            assert_eq!(Fields::parse(bad), Err(Refusal::Malformed), "{bad:?}");
        }
    }
}
