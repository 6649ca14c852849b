//! Turns: how many of something there may be at once, in all, for each visitor and for each
//! place.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::visitor::VisitorId;

/// So many at once.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    /// In all.
    most: usize,
    /// For one visitor: cookies cost nothing, so it binds the honest only.
    each: usize,
    /// For one place, which thousands may share: it keeps some for the others.
    at_place: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<String, usize>,
}

/// A permit that was given; over when it is dropped.
#[derive(Debug)]
pub struct Permit {
    by: Vec<String>,
    taken: Arc<Mutex<Taken>>,
}

/// Why there is no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// All are taken, or all of this place.
    All,
    /// This visitor has theirs.
    Own,
}

impl ConcurrencyLimit {
    /// `most` in all, `each` for one visitor, `at_place` for one place.
    pub fn new(most: usize, each: usize, at_place: usize) -> Self {
        Self { most, each, at_place, taken: Arc::default() }
    }

    /// A permit, for a visitor and at a place as far as these are known.
    pub fn take(&self, visitor: Option<&VisitorId>, place: &str) -> Result<Permit, LimitReached> {
        let visitor = visitor
            .map(|visitor| (format!("visitor {}", visitor.as_str()), self.each, LimitReached::Own));
        let place = (!place.is_empty())
            .then(|| (format!("place {place}"), self.at_place, LimitReached::All));
        let by: Vec<_> = visitor.into_iter().chain(place).collect();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return Err(LimitReached::All);
        }
        for (key, most, why) in &by {
            if taken.by.get(key).is_some_and(|n| n >= most) {
                return Err(*why);
            }
        }
        taken.all += 1;
        for (key, ..) in &by {
            *taken.by.entry(key.clone()).or_default() += 1;
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
            if let Some(n) = taken.by.get_mut(key) {
                *n -= 1;
                if *n == 0 {
                    taken.by.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_come_back() {
        let limit = ConcurrencyLimit::new(4, 2, 3);
        let [one, other] = ["a", "b"].map(|c| VisitorId::parse(&c.repeat(22)).unwrap());
        let first = limit.take(Some(&one), "here").unwrap();
        let _second = limit.take(Some(&one), "here").unwrap();
        assert_eq!(limit.take(Some(&one), "here").unwrap_err(), LimitReached::Own);
        let _third = limit.take(Some(&other), "here").unwrap();
        assert_eq!(limit.take(None, "here").unwrap_err(), LimitReached::All, "all of this place");
        let elsewhere = limit.take(None, "there").unwrap();
        assert_eq!(limit.take(None, "").unwrap_err(), LimitReached::All);
        drop((first, elsewhere));
        drop(limit.take(None, "here").unwrap());
        limit.take(Some(&one), "").unwrap();
        assert_eq!(limit.taken(), 2);
    }
}
