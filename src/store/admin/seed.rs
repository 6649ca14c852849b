//! `seed`: an empty database filled with as many invented signatures and reports as
//! wanted, to see how everything behaves when there are many.

use domain::{
    campaign::{Campaign, Category},
    report::{Audience, Code, Event, EventKind, Report, Satisfaction, Source, State},
    slug::Slug,
    time::{DAY, Millis},
    visitor::VisitorId,
};

use crate::{
    base::Store,
    counts::{CounterDeltas, write::CountWrite},
    error::StoreError,
    signature::row::{StoredSignature, pledges_text, sealed_message, sealed_name},
    sql::{connection::Value, statement::Sql},
};

/// Rows in one transaction.
const CHUNK: u64 = 5000;

/// Names that nobody takes for real ones.
const SURNAMES: [&str; 6] = ["王", "李", "赵", "陈", "林", "周"];

/// Numbers that look random and are always the same (splitmix64).
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

fn pick<T>(list: &[T], n: u64) -> Option<&T> {
    let length = u64::try_from(list.len()).unwrap_or(1).max(1);
    list.get(usize::try_from(n % length).unwrap_or_default())
}

/// A code or visitor that nobody else has.
fn fake_id(prefix: &str, n: u64) -> String {
    format!("{prefix}{:0>19}", n)
}

impl Store {
    /// Fills an empty database.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when it is not empty.
    pub async fn seed(
        &self,
        campaign: &Campaign,
        signatures: u64,
        reports: u64,
        now: Millis,
    ) -> Result<(), StoreError> {
        const STORED: Sql = Sql::both("SELECT revision FROM ledger");
        let rows: Vec<(i64,)> = self.db.all(STORED, &[]).await?;
        if rows.first().is_none_or(|(revision,)| *revision > 0) {
            return Err(StoreError::Setup("the database is not empty; nothing was changed".into()));
        }
        let mut first = 1;
        while first <= signatures {
            let last = (first + CHUNK - 1).min(signatures);
            self.seed_signatures(campaign, first..=last, now).await?;
            first = last + 1;
        }
        let mut first = 1;
        while first <= reports {
            let last = (first + CHUNK - 1).min(reports);
            self.seed_reports(campaign, first..=last, now).await?;
            first = last + 1;
        }
        Ok(())
    }

    async fn seed_signatures(
        &self,
        campaign: &Campaign,
        ordinals: std::ops::RangeInclusive<u64>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut deltas = CounterDeltas::default();
        let mut rows = Vec::new();
        let last = *ordinals.end();
        for ordinal in ordinals {
            let dice = mixed(ordinal);
            let grid = pick(&campaign.grids, dice).filter(|_| !dice.is_multiple_of(10));
            let grid = grid.map(|grid| grid.slug.as_str());
            let chosen = campaign.pledges.iter().enumerate();
            let mut pledges: Vec<Slug> = chosen
                .filter(|(i, _)| (dice >> (8 + i)) & 1 == 1)
                .map(|(_, pledge)| pledge.slug.clone())
                .collect();
            if pledges.is_empty() {
                pledges.extend(campaign.pledges.first().map(|pledge| pledge.slug.clone()));
            }
            let signed_at = now - i64::try_from(dice % 300).unwrap_or_default() * DAY;
            deltas.signature(grid, &pledges, signed_at, 1);
            let surname = pick(&SURNAMES, dice >> 20).copied().unwrap_or_default();
            let message = dice.is_multiple_of(50).then_some("小节之处显大德");
            rows.push(StoredSignature {
                ordinal,
                visitor: fake_id("vis", ordinal),
                state: "valid",
                name: sealed_name(&self.db.seal, ordinal, &format!("{surname}测试"))?,
                grid: grid.map(str::to_owned),
                pledges: pledges_text(&pledges),
                message: sealed_message(&self.db.seal, ordinal, message)?,
                show_name: dice.is_multiple_of(3),
                consent: campaign.privacy.version.clone(),
                signed_at,
                message_state: dice.is_multiple_of(100).then_some("shown"),
                rule: None,
                place: None,
            });
        }
        const SET_LAST_ORDINAL: Sql = Sql::both("UPDATE ledger SET last_ordinal = $1");
        let begun = CountWrite::begin(self.db.begin().await?, now).await?;
        let mut write = CountWrite { deltas, ..begun };
        write.tx.insert_rows(rows).await?;
        write.tx.run(SET_LAST_ORDINAL, &[Value::from(last)]).await?;
        write.commit(&self.publisher).await
    }

