//! Fraud review of signatures: fraud signals of a request, and bulk decisions by managers.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    campaign::Day,
    client_network::ClientNetwork,
    report::action::command::FieldErrors,
    signature_review::{
        FRAUD_WINDOW, FraudRule, MIN_DWELL, ReviewDecision, SignatureFilter, SignatureState,
    },
    staff::Staff,
    text,
    time::{DAY, Millis},
    visitor::VisitorId,
};
use store::{BulkReview, BusyNetwork, RuleHit, StoreError, SuspectGroup};

use super::{
    base::{Service, audit_entry, now},
    signature::key::SentKey,
};

/// Fraud signals of a sign request.
#[derive(Clone, Copy, Debug)]
pub struct RequestSignals<'m> {
    /// Where the request comes from; signatures of one /48 are counted together.
    pub client_network: &'m ClientNetwork,
    /// Time since this visitor got their cookie, in milliseconds; asked where the form has no key.
    pub dwell: Millis,
    /// The key that the form was shown with, and its proof.
    pub key: &'m SentKey,
    /// Whether visitors may have confirmed accounts of WeChat, which need no proof.
    pub has_accounts: bool,
    /// Whether the hidden honeypot field was filled in.
    pub honeypot_filled: bool,
}

/// How often a name must repeat on this node before the database counts it for all nodes.
const LOCAL_NAME_REPEATS: u32 = 5;

/// Signatures without a proof that are taken of one client network within an hour or two, on each
/// node: 4 MB.
const UNPROVEN_STORED: u32 = 10_000;
/// Seconds after which that is over, about.
const UNPROVEN_WAIT: u32 = 3_600;

/// Days of the trend.
const DAYS: i64 = 14;

/// How long the hashed client network of a signature is kept.
const NETWORK_HASH_RETENTION: Millis = 30 * DAY;

/// The review page of managers.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Number of signatures per state on each of the last days, newest first.
    pub days: Vec<(Day, BTreeMap<SignatureState, u64>)>,
    /// Rules that are switched off.
    pub off: BTreeSet<FraudRule>,
    /// Suspect signatures grouped by rule and network hash, with a few masked names.
    pub suspects: Vec<(SuspectGroup, Vec<String>)>,
    /// Client networks (hashed) with the most valid signatures of the last two days.
    pub busy: Vec<BusyNetwork>,
    /// The last bulk reviews, each with the name of the manager.
    pub bulk_reviews: Vec<(BulkReview, String)>,
}

/// The effect of a bulk review before it is started.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Number of signatures that it changes.
    pub n: u64,
    /// The highest ordinal that the preview included.
    pub upto: u64,
    /// The newest of them: ordinal, masked name, time.
    pub samples: Vec<(u64, String, Millis)>,
}

/// Why a bulk review was not started.
#[derive(Debug, thiserror::Error)]
pub enum SignatureReviewError {
    /// Only managers judge.
    #[error("only managers may do this")]
    Forbidden,
    /// There is none that could be taken back.
    #[error("there is no such bulk review")]
    NotFound,
    /// The form has faults.
    #[error("the form has faults")]
    Form(FieldErrors),
    /// The store failed, or the result of the commit is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// The signature filter of a form or query string; `None` if a field is malformed.
    #[must_use]
    pub fn parse_filter(&self, first: impl Fn(&str) -> String) -> Option<SignatureFilter> {
        let said = |name: &str| Some(first(name).trim().to_owned()).filter(|text| !text.is_empty());
        let day = |name: &str| match said(name) {
            None => Some(None),
            Some(text) => self.day_begins(&text).map(Some),
        };
        let rule = match said("rule") {
            None => None,
            Some(text) => Some(FraudRule::parse(&text)?),
        };
        let until = day("until")?.map(|begins| begins + 86_400_000);
        Some(SignatureFilter { rule, network_hash: said("place"), since: day("since")?, until })
    }

