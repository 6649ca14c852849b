//! Places that are held for long, and of which there are few: connections, event streams, the
//! memory of forms and photos.
//!
//! As long as there is room, one client network may hold nearly all: thousands share the address of
//! a carrier. When all are taken, whoever holds most makes room for a newcomer that holds less
//! (max-min fairness), and idle places go first.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use domain::{client_network::ClientNetwork, visitor::VisitorId};
use tokio_util::sync::CancellationToken;

/// How many of a network's oldest places are looked at for an idle one.
const OLDEST: usize = 64;

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// In all.
    pub total: usize,
    /// Of one client network (IPv4 address or IPv6 /48), even if nobody else wants them.
    pub per_network: usize,
    /// Of one visitor. A script gets new visitor cookies for free, so this only stops honest
    /// clients.
    pub per_visitor: usize,
}

/// Places. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct FairPlaces(Arc<Mutex<Table>>);

/// A place that is held; given back on drop.
#[derive(Debug)]
pub struct Place {
    places: FairPlaces,
    id: u64,
    idle: Arc<AtomicBool>,
    evicted: CancellationToken,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// The total, or the limit of this client network.
    All,
    /// The limit of this visitor.
    Own,
}

#[derive(Debug)]
struct Table {
    shares: Shares,
    taken: usize,
    evictions: u64,
    next: u64,
    networks: HashMap<Arc<str>, Network>,
    /// All networks by the units that they hold.
    by_weight: BTreeSet<(usize, Arc<str>)>,
    visitors: HashMap<VisitorId, usize>,
    /// The network of each place.
    owners: HashMap<u64, Arc<str>>,
}

#[derive(Debug, Default)]
struct Network {
    units: usize,
    /// The oldest first.
    places: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    units: usize,
    visitor: Option<VisitorId>,
    idle: Arc<AtomicBool>,
    evicted: CancellationToken,
}

impl FairPlaces {
    /// None is taken.
    pub fn new(shares: Shares) -> Self {
        Self(Arc::new(Mutex::new(Table {
            shares,
            taken: 0,
            evictions: 0,
            next: 0,
            networks: HashMap::new(),
            by_weight: BTreeSet::new(),
            visitors: HashMap::new(),
            owners: HashMap::new(),
        })))
    }

    /// Takes a place of `units`. `evicted` is cancelled when it goes to somebody else. Without a
    /// visitor, their limit is not checked.
    ///
    /// # Errors
    /// [`LimitReached`] when there is none, and nobody holds more who could make room.
    pub fn take(
        &self,
        evicted: CancellationToken,
        visitor: Option<&VisitorId>,
        network: &ClientNetwork,
        units: usize,
    ) -> Result<Place, LimitReached> {
        let mut table = self.table();
        if let Some(visitor) = visitor
            && table.visitors.get(visitor).is_some_and(|n| *n >= table.shares.per_visitor)
        {
            return Err(LimitReached::Own);
        }
        if !table.make_room(network.wide(), units) {
            return Err(LimitReached::All);
        }
        if let Some(visitor) = visitor {
            *table.visitors.entry(visitor.clone()).or_default() += 1;
        }
        let id = table.next;
        table.next += 1;
        let idle = Arc::new(AtomicBool::new(false));
        let held = Held {
            units,
            visitor: visitor.cloned(),
            idle: Arc::clone(&idle),
            evicted: evicted.clone(),
        };
        table.put(id, network.wide(), held);
        drop(table);
        Ok(Place { places: self.clone(), id, idle, evicted })
    }

    /// Units that are taken.
    pub fn taken(&self) -> usize {
        self.table().taken
    }

    /// Units there are.
    pub fn total(&self) -> usize {
        self.table().shares.total
    }

    /// Whether more than three quarters are taken.
    pub fn is_scarce(&self) -> bool {
        let table = self.table();
        table.taken > table.shares.total - table.shares.total / 4
    }

