//! Quarantine of bursts from one network (`domain::report::quarantine`): what is put there, what the
//! lane of the console shows, and how it ends.

use std::sync::atomic::Ordering;

use domain::{
    client_network::ClientNetwork,
    report::{
        Action, Report,
        action::{NOT_FOR_WORKERS, command::Command},
    },
    staff::Staff,
    time::Millis,
};
use store::{Burst, Change, ChangeError, QuarantinedSupports, StoreError};

use super::{ReportError, casework::BulkCommand};
use crate::{
    base::{Service, audit_entry, now},
    limits::Attempt,
};

/// Reports of a burst that one press decides about: each is a change of its own.
pub const DECIDED_AT_ONCE: u16 = 500;

/// Bursts, and reports with quarantined supports, that the lane shows at most.
pub const SHOWN: u16 = 20;

/// Reports that are shown of each burst.
const SAMPLES: u16 = 3;

/// Days for which the content of a dismissed report is kept at most: as long as the network of a
/// signature.
const DISMISSED_KEPT: u16 = 30;

/// Working minutes after which quarantined supports are counted without anybody's doing.
const SUPPORTS_WAIT: u32 = 8 * 60;

/// What is quarantined, as far as a member of staff sees it.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Bursts of reports, the oldest first, each with its first reports.
    pub bursts: Vec<(Burst, Vec<Report>)>,
    /// Reports with quarantined supports.
    pub supports: Vec<(QuarantinedSupports, Report)>,
}

impl Service {
    /// The burst that a report from there is part of, if there is one.
    pub(super) async fn burst_of_reports(
        &self,
        network: &ClientNetwork,
    ) -> Result<Option<String>, StoreError> {
        self.burst(&Attempt::in_burst_of_reports(&self.keys, network), network).await
    }

    /// The burst that a support from there is part of, if there is one.
    pub(super) async fn burst_of_supports(
        &self,
        network: &ClientNetwork,
    ) -> Result<Option<String>, StoreError> {
        self.burst(&Attempt::in_burst_of_supports(&self.keys, network), network).await
    }

    async fn burst(
        &self,
        tried: &Attempt,
        network: &ClientNetwork,
    ) -> Result<Option<String>, StoreError> {
        if self.count_attempt(tried).await?.is_ok() {
            return Ok(None);
        }
        let day = self.calendar.civil(now()).date();
        Ok(Some(self.keys.hash(&format!("burst from\n{}\n{day}", network.wide()))))
    }

    /// Whether `staff` decides about what is quarantined.
    ///
    /// # Errors
    /// [`ReportError::Forbidden`] for grid workers.
    pub fn may_decide_quarantine(&self, staff: &Staff) -> Result<(), ReportError> {
        may_decide(staff)
    }

    /// What is quarantined.
    ///
    /// # Errors
    /// [`ReportError::Forbidden`] for grid workers; [`ReportError::Store`].
    pub async fn quarantine_lane(&self, staff: &Staff) -> Result<Lane, ReportError> {
        may_decide(staff)?;
        let mut lane = Lane { bursts: Vec::new(), supports: Vec::new() };
        for burst in self.store.bursts(staff, SHOWN).await? {
            let samples = self.store.reports_of_burst(staff, &burst.id, burst.last, SAMPLES);
            let samples = samples.await?;
            lane.bursts.push((burst, samples));
        }
        for supports in self.store.quarantined_supports(staff, SHOWN).await? {
            if let Some(report) = self.store.report_of_serial(supports.serial).await? {
                lane.supports.push((supports, report));
            }
        }
        Ok(lane)
    }

    /// Admits or dismisses the reports of a burst up to the serial `last`, which is the last that
    /// was shown; at most [`DECIDED_AT_ONCE`]. Returns how many.
    ///
    /// # Errors
    /// [`ReportError::Forbidden`] for grid workers; [`ReportError::Store`], and those before are done.
    pub async fn decide_burst(
        &self,
        staff: &Staff,
        (burst, last): (&str, u64),
        admitted: bool,
    ) -> Result<usize, ReportError> {
        may_decide(staff)?;
        let found = self.store.reports_of_burst(staff, burst, last, DECIDED_AT_ONCE).await?;
        let chosen = found.into_iter().map(|report| (report.code, report.version)).collect();
        let command = if admitted { Command::Admit } else { Command::Dismiss };
        // Who was quicker decided; that is no fault.
        let (done, _) = self.act_on_each(staff, chosen, &BulkCommand::Same(command)).await?;
        Ok(done)
    }

    /// Counts or deletes the quarantined supports of a report that came until `until`, which is when
    /// the last that was shown came. Returns how many.
    ///
    /// # Errors
    /// [`ReportError::Forbidden`] for grid workers; [`ReportError::NotFound`]; [`ReportError::Store`].
    pub async fn decide_supports(
        &self,
        staff: &Staff,
        (serial, until): (u64, Millis),
        admitted: bool,
    ) -> Result<u64, ReportError> {
        may_decide(staff)?;
        let report = self.store.report_of_serial(serial).await?;
        let report = report.filter(|report| staff.may_see(report)).ok_or(ReportError::NotFound)?;
        let id = crate::base::fresh_code()?;
        let subject = report.number().to_string();
        let action = if admitted { "admit supports" } else { "dismiss supports" };
        let note = audit_entry(&id, staff, action, &subject);
        let decided = (until, admitted);
        Ok(self.store.end_quarantine_of_supports(serial, decided, Some(note), now()).await?)
    }

    /// Counts the supports that nobody decided about in time.
    ///
    /// # Errors
    /// [`StoreError`]; what is left is done the next time.
    pub async fn admit_waiting_supports(&self) -> Result<(), StoreError> {
        let before = self.calendar.before_minutes(now(), SUPPORTS_WAIT);
        for serial in self.store.with_supports_quarantined_before(before).await? {
            self.store.end_quarantine_of_supports(serial, (before, true), None, now()).await?;
        }
        Ok(())
    }

    /// Erases the content of reports that were dismissed long ago; what is left is their number.
    ///
    /// # Errors
    /// [`StoreError`] when one of them could not be changed; the others are.
    pub async fn erase_dismissed(&self) -> Result<(), StoreError> {
        let rules = self.rules(now());
        let days = DISMISSED_KEPT.min(self.campaign.privacy.retention_days);
        let before = rules.now - Millis::from(days) * 86_400_000;
        let (mut after, mut fault) = (0, None);
        loop {
            let old = self.store.dismissed_before(before, after).await?;
            let Some((_, last)) = old.last() else { break };
            after = *last;
            for (code, serial) in &old {
                let erased = self.store.change(code, |report, _| {
                    let (report, event) = rules.erase_dismissed(report, before).ok_or(())?;
                    Ok::<_, ()>(Change::only(report, event))
                });
                let erased = match erased.await {
                    // Or it was admitted meanwhile.
                    Ok(_) | Err(ChangeError::Missing | ChangeError::Refused(())) => Ok(()),
                    Err(ChangeError::Store(StoreError::Setup(_))) => {
                        self.store.erase_undecryptable(*serial, rules.now).await
                    }
                    Err(ChangeError::Store(error)) => Err(error),
                };
                fault = erased.err().or(fault);
            }
        }
        self.wal_to_truncate.store(true, Ordering::Relaxed);
        fault.map_or(Ok(()), Err)
    }
}

fn may_decide(staff: &Staff) -> Result<(), ReportError> {
    if staff.role >= Action::Admit.min_role() {
        Ok(())
    } else {
        Err(ReportError::Forbidden(NOT_FOR_WORKERS))
    }
}
