//! Reports that staff enter: what they were told of or saw, and 现场办结.

use domain::{
    campaign::CategoryKind,
    report::{
        Code, PhotoRole, Report, Source, State,
        action::{
            command::{Command, FieldErrors, LINE_MAX, TEXT_MAX},
            transition::SAME_PHOTO,
        },
        form::{NewReport, ReportForm},
    },
    staff::{Role, Staff},
    text,
};
use store::{Attached, StoreError};

use super::{
    Entry, ReportError,
    casework::{ActionRequest, any_repeated},
};
use crate::base::Service;

/// Where a report that staff enter comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'n> {
    /// The channel.
    pub source: Source,
    /// Its number there, as typed.
    pub number: &'n str,
    /// Whether it is another one, though that number was entered before.
    pub is_another: bool,
}

impl Service {
    /// What to say of a number that was entered before, but not by this form with the same content.
    async fn entered_before(
        &self,
        staff: &Staff,
        number: &str,
        (new, form_key): (&NewReport, Option<&Code>),
    ) -> Result<Option<String>, StoreError> {
        let found = self.store.from_outside(number).await?;
        let same = |report: &Report| {
            form_key.is_some()
                && report.form_key.as_ref() == form_key
                && (&report.category, &report.grid) == (&new.category.slug, &new.grid)
                && (&report.place, &report.description) == (&new.place, &new.description)
        };
        let other = |report: &&Report| !same(report);
        let known = found.iter().find(other).map(|report| match staff.may_see(report) {
            true => format!("{}（{}）", report.number(), report.state.staff_label()),
            false => "不在您负责的范围里".to_owned(),
        });
        Ok(known
            .map(|known| format!("这个编号登记过了：{known}。如果确实是另一件，请勾选“仍要登记”")))
    }

    /// Files a report that staff were told of, or saw.
    ///
    /// # Errors
    /// [`ReportError`]; the photos are held then.
    pub async fn enter_report(
        &self,
        staff: &Staff,
        form: &ReportForm,
        origin: Origin<'_>,
        before: &[Code],
        form_key: Option<Code>,
    ) -> Result<Report, ReportError> {
        let Origin { source, number, is_another } = origin;
        let mut errors = Vec::new();
        let number = text::one_line(number, LINE_MAX).unwrap_or_else(|fault| {
            errors.push(("number", fault.about("来源编号", "The number")));
            None
        });
        if source == Source::Hotline && number.is_none() && errors.is_empty() {
            errors.push(("number", "请填写12345的工单编号".into()));
        }
        if source == Source::Resident {
            errors.push(("source", "请选择来源".into()));
        }
        let new = match self.check_report(form, source, before.len()) {
            Ok(new) if errors.is_empty() => new,
            Ok(_) => return Err(ReportError::Form(errors)),
            Err(ReportError::Form(more)) => {
                errors.extend(more);
                return Err(ReportError::Form(errors));
            }
            Err(error) => return Err(error),
        };
        if let Some(number) = number.as_deref().filter(|_| !is_another)
            && let Some(known) =
                self.entered_before(staff, number, (&new, form_key.as_ref())).await?
        {
            return Err(ReportError::Form(vec![("number", known.into())]));
        }
        let in_reach = staff.role >= Role::BranchLead
            || new.grid.as_ref().is_some_and(|grid| staff.grids.contains(grid));
        if !in_reach {
            let sentence = "请选择您负责的网格".into();
            return Err(ReportError::Form(vec![("grid", sentence)]));
        }
        let role = PhotoRole::Before;
        let attach = |id: &Code| Attached { id: id.clone(), role, public: true };
        let photos: Vec<Attached> = before.iter().map(attach).collect();
        let entry = Entry {
            source,
            number,
            visitor: None,
            entered_by: Some(staff.id),
            form_key,
            burst: None,
        };
        self.file_new(new, entry, &photos).await
    }

    /// 现场办结 of something just found: entered, accepted and handled at once.
    ///
    /// # Errors
    /// [`ReportError`], as for [`Service::enter_report`] and [`Service::act`].
    pub async fn settle_found(
        &self,
        staff: &Staff,
        form: &ReportForm,
        text: &str,
        (before, after): (Vec<Code>, Vec<Code>),
        form_key: Option<Code>,
    ) -> Result<Report, ReportError> {
        let mut errors = FieldErrors::new();
        let missing = || "请写一下怎样处理的".into();
        let text = text::lines(text, TEXT_MAX).map_err(|fault| fault.about("处理情况", "The text"));
        let text = text.and_then(|text| text.ok_or_else(missing)).unwrap_or_else(|sentence| {
            errors.push(("text", sentence));
            String::new()
        });
        if before.is_empty() {
            errors.push(("before", "请拍一张处理前的照片".into()));
        }
        if after.is_empty() {
            errors.push(("photos", "请拍一张处理后的照片".into()));
        }
        let pictures = (self.photos_named(&before).await?, self.photos_named(&after).await?);
        if any_repeated(&pictures.0, &pictures.1, &[]) {
            errors.push(("photos", SAME_PHOTO.into()));
        }
        let category = self.campaign.category(&form.category);
        if category.is_some_and(|category| category.kind != CategoryKind::Casework) {
            errors.push(("category", "这一类不能现场办结".into()));
        }
        let elsewhere = |slug: &domain::slug::Slug| !staff.branches.contains(slug);
        if staff.role == Role::BranchLead && category.is_some_and(|c| elsewhere(&c.branch)) {
            errors.push(("category", "这一类由别的支部牵头，请登记后由他们办理".into()));
        }
        if self.campaign.grid(&form.grid).is_none() {
            errors.push(("grid", "请选择网格".into()));
        }
        if !errors.is_empty() {
            if let Err(ReportError::Form(more)) =
                self.check_report(form, Source::Patrol, before.len())
            {
                let known: Vec<&str> = errors.iter().map(|(field, _)| *field).collect();
                errors.extend(
                    more.into_iter()
                        .filter(|(field, _)| !known.contains(field))
                        .collect::<Vec<_>>(),
                );
            }
            return Err(ReportError::Form(errors));
        }
        let origin = Origin { source: Source::Patrol, number: "", is_another: false };
        let found = self.enter_report(staff, form, origin, &before, form_key).await?;
        if found.state != State::Submitted {
            return Ok(found);
        }
        let command = Command::Settle { text };
        let (code, version) = (found.code, found.version);
        self.act(staff, ActionRequest { code, version, command, before: Vec::new(), after }).await
    }
}
