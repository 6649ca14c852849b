//! Staff: logging in and out, one's own password; `manage` has who works here.

mod codes;
mod error;
mod leaving;
mod manage;
pub mod password;
mod second_factor;
mod session;

use std::sync::Arc;

use domain::{
    report::action::command::FieldErrors,
    staff::{Staff, Stage},
    time::Millis,
};
use store::{SecondFactor, StaffChange, StoreError, StoredSession};

pub use self::{
    error::StaffError,
    leaving::BACK_TO_GRID,
    manage::{StaffForm, StaffUpdate},
    second_factor::{CodeError, FactorSummary, OfferedFactor},
    session::StaffSession,
};
use self::{
    error::login_fits,
    password::{PasswordError, PasswordQueue, check_password_rules},
    session::{fresh_token, hash_token},
};
use super::{
    base::{Service, now},
    limits::{Attempt, Requester},
};

/// A session ends when nothing was asked for so long: four hours.
pub(super) const IDLE: Millis = 4 * 3_600_000;
/// A session ends however busy it is: after twelve hours, more than a shift.
pub(super) const ABSOLUTE: Millis = 12 * 3_600_000;
/// A login that waits for its second factor ends: after a quarter of an hour.
const UNFINISHED: Millis = 15 * 60_000;
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
    /// Too many others log in at this moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PasswordError> for LoginError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy,
            PasswordError::Store(error) => Self::Store(error),
        }
    }
}

/// Someone has logged in.
#[derive(Debug)]
pub struct Login {
    /// What the cookie of the session holds.
    pub token: String,
    /// What the session may do.
    pub stage: Stage,
    /// Whether the rules of today would refuse this password.
    pub weak_password: bool,
}

impl Service {
    /// Logs someone in. What `who` tries counts first against themselves, so that nobody
    /// is locked out by what others do. The session `old` ends. `mark` is what a device has on which
    /// a code was given.
    ///
    /// # Errors
    /// [`LoginError`].
    pub async fn log_in(
        &self,
        login: &str,
        password: &str,
        who: &Requester<'_>,
        (old, mark): (Option<&str>, Option<&str>),
    ) -> Result<Login, LoginError> {
        let login = login.trim().to_ascii_lowercase();
        let known_form = login_fits(&login);
        let tried = Attempt::at_login(&self.keys, known_form.then_some(login.as_str()), who);
        self.count_attempt(&tried).await?.map_err(LoginError::Wait)?;
        let found = if known_form { self.store.staff_by_login(&login).await? } else { None };
        let hash = found.as_ref().map(|(_, hash)| hash.clone());
        // Guesses wait among themselves.
        let queue = match who.device {
            Some(_) => PasswordQueue::Known,
            None => PasswordQueue::Strangers(who.client_network),
        };
        let fits = match password.len() <= 4 * password::MAX {
            true => self.passwords.verify(queue, password.to_owned(), hash).await,
            false => Ok(false),
        };
        if let Err(PasswordError::Busy) = fits {
            // Nobody has looked at this one.
            self.take_back_attempt(&tried).await?;
        }
        let fits = fits?;
        let Some((staff, hash)) = found.filter(|(staff, _)| fits && staff.active) else {
            return Err(LoginError::Wrong);
        };
        self.clear_attempts(&tried).await?;
        if let Some(old) = old {
            self.store.end_session(&hash_token(old)).await?;
        }
        let stage = self.stage_after_password(&staff, &hash, mark).await?;
        let token = fresh_token()?;
        self.store.begin_session(&hash_token(&token), staff.id, stage, None, now()).await?;
        self.note(&staff, "login", &staff.login).await?;
        let weak_password = self.password_fault(password, &staff.login, &staff.name).is_some();
        Ok(Login { token, stage, weak_password })
    }

    /// Why `password` may not be used by this member of staff, if so.
    fn password_fault(&self, password: &str, login: &str, name: &str) -> Option<&'static str> {
        let campaign = &self.campaign;
        let about =
            [name, &campaign.titles.title, &campaign.titles.street, &campaign.footer.organiser];
        check_password_rules(password, login, &about).err()
    }

    /// The session of that token; `None` when it has ended.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn session(&self, token: String) -> Result<Option<StaffSession>, StoreError> {
        let (hash, now) = (hash_token(&token), now());
        let Some(stored) = self.store.session(&hash).await? else { return Ok(None) };
        let StoredSession { mut staff, created_at, seen_at, stage, proven_at } = stored;
        let longest = if stage == Stage::Full { ABSOLUTE } else { UNFINISHED };
        if !staff.active || now - created_at > longest || now - seen_at > IDLE {
            return Ok(None);
        }
        if now - seen_at > SEEN_INTERVAL {
            self.store.touch_session(&hash, now).await?;
        }
        for away in self.stands_in_for(&staff).await? {
            staff.grids.extend(away.grids);
            staff.branches.extend(away.branches);
        }
        Ok(Some(StaffSession { staff: Arc::new(staff), token, stage, proven_at }))
    }

    /// Logs out.
    ///
    /// # Errors
    /// [`StoreError`] when the session is not known to have ended.
    pub async fn log_out(&self, token: &str) -> Result<(), StoreError> {
        self.store.end_session(&hash_token(token)).await
    }

    /// Ends all sessions of someone, on whichever device; no device is trusted any more.
    ///
    /// # Errors
    /// [`StoreError`] when they are not known to have ended.
    pub async fn log_out_everywhere(&self, staff: &Staff) -> Result<(), StoreError> {
        self.store.end_sessions_of(staff.id).await?;
        let distrust = |factor: &mut SecondFactor| {
            factor.confirmed_at = factor.confirmed_at.map(|_| now());
            factor.is_set_up().then_some(())
        };
        self.store.change_second_factor(staff.id, None, distrust).await?;
        Ok(())
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
            && self.passwords.verify(PasswordQueue::Known, old.to_owned(), hash_now).await?;
        if fits {
            self.clear_attempts(&tried).await?;
        } else {
            errors.push(("old", "原来的密码不对".into()));
        }
        if let Some(sentence) = self.password_fault(new, &staff.login, &staff.name) {
            errors.push(("new", sentence.into()));
        }
        if !errors.is_empty() {
            return Err(StaffError::Form(errors));
        }
        let change = StaffChange::Password {
            hash: self.passwords.hash(new.to_owned()).await?,
            keep: Some(hash_token(token)),
        };
        self.store.change_staff(staff.id, &change).await?;
        self.note(staff, "password", &staff.login).await?;
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