    /// Places that were given to others, since the start.
    pub fn evictions(&self) -> u64 {
        self.table().evictions
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Takes more units for the same holder; an error when there are none, or this place is lost.
    pub fn grow(&self, units: usize) -> Result<(), LimitReached> {
        let mut table = self.places.table();
        let network = table.owners.get(&self.id).cloned().ok_or(LimitReached::All)?;
        if !table.make_room(&network, units) {
            return Err(LimitReached::All);
        }
        // It may have been idle, and made room for itself.
        let mut held = table.remove(self.id).ok_or(LimitReached::All)?;
        held.units += units;
        table.put(self.id, &network, held);
        Ok(())
    }

    /// Idle places are given up first.
    pub fn set_idle(&self, idle: bool) {
        self.idle.store(idle, Ordering::Relaxed);
    }

    /// The holder turns out to be of another client network than was thought; the place is lost if
    /// that has its share already.
    pub fn move_to(&self, network: &ClientNetwork) {
        let mut table = self.places.table();
        if table.owners.get(&self.id).is_none_or(|owner| **owner == *network.wide()) {
            return;
        }
        let Some(held) = table.remove(self.id) else { return };
        if table.make_room(network.wide(), held.units) {
            table.put(self.id, network.wide(), held);
        } else {
            table.give_back(held.visitor.as_ref());
            held.evicted.cancel();
        }
    }

    /// Is cancelled when this place, or another of the same token, goes to somebody else.
    pub const fn evicted(&self) -> &CancellationToken {
        &self.evicted
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.places.table();
        if let Some(held) = table.remove(self.id) {
            table.give_back(held.visitor.as_ref());
        }
    }
}

impl Table {
    /// Whether `units` more are free for `network`, after others made room if need be.
    fn make_room(&mut self, network: &str, units: usize) -> bool {
        loop {
            let own = self.networks.get(network).map_or(0, |network| network.units);
            let made = if own + units > self.shares.per_network {
                self.evict(&Arc::from(network), true)
            } else if self.taken + units > self.shares.total {
                let Some((most, heaviest)) = self.by_weight.last().cloned() else { return false };
                let is_own = *heaviest == *network;
                if is_own || most >= own + units {
                    self.evict(&heaviest, is_own || most == own + units)
                } else {
                    false
                }
            } else {
                return true;
            };
            if !made {
                return false;
            }
        }
    }

    /// Takes a place away from `network`; `false` if there is none to take.
    fn evict(&mut self, network: &Arc<str>, only_idle: bool) -> bool {
        let Some(places) = self.networks.get(network).map(|network| &network.places) else {
            return false;
        };
        let is_idle = |(_, held): &(&u64, &Held)| held.idle.load(Ordering::Relaxed);
        let oldest = || places.iter().next().filter(|_| !only_idle);
        let victim = places.iter().take(OLDEST).find(is_idle).or_else(oldest);
        let Some(held) = victim.map(|(id, _)| *id).and_then(|id| self.remove(id)) else {
            return false;
        };
        self.evictions += 1;
        self.give_back(held.visitor.as_ref());
        held.evicted.cancel();
        true
    }

    fn put(&mut self, id: u64, network: &str, held: Held) {
        let key = match self.networks.get_key_value(network) {
            Some((key, _)) => Arc::clone(key),
            None => Arc::from(network),
        };
        self.taken += held.units;
        let of = self.networks.entry(Arc::clone(&key)).or_default();
        self.by_weight.remove(&(of.units, Arc::clone(&key)));
        of.units += held.units;
        of.places.insert(id, held);
        self.by_weight.insert((of.units, Arc::clone(&key)));
        self.owners.insert(id, key);
    }

    fn remove(&mut self, id: u64) -> Option<Held> {
        let key = self.owners.remove(&id)?;
        let of = self.networks.get_mut(&key)?;
        let held = of.places.remove(&id)?;
        self.by_weight.remove(&(of.units, Arc::clone(&key)));
        of.units -= held.units;
        self.taken -= held.units;
        match of.places.is_empty() {
            true => drop(self.networks.remove(&key)),
            false => drop(self.by_weight.insert((of.units, key))),
        }
        Some(held)
    }