    /// The client network of a signature, as it is stored, and the spam signals that it came with:
    /// the honeypot, names, dwell time and proof. None where rate limits are off.
    ///
    /// Where a network sends very many without a proof, the seconds to wait instead, so that a script
    /// does not fill the disk with signatures that do not count.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub(super) async fn fraud_signals(
        &self,
        visitor: &VisitorId,
        signals: &RequestSignals<'_>,
        name: &str,
    ) -> Result<Result<(Option<String>, Vec<RuleHit>), u32>, StoreError> {
        let client_network = signals.client_network.wide();
        if !self.limits {
            return Ok(Ok((None, Vec::new())));
        }
        let key = self.known_key(signals.key, visitor, now());
        let counted =
            |rule: FraudRule, of: &str| self.keys.hash(&format!("doubt\n{}\n{of}", rule.as_str()));
        let mut doubts = Vec::new();
        let mut doubt = |rule: FraudRule, counted: String| doubts.push(RuleHit::of(rule, counted));
        if signals.honeypot_filled {
            doubt(FraudRule::Honeypot, counted(FraudRule::Honeypot, client_network));
        }
        if key.map_or(signals.dwell, |key| key.age) < MIN_DWELL {
            doubt(FraudRule::Hasty, counted(FraudRule::Hasty, client_network));
        }
        let of_name = format!("{client_network}\n{}", text::folded(name));
        if self.names.increment(&of_name, now()) > LOCAL_NAME_REPEATS {
            doubt(FraudRule::SameName, counted(FraudRule::SameName, &of_name));
        }
        if key.is_some_and(|key| key.proven) {
            doubts.push(self.proof_hit(signals.key));
        } else if !(signals.has_accounts && self.store.has_wechat_account(visitor).await?) {
            let unproven = format!("unproven\n{client_network}");
            if self.issued_keys.increment(&unproven, now()) > UNPROVEN_STORED {
                return Ok(Err(UNPROVEN_WAIT));
            }
            let bucket = counted(FraudRule::NoProof, client_network);
            doubts.push(RuleHit::of(FraudRule::NoProof, bucket));
        }
        Ok(Ok((Some(self.keys.hash(&format!("signed at\n{client_network}"))), doubts)))
    }

    /// Data of the review page.
    ///
    /// # Errors
    /// [`SignatureReviewError`].
    pub async fn review_overview(&self, staff: &Staff) -> Result<Overview, SignatureReviewError> {
        may_review(staff)?;
        let now = now();
        let offset = self.offset(now);
        let first = (now + offset) / DAY - (DAYS - 1);
        let rows = self.store.count_by_day_and_state(first * DAY - offset, offset).await?;
        let mut days: BTreeMap<i64, BTreeMap<SignatureState, u64>> = BTreeMap::new();
        for (day, state, n) in rows {
            days.entry(day).or_default().insert(state, n);
        }
        let day = |(day, counts)| Some((self.day(day * DAY - offset)?, counts));
        let days = days.into_iter().rev().filter_map(day).collect();
        let mut suspects = Vec::new();
        for group in self.store.suspects(20).await? {
            let network_hash = Some(group.network_hash.clone()).filter(|place| !place.is_empty());
            let meant = SignatureFilter {
                rule: Some(group.rule),
                network_hash,
                ..SignatureFilter::default()
            };
            let samples = self.store.samples(SignatureState::Suspect, &meant, 5).await?;
            let names = samples.iter().map(|sample| text::masked(&sample.name)).collect();
            suspects.push((group, names));
        }
        let staff = self.store.staff().await?;
        let mut judgements = Vec::new();
        for judgement in self.store.bulk_reviews(20).await? {
            let by = staff.iter().find(|one| Some(one.id) == judgement.staff);
            let name = by.map(|one| one.name.clone()).unwrap_or_default();
            judgements.push((judgement, name));
        }
        let busy = self.store.busiest_networks(now - 2 * DAY, 10).await?;
        Ok(Overview {
            days,
            off: self.store.rules_off().await?,
            suspects,
            busy,
            bulk_reviews: judgements,
        })
    }

    /// UTC offset of the campaign's time zone at `at`, in milliseconds.
    fn offset(&self, at: Millis) -> Millis {
        let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        i64::from(self.time_zone.to_offset(time).seconds()) * 1000
    }

    /// When a day begins where the campaign is.
    #[must_use]
    pub fn day_begins(&self, day: &str) -> Option<Millis> {
        let date: jiff::civil::Date = day.parse().ok()?;
        let begins = self.time_zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(begins.as_millisecond())
    }

    /// Previews a bulk review.
    ///
    /// # Errors
    /// [`SignatureReviewError`].
    pub async fn preview(
        &self,
        staff: &Staff,
        decision: ReviewDecision,
        filter: &SignatureFilter,
    ) -> Result<Preview, SignatureReviewError> {
        may_review(staff)?;
        let (from, _) = decision.transition();
        let samples = self.store.samples(from, filter, 10).await?;
        let sample = samples.iter().map(|one| (one.ordinal, text::masked(&one.name), one.at));
        // Counted after sampling, so `n` may include signatures newer than `upto`; the bulk review
        // stops at `upto`.
        let n = self.store.count_matching(from, filter).await?;
        let upto = samples.first().map_or(0, |newest| newest.ordinal);
        Ok(Preview { n, upto, samples: sample.collect() })
    }

    /// Starts a bulk review of the signatures up to the ordinal `upto` (the end of its preview). A
    /// background job carries it out.
    ///
    /// # Errors
    /// [`SignatureReviewError`].
    pub async fn start_bulk_review(
        &self,
        staff: &Staff,
        verdict: ReviewDecision,
        meant: &SignatureFilter,
        upto: Option<u64>,
    ) -> Result<(), SignatureReviewError> {
        may_review(staff)?;
        if verdict == ReviewDecision::Invalidate && *meant == SignatureFilter::default() {
            let sentence = "请至少选一个条件，不能一次作废全部有效签名".into();
            return Err(SignatureReviewError::Form(vec![("verdict", sentence)]));
        }
        let id = super::base::fresh_code()?;
        let note = audit_entry(&id, staff, verdict.as_str(), id.as_str());
        self.store.start_bulk_review(note, verdict, meant, upto, now()).await?;
        Ok(())
    }

    /// Undoes a bulk review, in the background.
    ///
    /// # Errors
    /// [`SignatureReviewError`].
    pub async fn undo_judgement(
        &self,
        staff: &Staff,
        id: &str,
    ) -> Result<(), SignatureReviewError> {
        may_review(staff)?;
        let code = super::base::fresh_code()?;
        let note = audit_entry(&code, staff, "undo judgement", id);
        match self.store.undo_bulk_review(note, now()).await? {
            true => Ok(()),
            false => Err(SignatureReviewError::NotFound),
        }
    }

    /// Switches a rule on or off. Switching it off releases the signatures that it holds.
    ///
    /// # Errors
    /// [`SignatureReviewError`].
    pub async fn switch_rule(
        &self,
        staff: &Staff,
        rule: FraudRule,
        on: bool,
    ) -> Result<(), SignatureReviewError> {
        may_review(staff)?;
        let id = super::base::fresh_code()?;
        let note = audit_entry(&id, staff, if on { "rule on" } else { "rule off" }, rule.as_str());
        self.store.switch_rule(note, rule, on, now()).await?;
        Ok(())
    }

    /// Runs all unfinished bulk reviews to their end.
    ///
    /// # Errors
    /// [`StoreError`]; what is left is done the next time.
    pub async fn run_bulk_reviews(&self) -> Result<(), StoreError> {
        while self.store.run_bulk_review_step(now()).await? {}
        Ok(())
    }

    /// Deletes fraud counters that are older than an hour.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn delete_old_fraud_counters(&self) -> Result<(), StoreError> {
        self.store.sweep_doubts(now() - FRAUD_WINDOW).await
    }

    /// Clears the network hash of signatures older than `NETWORK_HASH_RETENTION`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn clear_network_hashes(&self) -> Result<(), StoreError> {
        self.store.clear_network_hashes(now() - NETWORK_HASH_RETENTION, now()).await
    }
}

fn may_review(staff: &Staff) -> Result<(), SignatureReviewError> {
    if staff.reviews_signatures() { Ok(()) } else { Err(SignatureReviewError::Forbidden) }
}
