//! Rate limits for expensive operations, per visitor and per client network, counted in the
//! database so that all nodes share them.
//!
//! The limit of one visitor is low. That of a network is high: thousands of people may share the
//! address of a mobile carrier.

use domain::{client_network::ClientNetwork, time::Millis, visitor::VisitorId};
use store::{Bucket, StoreError};

use crate::{
    base::{Service, now},
    keyed_hash::HashKeys,
};

/// Window in which attempts are counted.
const WINDOW: Millis = 15 * 60_000;

/// Free attempts of one visitor in that time: at one login, at recovery phrases, at WeChat.
const OWN: u32 = 10;
/// Attempts at one login from one client network, by any visitor: a quarter of the next, so that one
/// network never closes a login to others.
const LOGIN_PER_NETWORK: u32 = 50;
/// Attempts at one login from all networks together, on devices that it was never used on. That
/// makes 19,200 a day.
const LOGIN_EVERYWHERE: u32 = 200;
/// Attempts at one login on all devices that know it: who has the password can make devices, but
/// not fill the permits that are kept for them.
const LOGIN_ON_DEVICES: u32 = 60;
/// Attempts at any login from one client network; an office shares an address.
const ALL_LOGINS_PER_NETWORK: u32 = 1_000;
/// Attempts at recovery phrases from one client network; there are 10¹⁶ phrases.
const PHRASES_PER_NETWORK: u32 = 300;
/// Photos per visitor and window; a grid worker takes up to four a minute.
const PHOTOS: u32 = 60;
/// Kilopixels that are decoded for one visitor: 33 photos of 12 megapixels, or all [`PHOTOS`] that the
/// page has made smaller; ten seconds of a processor.
const KILOPIXELS: u32 = 400_000;
/// Those for one client network, some hundred seconds of a processor in a quarter of an hour: 250
/// photos of 12 megapixels, or all [`PHOTOS_PER_NETWORK`] that pages have made smaller.
const KILOPIXELS_PER_NETWORK: u32 = 3_000_000;
/// Photos from one client network.
const PHOTOS_PER_NETWORK: u32 = 1_500;
/// Kilobytes of photos that are stored for one visitor in a day: some 400 photos.
const KILOBYTES_A_DAY: u32 = 200_000;
/// Those for one client network in a day: some 4,000 photos.
const KILOBYTES_PER_NETWORK_A_DAY: u32 = 2_000_000;
/// Reports by one visitor: more than a person finds on a walk.
const REPORTS: u32 = 10;
/// Reports from one client network that are taken at all.
const REPORTS_PER_NETWORK: u32 = 1_000;
/// Reports from one client network until more of them seem to be a burst, which is quarantined.
const REPORTS_BEFORE_BURST: u32 = 30;
/// Additions to reports by one visitor.
const ADDITIONS: u32 = 20;
/// Additions from one client network.
const ADDITIONS_PER_NETWORK: u32 = 1_000;
/// Reports that one visitor says to have met, too.
const SUPPORTS: u32 = 30;
/// Supports from one client network that are taken at all.
const SUPPORTS_PER_NETWORK: u32 = 2_000;
/// Supports from one client network until more of them seem to be a burst.
const SUPPORTS_BEFORE_BURST: u32 = 60;
/// Signatures that one visitor takes back; each leaves its number behind, which nobody gets again.
const WITHDRAWALS: u32 = 5;
/// Objections to messages by one visitor.
const OBJECTIONS: u32 = 5;
/// Objections from one client network: room for a street behind one address.
const OBJECTIONS_PER_NETWORK: u32 = 30;
/// WeChat logins from one client network.
const WECHAT_PER_NETWORK: u32 = 1_000;

/// Who tries something.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// The visitor, if a cookie was brought.
    pub visitor: Option<&'a VisitorId>,
    /// Where they ask from.
    pub client_network: &'a ClientNetwork,
    /// The device that the login was used on before.
    pub device: Option<&'a str>,
}

impl Requester<'_> {
    /// Who brings no cookie could be anyone in their network.
    pub fn key(&self) -> &str {
        self.visitor.map_or(self.client_network.narrow(), VisitorId::as_str)
    }
}

/// An attempt, and the buckets that count it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The requester's own bucket; cleared when the attempt succeeds.
    own: Bucket,
    /// Buckets shared with others; a successful attempt is subtracted from them.
    shared: Vec<Bucket>,
}