    fn give_back(&mut self, visitor: Option<&VisitorId>) {
        let Some(visitor) = visitor else { return };
        if let Some(n) = self.visitors.get_mut(visitor) {
            *n -= 1;
            if *n == 0 {
                self.visitors.remove(visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(address: &str) -> ClientNetwork {
        ClientNetwork::of(address.parse().unwrap())
    }

    fn places(total: usize, per_network: usize) -> FairPlaces {
        FairPlaces::new(Shares { total, per_network, per_visitor: 2 })
    }

    fn take(places: &FairPlaces, network: &ClientNetwork) -> Result<Place, LimitReached> {
        places.take(CancellationToken::new(), None, network, 1)
    }

    #[test]
    fn places_are_given_back_on_drop() {
        let places = places(4, 3);
        let [one, other] = ["a", "b"].map(|c| VisitorId::parse(&c.repeat(22)).unwrap());
        let [here, next_door, there] =
            ["2001:db8:0:1::1", "2001:db8:0:2::1", "192.0.2.1"].map(network);
        let of = |visitor, network| places.take(CancellationToken::new(), visitor, network, 1);
        let first = of(Some(&one), &here).unwrap();
        let _second = of(Some(&one), &here).unwrap();
        assert_eq!(of(Some(&one), &here).unwrap_err(), LimitReached::Own);
        let _third = of(Some(&other), &next_door).unwrap();
        assert_eq!(of(None, &here).unwrap_err(), LimitReached::All, "all of this /48");
        let elsewhere = of(None, &there).unwrap();
        drop((first, elsewhere));
        drop(of(None, &here).unwrap());
        of(Some(&one), &there).unwrap();
        assert_eq!(places.taken(), 2);
        assert_eq!(places.evictions(), 0);
    }

    #[test]
    fn who_holds_most_makes_room() {
        let places = places(10, 10);
        let [greedy, modest, new] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(network);
        let held: Vec<Place> = (0..7).map(|_| take(&places, &greedy).unwrap()).collect();
        let few: Vec<Place> = (0..3).map(|_| take(&places, &modest).unwrap()).collect();
        let _first = take(&places, &new).unwrap();
        assert!(held[0].evicted().is_cancelled(), "the oldest of the heaviest");
        held[3].set_idle(true);
        let _second = take(&places, &new).unwrap();
        assert!(held[3].evicted().is_cancelled(), "but an idle one first");
        assert!(!held[1].evicted().is_cancelled());
        let _third = take(&places, &new).unwrap();
        assert_eq!(take(&places, &new).unwrap_err(), LimitReached::All, "four to four is no less");
        assert!(few.iter().all(|place| !place.evicted().is_cancelled()));
        assert_eq!((places.taken(), places.evictions()), (10, 3));
        drop(held);
        assert_eq!(places.taken(), 6, "what was taken away is not given back twice");
    }

    #[test]
    fn idle_places_give_way_to_their_own_and_to_equals() {
        let places = places(4, 2);
        let [here, there, new] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(network);
        let held: Vec<Place> = (0..2).map(|_| take(&places, &here).unwrap()).collect();
        assert!(take(&places, &here).is_err(), "its share is taken");
        held[1].set_idle(true);
        let _own = take(&places, &here).unwrap();
        assert!(held[1].evicted().is_cancelled() && !held[0].evicted().is_cancelled());
        let others: Vec<Place> = (0..2).map(|_| take(&places, &there).unwrap()).collect();
        let _new = take(&places, &new).unwrap();
        assert!(take(&places, &new).is_err(), "all busy, and none has more than it would have");
        assert_eq!(others.iter().filter(|place| place.evicted().is_cancelled()).count(), 1);
    }

    proptest! {
        #[test]
        fn what_is_taken_is_the_sum_of_what_is_held(
            steps in proptest::collection::vec((0_u8..6, 0_u8..5, 1_usize..4), 1..200),
        ) {
            let places = places(20, 15);
            let networks: Vec<_> = (0..5).map(|n| network(&format!("192.0.2.{n}"))).collect();
            let mut held: Vec<Place> = Vec::new();
            for (what, which, units) in steps {
                let of = &networks[usize::from(which)];
                let old = usize::from(which) % held.len().max(1);
                match what {
                    0 | 1 => held.extend(places.take(CancellationToken::new(), None, of, units)),
                    2 if !held.is_empty() => drop(held.remove(old)),
                    3 if !held.is_empty() => drop(held[old].grow(units)),
                    4 if !held.is_empty() => held[old].move_to(of),
                    5 if !held.is_empty() => held[old].set_idle(true),
                    _ => {}
                }
                let table = places.table();
                let sum: usize = table.networks.values().map(|network| network.units).sum();
                prop_assert_eq!(table.taken, sum);
                prop_assert!(table.taken <= 20);
                prop_assert_eq!(table.by_weight.len(), table.networks.len());
                for (units, key) in &table.by_weight {
                    prop_assert_eq!(table.networks[key].units, *units);
                }
            }
            held.clear();
            prop_assert_eq!(places.taken(), 0);
        }
    }
}