    async fn seed_reports(
        &self,
        campaign: &Campaign,
        serials: std::ops::RangeInclusive<u64>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut deltas = CounterDeltas::default();
        let (mut rows, mut events) = (Vec::new(), Vec::new());
        let last = *serials.end();
        for serial in serials {
            let Some(report) = invented(campaign, serial, now) else { continue };
            deltas.report(None, Some(&report));
            events.push(Event {
                serial,
                version: 1,
                at: report.submitted_at,
                staff: None,
                what: EventKind::Filed,
                state: State::Submitted,
                text: None,
                audience: Audience::Public,
                detail: None,
            });
            rows.push(report);
        }
        const SET_LAST_REPORT: Sql = Sql::both("UPDATE ledger SET last_report = $1");
        let begun = CountWrite::begin(self.db.begin().await?, now).await?;
        let mut write = CountWrite { deltas, ..begun };
        write.tx.insert(&rows).await?;
        write.tx.insert(&events).await?;
        write.tx.run(SET_LAST_REPORT, &[Value::from(last)]).await?;
        write.commit(&self.publisher).await
    }
}

/// Four of five are closed, as in a street after some months.
fn invented(campaign: &Campaign, serial: u64, now: Millis) -> Option<Report> {
    let dice = mixed(serial ^ 0x5eed);
    let category: &Category = pick(&campaign.categories, dice >> 8)?;
    let grid = pick(&campaign.grids, dice >> 16)?.slug.clone();
    let casework = category.kind.is_casework();
    let state = match dice % 20 {
        0 => State::Submitted,
        1 if casework => State::Accepted,
        2 if casework => State::Dispatched,
        3 if casework => State::InProgress,
        4 if casework => State::AwaitingCheck,
        5 => State::Rejected,
        _ => State::Closed,
    };
    let age = i64::try_from(mixed(dice) >> 1).unwrap_or_default();
    let submitted_at = match state.is_open() {
        true => now - age % (6 * DAY),
        false => now - 6 * DAY - age % (300 * DAY),
    };
    let accepted = !matches!(state, State::Submitted | State::Rejected);
    let handled = matches!(state, State::AwaitingCheck | State::Closed) && casework;
    let due_at = state.is_open().then_some(submitted_at + 5 * DAY);
    let rated = state == State::Closed && casework && dice.is_multiple_of(3);
    Some(Report {
        serial,
        code: Code::parse(&fake_id("rep", serial)).ok()?,
        year: 2026,
        visitor: VisitorId::parse(&fake_id("vis", serial)),
        source: Source::Resident,
        source_number: None,
        entered_by: None,
        state,
        category: category.slug.clone(),
        kind: category.kind,
        grid: Some(grid),
        branch: category.branch.clone(),
        unit: category.unit.clone(),
        description: format!("测试反映{serial}：门口堆放了一些东西，请来看一下"),
        place: format!("测试路{}号", dice % 900 + 1),
        lat: None,
        lon: None,
        accuracy: None,
        contact_name: None,
        contact_phone: None,
        consent: campaign.privacy.version.clone(),
        summary: accepted.then(|| format!("测试路{}", category.title)),
        hidden: false,
        hidden_by: None,
        person_version: 1,
        managed: false,
        corrected_from: None,
        grid_moves: 0,
        promised_from: None,
        paused_until: None,
        rated_by: None,
        version: 1,
        handler: None,
        moved_by: Vec::new(),
        claimed_by: None,
        level: 0,
        reopened: u8::from(dice.is_multiple_of(40)),
        supervised: false,
        submitted_at,
        accepted_at: accepted.then_some(submitted_at + DAY / 2),
        finished_at: handled.then_some(submitted_at + 3 * DAY),
        closed_at: (state == State::Closed).then_some(submitted_at + 4 * DAY),
        due_at,
        soon_at: due_at.map(|due| due - DAY / 4),
        escalate_at: None,
        promised_at: (accepted && casework).then_some(submitted_at + 5 * DAY),
        extension_days: None,
        extension_reason: None,
        extension_by: None,
        duplicate_of: None,
        referred_to: None,
        referred_number: None,
        solved: rated.then_some(!dice.is_multiple_of(7)),
        satisfied: (rated && !dice.is_multiple_of(7)).then_some(Satisfaction::Yes),
        rating_comment: None,
        urged_at: None,
        supporters: dice % 4,
        form_key: None,
        quarantine: None,
        erased_at: Some(submitted_at),
    })
}
