//! Staff: logging in and out, who works here, and for what they answer.

pub mod password;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    campaign::Campaign,
    report::action::command::{FieldErrors, checked_text},
    slug::Slug,
    staff::{Role, Staff, StaffId},
    time::Millis,
};
use sha2::{Digest, Sha256};
use store::{NewStaff, StaffChange, StoreError};

use self::password::{check_password_rules, hash, verify};
use super::{
    base::{Service, now},
    limits::{Attempt, Requester},
};

/// A session ends when nothing was asked for so long: four hours.
pub(super) const IDLE: Millis = 4 * 3_600_000;
/// A session ends however busy it is: after twelve hours, more than a shift.
pub(super) const ABSOLUTE: Millis = 12 * 3_600_000;
/// How often it is written down that a session was seen.
const SEEN_INTERVAL: Millis = 60_000;

/// Why nobody was logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Login and password do not fit together, or the person is no longer here.
    #[error("login and password do not fit together")]
    Wrong,
    /// Too many attempts; seconds to wait.
    #[error("too many tries")]
    Wait(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why someone was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The form has faults.
    #[error("{}", .0.iter().map(|(field, text)| format!("{field}: {text}")).collect::<Vec<_>>().join("; "))]
    Form(FieldErrors),
    /// Only managers may.
    #[error("only managers may do this")]
    Forbidden,
    /// There is nobody of that name.
    #[error("there is nobody of that login")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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

/// Whether anyone could be called so.
fn login_fits(login: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    (2..=40).contains(&login.len()) && login.chars().all(allowed)
}

impl StaffForm {
    fn check(
        &self,
        campaign: &Campaign,
    ) -> Result<(String, Role, Vec<Slug>, Vec<Slug>), FieldErrors> {
        let mut errors = FieldErrors::new();
        let mut fault = |field, sentence: &'static str| errors.push((field, sentence.into()));
        if !login_fits(&self.login) {
            fault("login", "登录名为2到40个小写字母、数字或 . _ -");
        }
        let name = checked_text(&self.name, 20).ok().flatten().unwrap_or_default();
        if name.is_empty() {
            fault("name", "请填写姓名，最多20个字");
        }
        let role = Role::parse(&self.role);
        if role.is_none() {
            fault("role", "请选择角色");
        }
        let known = |list: &[String], find: &dyn Fn(&str) -> Option<Slug>| {
            list.iter().map(|slug| find(slug)).collect::<Option<Vec<Slug>>>()
        };
        let grids = known(&self.grids, &|slug| campaign.grid(slug).map(|grid| grid.slug.clone()));
        let branches =
            known(&self.branches, &|slug| campaign.branch(slug).map(|branch| branch.slug.clone()));
        if grids.is_none() || (role == Some(Role::GridWorker) && self.grids.is_empty()) {
            fault("grids", "请选择网格员负责的网格");
        }
        if branches.is_none() || (role == Some(Role::BranchLead) && self.branches.is_empty()) {
            fault("branches", "请选择负责的支部");
        }
        if let Err(sentence) = check_password_rules(&self.password, &self.login) {
            fault("password", sentence);
        }
        match (role, grids, branches) {
            (Some(role), Some(grids), Some(branches)) if errors.is_empty() => {
                Ok((name, role, grids, branches))
            }
            _ => Err(errors),
        }
    }
}

/// What a session's cookie holds, as the database knows it.
fn hash_token(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

impl Service {
    /// Logs someone in. What `who` tries counts first against themselves, so that nobody
    /// is locked out by what others do. The session `old` ends.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        login: &str,
        password: &str,
        who: &Requester<'_>,
        old: Option<&str>,
    ) -> Result<String, LoginError> {
        let login = login.trim().to_ascii_lowercase();
        let known_form = login_fits(&login);
        let tried = Attempt::at_login(&self.keys, known_form.then_some(login.as_str()), who);
        self.count_attempt(&tried).await?.map_err(LoginError::Wait)?;
        let found = if known_form { self.store.staff_by_login(&login).await? } else { None };
        let hash = found.as_ref().map(|(_, hash)| hash.clone());
        let fits = password.len() <= 4 * password::MAX
            && verify(&self.password_permits, password.to_owned(), hash).await?;
        let Some((staff, _)) = found.filter(|(staff, _)| fits && staff.active) else {
            return Err(LoginError::Wrong);
        };
        self.clear_attempts(&tried).await?;
        if let Some(old) = old {
            self.store.end_session(&hash_token(old)).await?;
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
        let token = URL_SAFE_NO_PAD.encode(bytes);
        self.store.begin_session(&hash_token(&token), staff.id, now()).await?;
        self.note(&staff, "login", &staff.login).await?;
        Ok(token)
    }

    /// Whose session it is, with what they stand in for; `None` when it has ended.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn staff_of_session(&self, token: &str) -> Result<Option<Staff>, StoreError> {
        let (token, now) = (hash_token(token), now());
        let Some((mut staff, begun, seen)) = self.store.session(&token).await? else {
            return Ok(None);
        };
        if !staff.active || now - begun > ABSOLUTE || now - seen > IDLE {
            return Ok(None);
        }
        if now - seen > SEEN_INTERVAL {
            self.store.touch_session(&token, now).await?;
        }
        for away in self.store.stands_in_for(staff.id).await? {
            if away.role == staff.role {
                staff.grids.extend(away.grids);
                staff.branches.extend(away.branches);
            }
        }
        Ok(Some(staff))
    }

    /// Logs out.
    ///
    /// # Errors
    /// [`StoreError`] when the session is not known to have ended.
    pub async fn log_out(&self, token: &str) -> Result<(), StoreError> {
        self.store.end_session(&hash_token(token)).await
    }

    /// Ends all sessions of someone, on whichever device.
    ///
    /// # Errors
    /// [`StoreError`] when they are not known to have ended.
    pub async fn log_out_everywhere(&self, staff: &Staff) -> Result<(), StoreError> {
        self.store.end_sessions_of(staff.id).await
    }

    /// Changes one's own password; all other sessions end.
    ///
    /// # Errors
    /// [`StaffError::Form`] when the old one is wrong, or the new one unfit.
    pub async fn change_password(
        &self,
        staff: &Staff,
        token: &str,
        (old, new): (&str, &str),
    ) -> Result<(), StaffError> {
        let tried = Attempt::at_own_password(&self.keys, &staff.login);
        if let Err(seconds) = self.count_attempt(&tried).await? {
            let sentence = format!("试的次数太多了，请{}分钟后再试", seconds.div_ceil(60));
            return Err(StaffError::Form(vec![("old", sentence.into())]));
        }
        let found = self.store.staff_by_login(&staff.login).await?;
        let hash_now = found.map(|(_, hash)| hash);
        let mut errors = FieldErrors::new();
        let fits = old.len() <= 4 * password::MAX
            && verify(&self.password_permits, old.to_owned(), hash_now).await?;
        if fits {
            self.clear_attempts(&tried).await?;
        } else {
            errors.push(("old", "原来的密码不对".into()));
        }
        if let Err(sentence) = check_password_rules(new, &staff.login) {
            errors.push(("new", sentence.into()));
        }
        if !errors.is_empty() {
            return Err(StaffError::Form(errors));
        }
        let change = StaffChange::Password {
            hash: hash(&self.password_permits, new.to_owned()).await?,
            keep: Some(hash_token(token)),
        };
        self.store.change_staff(staff.id, &change).await?;
        self.note(staff, "password", &staff.login).await?;
        Ok(())
    }

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
        let new = NewStaff {
            login: form.login.clone(),
            name,
            role,
            grids,
            branches,
            password: hash(&self.password_permits, form.password.clone()).await?,
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
        let (action, change) = match change {
            StaffUpdate::Active(active) => {
                if !active && by.is_some_and(|by| by.id == staff.id) {
                    let sentence = "不能停用自己，请另一位管理员来做".into();
                    return Err(StaffError::Form(vec![("active", sentence)]));
                }
                (if active { "staff enable" } else { "staff disable" }, StaffChange::Active(active))
            }
            StaffUpdate::Password(password) => {
                if let Err(sentence) = check_password_rules(&password, login) {
                    return Err(StaffError::Form(vec![("password", sentence.into())]));
                }
                let hash = hash(&self.password_permits, password).await?;
                ("staff reset-password", StaffChange::Password { hash, keep: None })
            }
            StaffUpdate::Scope { grids, branches } => {
                let (grids, branches) = self.scope_of(staff.role, &grids, &branches)?;
                ("staff scope", StaffChange::Scope { grids, branches })
            }
            StaffUpdate::StandIn(login) => {
                let other = match login.as_str() {
                    "" => None,
                    login => Some(self.stand_in_for(&staff, login).await?),
                };
                ("staff stand-in", StaffChange::StandIn(other))
            }
        };
        self.store.change_staff(staff.id, &change).await?;
        self.note_managed(by, action, login).await
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
        let id = super::base::fresh_code()?;
        let staff = by.map(|by| by.id);
        self.store.note_audit(id.as_str(), staff, action, login, now()).await?;
        Ok(())
    }

    /// All staff, by login.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn staff(&self) -> Result<Vec<Staff>, StoreError> {
        self.store.staff().await
    }

    /// Whether anyone could log in.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn has_staff(&self) -> Result<bool, StoreError> {
        self.store.has_staff().await
    }
}

/// What a manager changes about someone.
#[derive(Clone, Debug)]
pub enum StaffUpdate {
    /// Whether they may log in.
    Active(bool),
    /// A new password.
    Password(String),
    /// What they answer for, by slugs.
    Scope {
        /// A grid worker's grids.
        grids: Vec<String>,
        /// A branch lead's branches.
        branches: Vec<String>,
    },
    /// The login of whoever stands in for them; empty for nobody.
    StandIn(String),
}

fn may_manage(by: Option<&Staff>) -> Result<(), StaffError> {
    match by {
        Some(by) if !by.manages_staff() => Err(StaffError::Forbidden),
        _ => Ok(()),
    }
}
