//! Concurrency limits: how many operations may run at once in total, per visitor and per client
//! network.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{client_network::ClientNetwork, visitor::VisitorId};

/// A limit on concurrent operations. Cheap to clone; clones share the counters.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    /// In all.
    total: usize,
    /// Limit per visitor. A script gets new visitor cookies for free, so this only stops honest
    /// clients.
    per_visitor: usize,
    /// Limit per client network. Thousands may share one (carrier NAT); it leaves room for other
    /// networks.
    per_network: usize,
    taken: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_key: HashMap<String, usize>,
}

/// One taken unit of the limit; given back on drop.
#[derive(Debug)]
pub struct Permit {
    by: Vec<String>,
    taken: Arc<Mutex<Counts>>,
}

/// Which limit refused a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// The total, or the limit of this client network.
    All,
    /// The limit of this visitor.
    Own,
}

impl ConcurrencyLimit {
    /// `total` permits; `per_visitor` for one visitor; `per_network` for one client network.
    pub fn new(total: usize, per_visitor: usize, per_network: usize) -> Self {
        Self { total, per_visitor, per_network, taken: Arc::default() }
    }

    /// Takes a permit. Without a visitor, their limit is not checked.
    pub fn take(
        &self,
        visitor: Option<&VisitorId>,
        network: &ClientNetwork,
    ) -> Result<Permit, LimitReached> {
        let visitor = visitor.map(|visitor| {
            (format!("visitor {}", visitor.as_str()), self.per_visitor, LimitReached::Own)
        });
        let networks = network
            .keys()
            .map(|key| (format!("network {key}"), self.per_network, LimitReached::All));
        let by: Vec<_> = visitor.into_iter().chain(networks).collect();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.total {
            return Err(LimitReached::All);
        }
        for (key, most, why) in &by {
            if taken.by_key.get(key).is_some_and(|n| n >= most) {
                return Err(*why);
            }
        }
        taken.all += 1;
        for (key, ..) in &by {
            *taken.by_key.entry(key.clone()).or_default() += 1;
        }
        let by = by.into_iter().map(|(key, ..)| key).collect();
        Ok(Permit { by, taken: Arc::clone(&self.taken) })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        for key in &self.by {
            if let Some(n) = taken.by_key.get_mut(key) {
                *n -= 1;
                if *n == 0 {
                    taken.by_key.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_given_back_on_drop() {
        let limit = ConcurrencyLimit::new(4, 2, 3);
        let [one, other] = ["a", "b"].map(|c| VisitorId::parse(&c.repeat(22)).unwrap());
        let [here, next_door, there] = ["2001:db8:0:1::1", "2001:db8:0:2::1", "192.0.2.1"]
            .map(|address| ClientNetwork::of(address.parse().unwrap()));
        let first = limit.take(Some(&one), &here).unwrap();
        let _second = limit.take(Some(&one), &here).unwrap();
        assert_eq!(limit.take(Some(&one), &here).unwrap_err(), LimitReached::Own);
        let _third = limit.take(Some(&other), &next_door).unwrap();
        assert_eq!(limit.take(None, &here).unwrap_err(), LimitReached::All, "all of this /48");
        let elsewhere = limit.take(None, &there).unwrap();
        assert_eq!(limit.take(None, &there).unwrap_err(), LimitReached::All, "in all");
        drop((first, elsewhere));
        drop(limit.take(None, &here).unwrap());
        limit.take(Some(&one), &there).unwrap();
        assert_eq!(limit.taken(), 2);
    }
}
