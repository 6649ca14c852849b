//! Doubtful signatures: what speaks against one, and what managers decide about many.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    campaign::Day,
    report::{Code, action::command::FieldErrors},
    signature_review::{DWELL, MEMORY, ReviewDecision, Rule, SignatureFilter, SignatureState},
    staff::Staff,
    text,
    time::Millis,
};
use store::{BulkReview, BusyPlace, Doubt, Note, StoreError, Suspects};

use super::base::{Service, now};

/// How a signature came.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestSignals<'m> {
    /// The address, or network, it comes from; empty where nobody knows.
    pub place: &'m str,
    /// Since when this visitor is known, in milliseconds before now.
    pub dwell: Millis,
    /// Whether a field was filled in that people do not see.
    pub honeypot_filled: bool,
}

/// From how often on this node alone a name is looked at by all nodes together.
const NAMES_HERE: u32 = 5;

/// Days of the trend.
const DAYS: i64 = 14;

/// A day in milliseconds.
const DAY: Millis = 86_400_000;

/// How long it is kept where signatures came from.
const PLACES_KEPT: Millis = 30 * DAY;

/// What managers see of doubtful signatures.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Signatures of each standing on each of the last days, newest first.
    pub days: Vec<(Day, BTreeMap<SignatureState, u64>)>,
    /// Rules that are switched off.
    pub off: BTreeSet<Rule>,
    /// Suspect ones, by rule and place, with a few masked names.
    pub suspects: Vec<(Suspects, Vec<String>)>,
    /// Where most of the valid ones of the last two days came from.
    pub busy: Vec<BusyPlace>,
    /// What was decided of late, with the name of who did.
    pub judgements: Vec<(BulkReview, String)>,
}

/// What a verdict would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// How many it touches.
    pub n: u64,
    /// The last ordinal that it saw.
    pub upto: u64,
    /// The newest of them: ordinal, masked name, time.
    pub samples: Vec<(u64, String, Millis)>,
}

