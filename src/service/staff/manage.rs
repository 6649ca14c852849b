//! Who works here and for what they answer, as managers and the operator change it.

use domain::{
    campaign::Campaign,
    lang::LocalizedText,
    report::action::command::FieldErrors,
    slug::Slug,
    staff::{Role, Staff, StaffId},
    text::Name,
};
use store::{NewStaff, StaffChange};

use super::{
    error::{StaffError, login_fits},
    leaving::Heir,
};
use crate::base::{Service, fresh_code, now};

/// Who is to be added, as it was typed.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the field of that name")]
pub struct StaffForm {
    pub login: String,
    pub name: String,
    pub role: String,
    pub grids: Vec<String>,
    pub branches: Vec<String>,
    pub password: String,
}

impl StaffForm {
    fn check(
        &self,
        campaign: &Campaign,
    ) -> Result<(String, Role, Vec<Slug>, Vec<Slug>), FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut fault = |field, said: LocalizedText| errors.push((field, said));
        let name = Name::parse(&self.name);
        if !login_fits(&self.login) {
            fault("login", "登录名为2到40个小写字母、数字或 . _ -".into());
        }
        match &name {
            Ok(Some(_)) => {}
            Ok(None) => fault("name", "请填写姓名".into()),
            Err(error) => fault("name", error.about("姓名", "The name")),
        }
        let role = Role::parse(&self.role);
        if role.is_none() {
            fault("role", "请选择角色".into());
        }
        let known = |list: &[String], find: &dyn Fn(&str) -> Option<Slug>| {
            list.iter().map(|slug| find(slug)).collect::<Option<Vec<Slug>>>()
        };
        let grids = known(&self.grids, &|slug| campaign.grid(slug).map(|grid| grid.slug.clone()));
        let branches =
            known(&self.branches, &|slug| campaign.branch(slug).map(|branch| branch.slug.clone()));
        if grids.is_none() || (role == Some(Role::GridWorker) && self.grids.is_empty()) {
            fault("grids", "请选择网格员负责的网格".into());
        }
        if branches.is_none() || (role == Some(Role::BranchLead) && self.branches.is_empty()) {
            fault("branches", "请选择负责的支部".into());
        }
        match (name, role, grids, branches) {
            (Ok(Some(name)), Some(role), Some(grids), Some(branches)) if errors.is_empty() => {
                Ok((name.as_str().to_owned(), role, grids, branches))
            }
            _ => Err(errors),
        }
    }
}

