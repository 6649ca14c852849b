//! What becomes of the cases of somebody who leaves, or moves to other grids.

use super::transition::Rules;
use crate::{
    report::{
        event::{Event, EventKind},
        record::Report,
        state::Audience,
    },
    staff::{Staff, StaffId},
};

impl Rules<'_> {
    /// Gives a claimed report `to` a colleague, or back to its grid. `by` is whoever decided that, if
    /// it was a member of staff.
    #[must_use]
    pub fn hand_over(
        &self,
        report: &Report,
        to: Option<&Staff>,
        by: Option<StaffId>,
    ) -> (Report, Event) {
        let mut after = report.clone();
        after.claimed_by = to.map(|to| to.id);
        after.next_version();
        let event = Event::of(&after, self.now, EventKind::HandedOver, Audience::Staff);
        (after, Event { staff: by, detail: to.map(|to| to.name.clone()), ..event })
    }
}
