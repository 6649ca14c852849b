//! What happens by itself: time runs out, held photos and sessions end.

use domain::{
    report::State,
    time::{DAY, Millis},
};
use store::{Change, ChangeError, JobLock, Notice, PendingNotice, StoreError};

use super::{
    base::{Service, now},
    report::{HELD_FOR, ReportError},
    staff::{ABSOLUTE, IDLE},
};

impl Service {
    /// Takes the lock for the periodic jobs; `None` while another node has it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn lead(&self) -> Result<Option<JobLock>, StoreError> {
        self.store.try_job_lock().await
    }

    /// Takes every report whose time has run out up a level; how many.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn escalate_overdue(&self) -> Result<usize, StoreError> {
        let rules = self.rules(now());
        let late = self.store.to_escalate(rules.now).await?;
        let mut taken = 0;
        for code in &late {
            let changed = self.store.change(code, |report, _| {
                let of_burst = report.state.is_set_apart();
                let waited = report.state == State::NeedsInfo;
                let (report, event) = rules.escalate(report).ok_or(ReportError::Conflict)?;
                // Of a burst, nobody is told of each.
                let notice = if waited { Notice::Unanswered } else { Notice::Overdue };
                let notices = if of_burst { Vec::new() } else { vec![notice] };
                Ok::<_, ReportError>(Change { notices, ..Change::only(report, event) })
            });
            match changed.await {
                Ok(_) => taken += 1,
                // Someone was quicker.
                Err(ChangeError::Missing | ChangeError::Refused(_)) => {}
                Err(ChangeError::Store(error)) => return Err(error),
            }
        }
        Ok(taken)
    }

    /// Notices whose time has come; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn pending_notices(&self, limit: u16) -> Result<Vec<PendingNotice>, StoreError> {
        self.store.pending_notices(now(), limit).await
    }

    /// Notes how a notice fared, and in how many minutes to try again; `None` gives up.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn notice_tried(
        &self,
        notice: &PendingNotice,
        arrived: bool,
        again: Option<i64>,
    ) -> Result<(), StoreError> {
        if arrived {
            self.store.notice_done(&notice.id, now()).await
        } else {
            let again = again.map(|minutes| now() + minutes * 60_000);
            self.store.notice_failed(&notice.id, again).await
        }
    }

    /// Ends the sessions that have run out.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn sweep_sessions(&self) -> Result<(), StoreError> {
        self.store.sweep_sessions(now() - IDLE, now() - ABSOLUTE).await
    }

    /// Forgets from which networks supporters said 没解决, once the days for it are over.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn forget_networks_of_supporters(&self) -> Result<(), StoreError> {
        let days = Millis::from(self.campaign.deadlines.reopen);
        self.store.forget_networks_of_supporters(now() - days * DAY).await
    }

    /// Sweeps away photos that were held too long; how many.
    ///
    /// # Errors
    /// [`StoreError`] when a store is away.
    pub async fn sweep_photos(&self) -> Result<usize, StoreError> {
        self.store.sweep_photos(&self.photo_store, now() - HELD_FOR).await
    }
}