impl Attempt {
    fn new(keys: &HashKeys, own: (String, u32), shared: &[(String, u32)]) -> Self {
        let bucket = |(text, free): &(String, u32)| Bucket {
            hash: keys.hash(text),
            free: *free,
            cost: 1,
            since: None,
        };
        Self { own: bucket(&own), shared: shared.iter().map(bucket).collect() }
    }

    fn of(keys: &HashKeys, what: &str, who: &Requester<'_>, own: u32, per_network: u32) -> Self {
        let shared: Vec<_> = who
            .client_network
            .keys()
            .map(|network| (format!("{what} at\n{network}"), per_network))
            .collect();
        Self::new(keys, (format!("{what} of\n{}", who.key()), own), &shared)
    }

    /// A login attempt. A device on which this login succeeded before has buckets that no guess on
    /// other devices counts in, so that others cannot lock its owner out.
    pub fn at_login(keys: &HashKeys, login: Option<&str>, who: &Requester<'_>) -> Self {
        let login = login.unwrap_or_default();
        if let Some(device) = who.device {
            let all = (format!("login on devices\n{login}"), LOGIN_ON_DEVICES);
            return Self::new(keys, (format!("login on\n{login}\n{device}"), OWN), &[all]);
        }
        let shared: Vec<_> = who
            .client_network
            .keys()
            .flat_map(|network| {
                [
                    (format!("login at\n{login}\n{network}"), LOGIN_PER_NETWORK),
                    (format!("logins at\n{network}"), ALL_LOGINS_PER_NETWORK),
                ]
            })
            .chain([(format!("login everywhere\n{login}"), LOGIN_EVERYWHERE)])
            .collect();
        Self::new(keys, (format!("login of\n{login}\n{}", who.key()), OWN), &shared)
    }

    /// An attempt at one's own password, to change it.
    pub fn at_own_password(keys: &HashKeys, login: &str) -> Self {
        Self::new(keys, (format!("own password\n{login}"), OWN), &[])
    }

    /// An attempt at the code of someone whose password is known already, in a session that may do
    /// everything, or at a login.
    pub fn at_code(keys: &HashKeys, login: &str, session: Option<&str>) -> Self {
        let session = session.unwrap_or_default();
        Self::new(keys, (format!("code of\n{login}\n{session}"), OWN), &[])
    }

    /// An attempt at a recovery phrase.
    pub fn at_phrases(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "phrase", who, OWN, PHRASES_PER_NETWORK)
    }

    /// A photo upload, whatever is in it.
    pub fn at_photos(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "photo", who, PHOTOS, PHOTOS_PER_NETWORK)
    }

    /// Decoding a photo that costs so many kilopixels. No photo costs more than a whole budget.
    pub fn at_pixels(keys: &HashKeys, who: &Requester<'_>, kilopixels: u32) -> Self {
        let pixels = |of: &str, free| Bucket {
            hash: keys.hash(&format!("pixels of\n{of}")),
            free,
            cost: kilopixels.min(free),
            since: None,
        };
        let networks = who.client_network.keys();
        Self {
            own: pixels(&format!("visitor {}", who.key()), KILOPIXELS),
            shared: networks.map(|key| pixels(key, KILOPIXELS_PER_NETWORK)).collect(),
        }
    }

    /// Storing photos of so many kilobytes, on a day that ends at `midnight`.
    pub fn at_disk(keys: &HashKeys, who: &Requester<'_>, kilobytes: u32, midnight: Millis) -> Self {
        let bytes = |of: &str, free| Bucket {
            hash: keys.hash(&format!("disk until {midnight} of\n{of}")),
            free,
            cost: kilobytes,
            since: Some(midnight),
        };
        let networks = who.client_network.keys();
        Self {
            own: bytes(&format!("visitor {}", who.key()), KILOBYTES_A_DAY),
            shared: networks.map(|key| bytes(key, KILOBYTES_PER_NETWORK_A_DAY)).collect(),
        }
    }

    /// A report by a visitor.
    pub fn at_reports(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "report", who, REPORTS, REPORTS_PER_NETWORK)
    }

    /// A report from a client network, which is part of a burst if this is refused.
    pub fn in_burst_of_reports(keys: &HashKeys, network: &ClientNetwork) -> Self {
        Self::in_burst(keys, "reports", network, REPORTS_BEFORE_BURST)
    }

    /// An addition to a report, by its reporter.
    pub fn at_additions(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "addition", who, ADDITIONS, ADDITIONS_PER_NETWORK)
    }

    /// A visitor says to have met what somebody else reported.
    pub fn at_supports(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "support", who, SUPPORTS, SUPPORTS_PER_NETWORK)
    }

    /// A support from a client network, which is part of a burst if this is refused.
    pub fn in_burst_of_supports(keys: &HashKeys, network: &ClientNetwork) -> Self {
        Self::in_burst(keys, "supports", network, SUPPORTS_BEFORE_BURST)
    }

    /// A signature is taken back. Of a network nobody else can use up what is free.
    pub fn at_withdrawals(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::new(keys, (format!("withdrawal of\n{}", who.key()), WITHDRAWALS), &[])
    }

    fn in_burst(keys: &HashKeys, of: &str, network: &ClientNetwork, free: u32) -> Self {
        let bucket = |network: &str| (format!("burst of {of}\n{network}"), free);
        let wide = network.keys().skip(1).map(bucket).collect::<Vec<_>>();
        Self::new(keys, bucket(network.narrow()), &wide)
    }

    /// An objection to a message.
    pub fn at_objections(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "objection", who, OBJECTIONS, OBJECTIONS_PER_NETWORK)
    }

    /// A WeChat login.
    pub fn at_wechat(keys: &HashKeys, who: &Requester<'_>) -> Self {
        Self::of(keys, "wechat", who, OWN, WECHAT_PER_NETWORK)
    }
}

