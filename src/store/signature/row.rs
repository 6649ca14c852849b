//! One signature in its table: what is written, what is read, and what of it is sealed.

use domain::{
    signature::{NewSignature, Ordinal},
    signature_review::{FRAUD_WINDOW, FraudRule},
    slug::Slug,
    time::Millis,
    visitor::VisitorId,
};

use crate::{
    encryption::cipher::Seal,
    error::StoreError,
    sql::{
        bulk_insert::bulk_row,
        connection::Value,
        schema::{BULK_REVIEWED, SIGNATURES},
    },
};

/// A signature to be stored.
#[derive(Clone, Debug)]
pub struct SignRequest {
    /// Whose it is.
    pub visitor: VisitorId,
    /// What was signed.
    pub signature: NewSignature,
    /// The version of the privacy text that was agreed to.
    pub consent: String,
    /// Keyed hash of the client network; `None` if unknown.
    pub network_hash: Option<String>,
    /// Fraud rules that the request matches.
    pub rule_hits: Vec<RuleHit>,
}

/// A fraud rule that a sign request matches, and the counter to increment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHit {
    /// Which.
    pub rule: FraudRule,
    /// Keyed hash of rule and network (and name): the key of the counter.
    pub bucket: String,
    /// Hits that are tolerated.
    pub tolerated: u32,
    /// How long they count, in milliseconds.
    pub window: Millis,
}

impl RuleHit {
    /// A hit that counts as long as the rule says.
    #[must_use]
    pub const fn of(rule: FraudRule, bucket: String) -> Self {
        Self { rule, bucket, tolerated: rule.tolerated_hits(), window: FRAUD_WINDOW }
    }

    /// The use of a proof, which is good once while its key is: `window`, in milliseconds.
    #[must_use]
    pub const fn of_proof(bucket: String, window: Millis) -> Self {
        Self { rule: FraudRule::NoProof, bucket, tolerated: 1, window }
    }
}

/// The live signature of a visitor, after signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignOutcome {
    /// 第 N 位.
    pub ordinal: Ordinal,
    /// Whether this call stored it; else the visitor had it already.
    pub newly_stored: bool,
}

/// A signature as exports show it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in a signature")]
pub struct SignatureRow {
    pub ordinal: Ordinal,
    pub state: String,
    pub name: String,
    pub grid: Option<Slug>,
    pub pledges: Vec<Slug>,
    pub message: Option<String>,
    pub show_name: bool,
    pub signed_at: i64,
}

bulk_row! {
    /// A signature as it is stored.
    pub(crate) struct StoredSignature in SIGNATURES {
        ordinal: Ordinal,
        visitor: String,
        state: &'static str,
        /// By [`sealed_name`].
        name: Value,
        grid: Option<String>,
        /// By [`pledges_text`].
        pledges: String,
        /// By [`sealed_message`].
        message: Value,
        show_name: bool,
        consent: String,
        signed_at: Millis,
        message_state: Option<&'static str>,
        rule: Option<&'static str>,
        place: Option<String>,
    }
}

bulk_row! {
    /// A signature that a judgement changed.
    pub(crate) struct ReviewedSignature in BULK_REVIEWED {
        judgement: String,
        ordinal: i64,
    }
}

/// A name as it stands in its row.
pub fn sealed_name(seal: &Seal, ordinal: Ordinal, name: &str) -> Result<Value, StoreError> {
    seal.seal(&SIGNATURES.row(&[&ordinal, &"name"]), name).map(Value::Text)
}

/// The name that stands in a row; a signature that was taken back has none.
pub fn opened_name(seal: &Seal, ordinal: Ordinal, sealed: &str) -> Result<String, StoreError> {
    match sealed {
        "" => Ok(String::new()),
        sealed => seal.open(&SIGNATURES.row(&[&ordinal, &"name"]), sealed),
    }
}

/// A 寄语 as it stands in its row.
pub fn sealed_message(
    seal: &Seal,
    ordinal: Ordinal,
    text: Option<&str>,
) -> Result<Value, StoreError> {
    let row = || SIGNATURES.row(&[&ordinal, &"message"]);
    text.map_or(Ok(Value::Null), |text| seal.seal(&row(), text).map(Value::Text))
}

/// The 寄语 that stands in a row.
pub fn opened_message(seal: &Seal, ordinal: Ordinal, sealed: &str) -> Result<String, StoreError> {
    seal.open(&SIGNATURES.row(&[&ordinal, &"message"]), sealed)
}

/// Pledges as they stand in a row.
pub fn pledges_text(pledges: &[Slug]) -> String {
    serde_json::Value::from_iter(pledges.iter().map(Slug::as_str)).to_string()
}

/// The pledges that stand in a row.
pub fn pledges_of(text: &str) -> Vec<Slug> {
    serde_json::from_str(text).unwrap_or_default()
}
