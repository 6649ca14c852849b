//! The second factor of staff: six digits from an app on their phone (TOTP, RFC 6238), or one of ten
//! one-time codes. Managers must have one.

use domain::{
    staff::{Role, Staff, Stage},
    time::Millis,
};
use store::{SecondFactor, StoreError};
use totp_rs::Secret;

use super::{
    codes::{SentCode, accepted_step, totp},
    error::StaffError,
    session::{StaffSession, fresh_token, hash_token},
};
use crate::{
    base::{Service, audit_entry, fresh_code, now},
    limits::Attempt,
};

/// For how long a code given in a session counts: ten minutes.
const PROVEN_FOR: Millis = 10 * 60_000;

/// How long a manager may work without a second factor after their account was made: three days, so
/// that who is on the street with a borrowed phone can set it up at the office.
const GRACE: Millis = 3 * 86_400_000;

/// How long a secret that was shown waits for its first code.
const OFFERED_FOR: Millis = 3_600_000;

/// One-time codes that are handed out at once.
const CODES: usize = 10;

/// Bytes of a secret: as many as HMAC-SHA-1 has (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;

/// Why a code was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It is wrong, too old, or was used already.
    #[error("the code is wrong")]
    Wrong,
    /// Too many attempts; seconds to wait.
    #[error("too many tries")]
    Wait(u32),
    /// One must be given first, for what is done can't be undone.
    #[error("a code is asked for")]
    Missing,
    /// They must have a second factor of their own first.
    #[error("a second factor must be set up first")]
    NotSetUp,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A secret to be put on a phone.
#[derive(Clone, Debug)]
pub struct OfferedFactor {
    /// In base32, to be typed.
    pub secret: String,
    /// `otpauth://…`, to be scanned.
    pub url: String,
}

/// What a person's account page says of their second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorSummary {
    /// Whether codes are asked for.
    pub is_set_up: bool,
    /// One-time codes that are left.
    pub codes_left: usize,
    /// When a manager must have one, if they have none: milliseconds since 1970.
    pub due_at: Option<Millis>,
}

impl Service {
    /// What a session may do after the right password; `mark` is what the device brought.
    pub(super) async fn stage_after_password(
        &self,
        staff: &Staff,
        password_hash: &str,
        mark: Option<&str>,
    ) -> Result<Stage, StoreError> {
        let factor = self.store.second_factor(staff.id).await?;
        if factor.is_set_up() {
            let trusted = mark.is_some_and(|mark| mark == self.device_mark(&factor, password_hash));
            return Ok(if trusted { Stage::Full } else { Stage::Code });
        }
        let due = self.factor_due_at(staff).await?;
        Ok(if due.is_some_and(|due| due <= now()) { Stage::SetUp } else { Stage::Full })
    }

    /// What a device keeps on which a code was given. A new phone or password makes it worth
    /// nothing.
    fn device_mark(&self, factor: &SecondFactor, password_hash: &str) -> String {
        let confirmed = factor.confirmed_at.unwrap_or_default();
        let text = format!("device\n{}\n{confirmed}\n{password_hash}", factor.staff);
        self.keys.hash(&text).chars().filter(char::is_ascii_alphanumeric).take(12).collect()
    }

    /// When this member of staff must have a second factor; `None` for who need not.
    async fn factor_due_at(&self, staff: &Staff) -> Result<Option<Millis>, StoreError> {
        if staff.role != Role::Manager {
            return Ok(None);
        }
        Ok(self.store.staff_since(staff.id).await?.map(|since| since + GRACE))
    }