/// Why a verdict was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DoubtError {
    /// Only managers judge.
    #[error("only managers may do this")]
    Forbidden,
    /// There is none that could be taken back.
    #[error("there is no such judgement")]
    NotFound,
    /// The form has faults.
    #[error("the form has faults")]
    Form(FieldErrors),
    /// The store could not say that it is kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Service {
    /// The signatures that a form or an address means; `None` where it says something strange.
    #[must_use]
    pub fn meant_by(&self, first: impl Fn(&str) -> String) -> Option<SignatureFilter> {
        let said = |name: &str| Some(first(name).trim().to_owned()).filter(|text| !text.is_empty());
        let day = |name: &str| match said(name) {
            None => Some(None),
            Some(text) => self.day_begins(&text).map(Some),
        };
        let rule = match said("rule") {
            None => None,
            Some(text) => Some(Rule::parse(&text)?),
        };
        let until = day("until")?.map(|begins| begins + 86_400_000);
        Some(SignatureFilter { rule, place: said("place"), since: day("since")?, until })
    }

    /// The client network of a signature, as it is stored, and the spam signals that it came with:
    /// the honeypot, names and dwell time. None where rate limits are off or the network is unknown.
    pub(super) fn doubts(
        &self,
        signals: &RequestSignals<'_>,
        name: &str,
    ) -> (Option<String>, Vec<Doubt>) {
        let place = signals.place;
        if !self.limits || place.is_empty() {
            return (None, Vec::new());
        }
        let counted =
            |rule: Rule, of: &str| self.keys.hash(&format!("doubt\n{}\n{of}", rule.as_str()));
        let mut doubts = Vec::new();
        let mut doubt = |rule: Rule, counted: String| doubts.push(Doubt { rule, counted });
        if signals.honeypot_filled {
            doubt(Rule::Honeypot, counted(Rule::Honeypot, place));
        }
        if signals.dwell < DWELL {
            doubt(Rule::Hasty, counted(Rule::Hasty, place));
        }
        let of_name = counted(Rule::SameName, &format!("{place}\n{name}"));
        if self.names.seen(&of_name, now()) > NAMES_HERE {
            doubt(Rule::SameName, of_name);
        }
        (Some(self.keys.hash(&format!("signed at\n{place}"))), doubts)
    }

    /// What managers see.
    ///
    /// # Errors
    /// [`DoubtError`].
    pub async fn doubt_overview(&self, staff: &Staff) -> Result<Overview, DoubtError> {
        may_judge(staff)?;
        let now = now();
        let offset = self.offset(now);
        let first = (now + offset) / DAY - (DAYS - 1);
        let rows = self.store.standings_by_day(first * DAY - offset, offset).await?;
        let mut days: BTreeMap<i64, BTreeMap<SignatureState, u64>> = BTreeMap::new();
        for (day, state, n) in rows {
            days.entry(day).or_default().insert(state, n);
        }
        let day = |(day, standings)| Some((self.day(day * DAY - offset)?, standings));
        let days = days.into_iter().rev().filter_map(day).collect();
        let mut suspects = Vec::new();
        for group in self.store.suspects(20).await? {
            let place = Some(group.place.clone()).filter(|place| !place.is_empty());
            let meant =
                SignatureFilter { rule: Some(group.rule), place, ..SignatureFilter::default() };
            let samples = self.store.samples(SignatureState::Suspect, &meant, 5).await?;
            let names = samples.iter().map(|sample| text::masked(&sample.name)).collect();
            suspects.push((group, names));
        }
        let staff = self.store.staff().await?;
        let mut judgements = Vec::new();
        for judgement in self.store.judgements(20).await? {
            let by = staff.iter().find(|one| Some(one.id) == judgement.staff);
            let name = by.map(|one| one.name.clone()).unwrap_or_default();
            judgements.push((judgement, name));
        }
        let busy = self.store.busy_places(now - 2 * DAY, 10).await?;
        Ok(Overview { days, off: self.store.rules_off().await?, suspects, busy, judgements })
    }

    /// How far clocks are ahead of UTC where the campaign is, in milliseconds.
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

    /// What a verdict would do.
    ///
    /// # Errors
    /// [`DoubtError`].
    pub async fn preview(
        &self,
        staff: &Staff,
        verdict: ReviewDecision,
        meant: &SignatureFilter,
    ) -> Result<Preview, DoubtError> {
        may_judge(staff)?;
        let (from, _) = verdict.change();
        let samples = self.store.samples(from, meant, 10).await?;
        let sample = samples.iter().map(|one| (one.ordinal, text::masked(&one.name), one.at));
        // After the samples: the newest of them is as far as the verdict goes.
        let n = self.store.how_many(from, meant).await?;
        let upto = samples.first().map_or(0, |newest| newest.ordinal);
        Ok(Preview { n, upto, samples: sample.collect() })
    }

    /// Takes a verdict about signatures up to the ordinal `upto`, which is as far as its
    /// preview saw; it is carried out in the background.
    ///
    /// # Errors
    /// [`DoubtError`].
    pub async fn judge(
        &self,
        staff: &Staff,
        verdict: ReviewDecision,
        meant: &SignatureFilter,
        upto: Option<u64>,
    ) -> Result<(), DoubtError> {
        may_judge(staff)?;
        if verdict == ReviewDecision::Invalidate && *meant == SignatureFilter::default() {
            let sentence = "请至少选一个条件，不能一次作废全部有效签名".into();
            return Err(DoubtError::Form(vec![("verdict", sentence)]));
        }
        let id = super::base::fresh_code()?;
        let note = note(&id, staff, verdict.as_str(), id.as_str());
        self.store.begin_judgement(note, verdict, meant, upto, now()).await?;
        Ok(())
    }

    /// Takes a judgement back; that is carried out in the background, too.
    ///
    /// # Errors
    /// [`DoubtError`].
    pub async fn undo_judgement(&self, staff: &Staff, id: &str) -> Result<(), DoubtError> {
        may_judge(staff)?;
        let code = super::base::fresh_code()?;
        let note = note(&code, staff, "undo judgement", id);
        match self.store.undo_judgement(note, now()).await? {
            true => Ok(()),
            false => Err(DoubtError::NotFound),
        }
    }

    /// Switches a rule on or off. What it held is released when it is switched off.
    ///
    /// # Errors
    /// [`DoubtError`].
    pub async fn switch_rule(&self, staff: &Staff, rule: Rule, on: bool) -> Result<(), DoubtError> {
        may_judge(staff)?;
        let id = super::base::fresh_code()?;
        let note = note(&id, staff, if on { "rule on" } else { "rule off" }, rule.as_str());
        self.store.switch_rule(note, rule, on, now()).await?;
        Ok(())
    }

    /// Carries out what was decided, to the end.
    ///
    /// # Errors
    /// [`StoreError`]; what is left is done the next time.
    pub async fn carry_out_judgements(&self) -> Result<(), StoreError> {
        while self.store.judge_step(now()).await? {}
        Ok(())
    }

    /// Forgets what was doubtful an hour ago.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done.
    pub async fn sweep_doubts(&self) -> Result<(), StoreError> {
        self.store.sweep_doubts(now() - MEMORY).await
    }

    /// Forgets where old signatures came from.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be done.
    pub async fn forget_places(&self) -> Result<(), StoreError> {
        self.store.forget_places(now() - PLACES_KEPT, now()).await
    }
}

fn note<'n>(id: &'n Code, staff: &Staff, action: &'n str, subject: &'n str) -> Note<'n> {
    Note { id: id.as_str(), staff: staff.id, action, subject }
}

fn may_judge(staff: &Staff) -> Result<(), DoubtError> {
    if staff.judges_signatures() { Ok(()) } else { Err(DoubtError::Forbidden) }
}