impl Service {
    /// Counts an attempt. The inner `Err` is the number of seconds to wait.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub(crate) async fn count_attempt(
        &self,
        tried: &Attempt,
    ) -> Result<Result<(), u32>, StoreError> {
        if !self.limits {
            return Ok(Ok(()));
        }
        let buckets: Vec<Bucket> = [&tried.own].into_iter().chain(&tried.shared).cloned().collect();
        let now = now();
        let since = self.store.try_once(&buckets, now, now - WINDOW).await?;
        let wait = |since: Millis| u32::try_from((since + WINDOW - now) / 1000).unwrap_or(1).max(1);
        Ok(since.map_or(Ok(()), |since| Err(wait(since))))
    }

    /// After an attempt that was not looked at: takes it out of all buckets.
    pub(crate) async fn take_back_attempt(&self, tried: &Attempt) -> Result<(), StoreError> {
        if !self.limits {
            return Ok(());
        }
        let buckets: Vec<Bucket> = [&tried.own].into_iter().chain(&tried.shared).cloned().collect();
        self.store.uncount_attempt(&buckets).await
    }

    /// After a success: clears the requester's bucket and takes this attempt out of the shared ones.
    pub(crate) async fn clear_attempts(&self, tried: &Attempt) -> Result<(), StoreError> {
        if !self.limits {
            return Ok(());
        }
        if !tried.shared.is_empty() {
            self.store.uncount_attempt(&tried.shared).await?;
        }
        self.store.clear_bucket(&tried.own).await
    }

    /// Counts a WeChat login. The inner `Err` is the number of seconds to wait.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn may_ask_wechat(&self, who: &Requester<'_>) -> Result<Result<(), u32>, StoreError> {
        self.count_attempt(&Attempt::at_wechat(&self.keys, who)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> ClientNetwork {
        ClientNetwork::of(address.parse().unwrap())
    }

    #[test]
    fn a_neighbour_behind_the_same_address_has_tries_of_their_own() {
        let keys = HashKeys::of([&b"secret"[..]]);
        let [one, other] = ["a", "b"].map(|c| VisitorId::parse(&c.repeat(22)).unwrap());
        let here = network("192.0.2.1");
        let by = |visitor| Requester { visitor, client_network: &here, device: None };
        let login = |visitor| Attempt::at_login(&keys, Some("x"), &by(visitor));
        assert_ne!(login(Some(&one)).own, login(Some(&other)).own);
        assert_eq!(login(Some(&one)).shared, login(Some(&other)).shared);
        // Who brings no cookie could be anyone there.
        assert_eq!(login(None).own, login(None).own);
        let device = Requester { device: Some("d"), ..by(Some(&one)) };
        let others = login(Some(&one)).shared;
        let known = Attempt::at_login(&keys, Some("x"), &device);
        assert!(known.shared.iter().all(|bucket| !others.contains(bucket)));
    }
}