    /// What is to be said of the second factor of `staff`.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn factor_summary(&self, staff: &Staff) -> Result<FactorSummary, StoreError> {
        let factor = self.store.second_factor(staff.id).await?;
        let is_set_up = factor.is_set_up();
        let due_at = if is_set_up { None } else { self.factor_due_at(staff).await? };
        Ok(FactorSummary { is_set_up, codes_left: factor.codes_left().len(), due_at })
    }

    /// Whether a code must be given before a deed that can't be undone.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn needs_code(&self, session: &StaffSession) -> Result<bool, StoreError> {
        if session.proven_at.is_some_and(|at| now() - at < PROVEN_FOR) {
            return Ok(false);
        }
        Ok(self.store.second_factor(session.staff.id).await?.is_set_up())
    }

    /// Whether `session` may change who works here: a code was given lately. Who has no second factor
    /// may only as long as no manager has one, or a password alone would take those of all others
    /// away.
    ///
    /// # Errors
    /// [`CodeError::Missing`] or [`CodeError::NotSetUp`].
    pub async fn may_change_staff(&self, session: &StaffSession) -> Result<(), CodeError> {
        if self.needs_code(session).await? {
            return Err(CodeError::Missing);
        }
        let own = self.store.second_factor(session.staff.id).await?;
        match !own.is_set_up() && self.store.has_factors().await? {
            true => Err(CodeError::NotSetUp),
            false => Ok(()),
        }
    }

    /// Takes a code within a session; for ten minutes none is asked for again.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn prove_session(&self, session: &StaffSession, code: &str) -> Result<(), CodeError> {
        self.take_code(session, code).await?;
        Ok(self.store.prove_session(&hash_token(&session.token), now()).await?)
    }

    /// Ends a login by its code: the new token, and the mark of the device.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn finish_login(
        &self,
        session: &StaffSession,
        code: &str,
    ) -> Result<(String, String), CodeError> {
        self.take_code(session, code).await?;
        let token = self.complete_session(session).await?;
        Ok((token, self.mark_of(&session.staff).await?))
    }

    /// The mark of a device on which this member of staff just gave a code.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn mark_of(&self, staff: &Staff) -> Result<String, StoreError> {
        let factor = self.store.second_factor(staff.id).await?;
        let found = self.store.staff_by_login(&staff.login).await?;
        let hash = found.map(|(_, hash)| hash).unwrap_or_default();
        Ok(self.device_mark(&factor, &hash))
    }

    /// A full session in place of one that was waiting; a code was just given.
    async fn complete_session(&self, session: &StaffSession) -> Result<String, CodeError> {
        let token = fresh_token()?;
        let old = hash_token(&session.token);
        match self.store.complete_session(&old, &hash_token(&token), now()).await? {
            true => Ok(token),
            false => Err(CodeError::Wrong),
        }
    }

    /// Takes a code of the app, or a one-time code; none is good twice.
    async fn take_code(&self, session: &StaffSession, code: &str) -> Result<(), CodeError> {
        let staff = &*session.staff;
        let tried = self.attempt_at_code(session);
        self.count_attempt(&tried).await?.map_err(CodeError::Wait)?;
        let sent = SentCode::of(code);
        let hashes = match &sent {
            SentCode::OneTime(letters) => self.code_hashes(staff, letters),
            SentCode::Totp(_) => Vec::new(),
        };
        let taken = self.store.change_second_factor(staff.id, None, |factor| match &sent {
            SentCode::Totp(digits) => {
                let step = accepted_step(factor.secret.as_deref()?, digits, factor.last_step)?;
                factor.last_step = step;
                Some(())
            }
            SentCode::OneTime(_) => {
                let mut left = factor.codes_left();
                let at = left.iter().position(|known| hashes.contains(known))?;
                left.remove(at);
                factor.leave_codes(left);
                Some(())
            }
        });
        let action = match (taken.await?, &sent) {
            (None, _) => "factor refused",
            (Some(()), SentCode::OneTime(_)) => "factor code used",
            (Some(()), SentCode::Totp(_)) => {
                self.clear_attempts(&tried).await?;
                return Ok(());
            }
        };
        self.note(staff, action, &staff.login).await?;
        if action == "factor refused" {
            return Err(CodeError::Wrong);
        }
        self.clear_attempts(&tried).await?;
        Ok(())
    }

    /// Who is logged in already has tries of their own: nobody who only knows the password uses them
    /// up.
    fn attempt_at_code(&self, session: &StaffSession) -> Attempt {
        let own = (session.stage == Stage::Full).then(|| hash_token(&session.token));
        Attempt::at_code(&self.keys, &session.staff.login, own.as_deref())
    }

    fn code_hashes(&self, staff: &Staff, letters: &str) -> Vec<String> {
        let text = format!("factor code\n{}\n{letters}", staff.id);
        let newest = self.keys.hash(&text);
        std::iter::once(newest).chain(self.keys.older_hashes(&text)).collect()
    }

    /// The secret to be put on the phone: the same for an hour, however often the page is loaded, but
    /// for this session alone, so that nobody else has seen it.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn offered_factor(
        &self,
        session: &StaffSession,
    ) -> Result<OfferedFactor, StoreError> {
        let (staff, own) = (&*session.staff, hash_token(&session.token));
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
        let fresh = Secret::new_stack(bytes).to_base32();
        let now = now();
        let offered = self.store.change_second_factor(staff.id, None, |factor| {
            if !is_offered(factor, &own, now) {
                (factor.next_secret, factor.next_at) = (Some(fresh), Some(now));
                factor.next_session = Some(own);
            }
            factor.next_secret.clone()
        });
        let secret = offered.await?.unwrap_or_default();
        // A colon separates issuer and account.
        let issuer = self.campaign.titles.title.replace(':', " ");
        let totp = totp(&secret, Some(issuer), &staff.login);
        let url = totp.and_then(|totp| totp.to_url().ok()).unwrap_or_default();
        Ok(OfferedFactor { secret, url })
    }

    /// Sets up the secret that was offered, by its first code. Returns ten one-time codes, and a new
    /// token where the session could do nothing but this.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn set_up_factor(
        &self,
        session: &StaffSession,
        code: &str,
    ) -> Result<(Vec<String>, Option<String>), CodeError> {
        let (staff, own) = (&*session.staff, hash_token(&session.token));
        let tried = self.attempt_at_code(session);
        self.count_attempt(&tried).await?.map_err(CodeError::Wait)?;
        let SentCode::Totp(digits) = SentCode::of(code) else { return Err(CodeError::Wrong) };
        let (codes, hashes) = self.fresh_codes(staff)?;
        let (id, now) = (fresh_code()?, now());
        let note = audit_entry(&id, staff, "factor set-up", &staff.login);
        let set_up = self.store.change_second_factor(staff.id, Some((note, now)), |factor| {
            let secret = factor.next_secret.clone().filter(|_| is_offered(factor, &own, now))?;
            factor.last_step = accepted_step(&secret, &digits, 0)?;
            (factor.secret, factor.next_secret) = (Some(secret), None);
            factor.confirmed_at = Some(now);
            factor.leave_codes(hashes);
            Some(())
        });
        set_up.await?.ok_or(CodeError::Wrong)?;
        self.clear_attempts(&tried).await?;
        // Whoever else is logged in by this name has given no code.
        self.store.end_other_sessions(staff.id, &own).await?;
        let token = match session.stage {
            Stage::Full => {
                self.store.prove_session(&hash_token(&session.token), now).await?;
                None
            }
            _ => Some(self.complete_session(session).await?),
        };
        Ok((codes, token))
    }

    /// Ten new one-time codes in place of those that are left.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn new_codes(&self, staff: &Staff) -> Result<Vec<String>, StoreError> {
        let (codes, hashes) = self.fresh_codes(staff)?;
        let id = fresh_code()?;
        let note = audit_entry(&id, staff, "factor codes", &staff.login);
        let changed = self.store.change_second_factor(staff.id, Some((note, now())), |factor| {
            factor.leave_codes(hashes);
            factor.is_set_up().then_some(())
        });
        Ok(changed.await?.map(|()| codes).unwrap_or_default())
    }

    /// Takes one's own second factor away.
    ///
    /// # Errors
    /// [`StaffError::Forbidden`] for managers, who must have one.
    pub async fn remove_factor(&self, staff: &Staff) -> Result<(), StaffError> {
        if staff.role == Role::Manager {
            return Err(StaffError::Forbidden);
        }
        let id = fresh_code()?;
        let note = audit_entry(&id, staff, "factor remove", &staff.login);
        let removed = self.store.change_second_factor(staff.id, Some((note, now())), |factor| {
            (factor.secret, factor.confirmed_at) = (None, None);
            factor.leave_codes(Vec::new());
            Some(())
        });
        removed.await?;
        Ok(())
    }

    /// One-time codes, and their hashes as they are stored. Ten digits, which every keyboard has.
    fn fresh_codes(&self, staff: &Staff) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let fresh = || {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).map_err(|error| StoreError::Setup(error.to_string()))?;
            let digits = format!("{:010}", u64::from_be_bytes(bytes) % 10_000_000_000);
            Ok::<_, StoreError>(format!("{}-{}", &digits[..5], &digits[5..]))
        };
        let codes: Vec<String> = (0..CODES).map(|_| fresh()).collect::<Result<_, _>>()?;
        let hash = |code: &String| self.code_hashes(staff, &code.replace('-', "")).swap_remove(0);
        let hashes = codes.iter().map(hash).collect();
        Ok((codes, hashes))
    }
}

/// Whether a secret was offered in the session of that token's hash lately.
fn is_offered(factor: &SecondFactor, session: &str, now: Millis) -> bool {
    let lately = factor.next_at.is_some_and(|at| now - at <= OFFERED_FOR);
    lately && factor.next_secret.is_some() && factor.next_session.as_deref() == Some(session)
}
