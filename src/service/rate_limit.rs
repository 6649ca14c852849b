//! Slowing down what costs much, by who does it and where they come from, on all nodes
//! together.
//!
//! What one visitor does counts first and has a low limit. What a place does has a high one:
//! thousands of honest people share the address of a mobile network.

use domain::{time::Millis, visitor::VisitorId};
use store::{Place, StoreError};

use super::{
    base::{Service, now},
    keyed_hash::Keys,
};

/// How long tries are remembered.
const MEMORY: Millis = 15 * 60_000;

/// Tries of one visitor that are free: at one login, at phrases, at WeChat.
const OWN: u32 = 10;
/// Tries at one login from one place, by whomever.
const LOGIN_AT_PLACE: u32 = 100;
/// Tries at any login from one place: an office shares an address.
const LOGINS_AT_PLACE: u32 = 1_000;
/// Tries at phrases from one place; there are 10¹⁶ of them.
const PHRASES_AT_PLACE: u32 = 300;
/// Photos of one visitor: a grid worker's round has four a minute.
const PHOTOS: u32 = 60;
/// Photos from one place.
const PHOTOS_AT_PLACE: u32 = 1_500;
/// Ways over WeChat from one place.
const WECHAT_AT_PLACE: u32 = 1_000;

/// Who tries something.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The visitor, if a cookie was brought.
    pub visitor: Option<&'a VisitorId>,
    /// The address, or network, they come from.
    pub place: &'a str,
    /// The device that the login was used on before.
    pub device: Option<&'a str>,
}

/// A try: what it counts against.
#[derive(Clone, Debug)]
pub struct Try {
    /// The asker's own; forgotten when the try succeeds.
    own: Place,
    /// What they share with others; only this try is taken back.
    shared: Vec<Place>,
}

impl Try {
    fn new(keys: &Keys, own: (String, u32), shared: &[(String, u32)]) -> Self {
        let place = |(text, free): &(String, u32)| Place { hash: keys.hash(text), free: *free };
        Self { own: place(&own), shared: shared.iter().map(place).collect() }
    }

    fn of(keys: &Keys, what: &str, who: &Asker<'_>, own: u32, at_place: u32) -> Self {
        let place = who.place;
        let me = who.visitor.map_or(place, VisitorId::as_str);
        let shared = [(format!("{what} at\n{place}"), at_place)];
        // Where nobody knows it, a place is not everybody's.
        let shared = if place.is_empty() { &[][..] } else { &shared };
        Self::new(keys, (format!("{what} of\n{me}"), own), shared)
    }

    /// A try at a password of `login`, if that can be one. A device on which it was right
    /// before has tries of its own: whatever others do, its owner gets in.
    pub fn at_login(keys: &Keys, login: Option<&str>, who: &Asker<'_>) -> Self {
        let (login, place) = (login.unwrap_or_default(), who.place);
        if let Some(device) = who.device {
            return Self::new(keys, (format!("login on\n{login}\n{device}"), OWN), &[]);
        }
        let me = who.visitor.map_or(place, VisitorId::as_str);
        let shared = [
            (format!("login at\n{login}\n{place}"), LOGIN_AT_PLACE),
            (format!("logins at\n{place}"), LOGINS_AT_PLACE),
        ];
        let shared = if place.is_empty() { &[][..] } else { &shared };
        Self::new(keys, (format!("login of\n{login}\n{me}"), OWN), shared)
    }

    /// A try at one's own password, to change it.
    pub fn at_own_password(keys: &Keys, login: &str) -> Self {
        Self::new(keys, (format!("own password\n{login}"), OWN), &[])
    }

    /// A try at recovery phrases.
    pub fn at_phrases(keys: &Keys, who: &Asker<'_>) -> Self {
        Self::of(keys, "phrase", who, OWN, PHRASES_AT_PLACE)
    }

    /// A photo to be made.
    pub fn at_photos(keys: &Keys, who: &Asker<'_>) -> Self {
        Self::of(keys, "photo", who, PHOTOS, PHOTOS_AT_PLACE)
    }

    /// A question to WeChat, who someone is.
    pub fn at_wechat(keys: &Keys, who: &Asker<'_>) -> Self {
        Self::of(keys, "wechat", who, OWN, WECHAT_AT_PLACE)
    }
}

impl Service {
    /// Counts a try, if it may be made.
    ///
    /// # Errors
    /// Seconds to wait, or [`StoreError`].
    pub(super) async fn try_once(&self, tried: &Try) -> Result<Result<(), u32>, StoreError> {
        if !self.limits {
            return Ok(Ok(()));
        }
        let places: Vec<Place> = [&tried.own].into_iter().chain(&tried.shared).cloned().collect();
        let now = now();
        let since = self.store.try_once(&places, now, now - MEMORY).await?;
        let wait = |since: Millis| u32::try_from((since + MEMORY - now) / 1000).unwrap_or(1).max(1);
        Ok(since.map_or(Ok(()), |since| Err(wait(since))))
    }

    /// Forgets the try that succeeded, and the asker's own before it.
    pub(super) async fn try_succeeded(&self, tried: &Try) -> Result<(), StoreError> {
        if !self.limits {
            return Ok(());
        }
        if !tried.shared.is_empty() {
            self.store.take_back_try(&tried.shared).await?;
        }
        self.store.forget_tries(&tried.own).await
    }

    /// Counts a question to WeChat about who someone is.
    ///
    /// # Errors
    /// Seconds to wait, or [`StoreError`].
    pub async fn may_ask_wechat(&self, who: &Asker<'_>) -> Result<Result<(), u32>, StoreError> {
        self.try_once(&Try::at_wechat(&self.keys, who)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker<'a>(visitor: Option<&'a VisitorId>, place: &'a str) -> Asker<'a> {
        Asker { visitor, place, device: None }
    }

    #[test]
    fn a_neighbour_behind_the_same_address_has_tries_of_their_own() {
        let keys = Keys::of([&b"secret"[..]]);
        let [one, other] = ["a", "b"].map(|c| VisitorId::parse(&c.repeat(22)).unwrap());
        let login = |visitor| Try::at_login(&keys, Some("x"), &asker(visitor, "192.0.2.1"));
        assert_ne!(login(Some(&one)).own, login(Some(&other)).own);
        assert_eq!(login(Some(&one)).shared, login(Some(&other)).shared);
        // Who brings no cookie could be anyone there.
        assert_eq!(login(None).own, login(None).own);
        let device = Asker { device: Some("d"), ..asker(Some(&one), "192.0.2.1") };
        assert!(Try::at_login(&keys, Some("x"), &device).shared.is_empty());
    }
}