impl Service {
    /// Adds someone; `by` is `None` for the operator at the machine itself.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn add_staff(
        &self,
        by: Option<&Staff>,
        form: &StaffForm,
    ) -> Result<StaffId, StaffError> {
        may_manage(by)?;
        let (name, role, grids, branches) = form.check(&self.campaign).map_err(StaffError::Form)?;
        if let Some(sentence) = self.password_fault(&form.password, &form.login, &name) {
            return Err(StaffError::Form(vec![("password", sentence.into())]));
        }
        let new = NewStaff {
            login: form.login.clone(),
            name,
            role,
            grids,
            branches,
            password: self.passwords.hash(form.password.clone()).await?,
        };
        let taken = || StaffError::Form(vec![("login", "这个登录名已经有人用了".into())]);
        let id = self.store.add_staff(&new, now()).await?.ok_or_else(taken)?;
        self.note_managed(by, "staff add", &form.login).await?;
        Ok(id)
    }

    /// Changes someone.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn manage_staff(
        &self,
        by: Option<&Staff>,
        login: &str,
        change: StaffUpdate,
    ) -> Result<(), StaffError> {
        may_manage(by)?;
        if !login_fits(login) {
            return Err(StaffError::NotFound);
        }
        let found = self.store.staff_by_login(login).await?;
        let (staff, _) = found.ok_or(StaffError::NotFound)?;
        // What they are afterwards, and who has the cases that they leave.
        let mut leaves: Option<(Staff, String)> = None;
        let (action, change) = match change {
            StaffUpdate::Active { active, cases: choice } => {
                leaves = (!active).then(|| (Staff { active, ..staff.clone() }, choice));
                if !active && by.is_some_and(|by| by.id == staff.id) {
                    let sentence = "不能停用自己，请另一位管理员来做".into();
                    return Err(StaffError::Form(vec![("active", sentence)]));
                }
                (if active { "staff enable" } else { "staff disable" }, StaffChange::Active(active))
            }
            StaffUpdate::Password(password) => {
                if let Some(sentence) = self.password_fault(&password, login, &staff.name) {
                    return Err(StaffError::Form(vec![("password", sentence.into())]));
                }
                let hash = self.passwords.hash(password).await?;
                ("staff reset-password", StaffChange::Password { hash, keep: None })
            }
            StaffUpdate::SecondFactor(password) => {
                let hash = self.passwords.hash(password).await?;
                ("staff reset-second-factor", StaffChange::Reset { hash })
            }
            StaffUpdate::Scope { grids, branches, cases: choice } => {
                let (grids, branches) = self.scope_of(staff.role, &grids, &branches)?;
                let (grids_after, branches_after) = (grids.clone(), branches.clone());
                let after = Staff { grids: grids_after, branches: branches_after, ..staff.clone() };
                leaves = Some((after, choice));
                ("staff scope", StaffChange::Scope { grids, branches })
            }
            StaffUpdate::StandIn { login, until } => {
                let other = match login.as_str() {
                    "" => None,
                    login => {
                        let other = self.stand_in_for(&staff, login).await?;
                        Some((other, self.stand_in_end(&until)?))
                    }
                };
                ("staff stand-in", StaffChange::StandIn(other))
            }
        };
        let (left, heir) = match &leaves {
            Some((after, choice)) => self.cases_left(&staff, after, choice).await?,
            None => (Vec::new(), Heir::Grid),
        };
        self.store.change_staff(staff.id, &change).await?;
        self.note_managed(by, action, login).await?;
        Ok(self.hand_over(&left, &heir, by.map(|by| by.id)).await?)
    }

    async fn stand_in_for(&self, staff: &Staff, login: &str) -> Result<StaffId, StaffError> {
        let other = match login_fits(login) {
            true => self.store.staff_by_login(login).await?.map(|(other, _)| other),
            false => None,
        };
        let fits = |other: &Staff| other.active && other.id != staff.id && other.role == staff.role;
        let other = other.filter(fits).ok_or_else(|| {
            StaffError::Form(vec![("stand_in", "请选择一位同样角色、在岗的同事".into())])
        })?;
        Ok(other.id)
    }

    /// The grids and branches of those slugs, enough of them for the role.
    fn scope_of(
        &self,
        role: Role,
        grids: &[String],
        branches: &[String],
    ) -> Result<(Vec<Slug>, Vec<Slug>), StaffError> {
        let grids: Option<Vec<Slug>> =
            grids.iter().map(|s| self.campaign.grid(s).map(|grid| grid.slug.clone())).collect();
        let branches: Option<Vec<Slug>> =
            branches.iter().map(|s| self.campaign.branch(s).map(|b| b.slug.clone())).collect();
        let fault = |field, text: &'static str| StaffError::Form(vec![(field, text.into())]);
        let grids = grids.ok_or_else(|| fault("grids", "没有这个网格"))?;
        let branches = branches.ok_or_else(|| fault("branches", "没有这个支部"))?;
        match role {
            Role::GridWorker if grids.is_empty() => Err(fault("grids", "请选择网格员负责的网格")),
            Role::BranchLead if branches.is_empty() => Err(fault("branches", "请选择负责的支部")),
            _ => Ok((grids, branches)),
        }
    }

    async fn note_managed(
        &self,
        by: Option<&Staff>,
        action: &str,
        login: &str,
    ) -> Result<(), StaffError> {
        let id = fresh_code()?;
        let staff = by.map(|by| by.id);
        self.store.note_audit(id.as_str(), staff, action, login, now()).await?;
        Ok(())
    }
}

/// What a manager changes about someone.
#[derive(Clone, Debug)]
pub enum StaffUpdate {
    /// Whether they may log in.
    Active {
        /// Whether they may.
        active: bool,
        /// Who has their cases if not: a login, or [`super::BACK_TO_GRID`].
        cases: String,
    },
    /// A new password.
    Password(String),
    /// No second factor any more, and this new password.
    SecondFactor(String),
    /// What they answer for, by slugs.
    Scope {
        /// A grid worker's grids.
        grids: Vec<String>,
        /// A branch lead's branches.
        branches: Vec<String>,
        /// Who has those of their cases that they no longer see.
        cases: String,
    },
    /// Who stands in for them.
    StandIn {
        /// Their login; empty for nobody.
        login: String,
        /// The last day, `2026-12-31`.
        until: String,
    },
}

fn may_manage(by: Option<&Staff>) -> Result<(), StaffError> {
    match by {
        Some(by) if !by.manages_staff() => Err(StaffError::Forbidden),
        _ => Ok(()),
    }
}
