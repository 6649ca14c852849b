//! Turns: how many of something there may be at once, in all and for each visitor.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::visitor::VisitorId;

/// So many at once.
#[derive(Clone, Debug)]
pub struct Turns {
    most: usize,
    each: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: HashMap<VisitorId, usize>,
}

/// A turn that was taken; over when it is dropped.
#[derive(Debug)]
pub struct Turn {
    visitor: Option<VisitorId>,
    taken: Arc<Mutex<Taken>>,
}

/// Why there is no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTurn {
    /// All are taken.
    All,
    /// This visitor has theirs.
    Own,
}

impl Turns {
    /// `most` in all, `each` for one visitor.
    pub fn new(most: usize, each: usize) -> Self {
        Self { most, each, taken: Arc::default() }
    }

    /// A turn, for a visitor if it is known whose.
    pub fn take(&self, visitor: Option<&VisitorId>) -> Result<Turn, NoTurn> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return Err(NoTurn::All);
        }
        if let Some(visitor) = visitor {
            let own = taken.by.entry(visitor.clone()).or_default();
            if *own >= self.each {
                return Err(NoTurn::Own);
            }
            *own += 1;
        }
        taken.all += 1;
        Ok(Turn { visitor: visitor.cloned(), taken: Arc::clone(&self.taken) })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(visitor) = &self.visitor
            && let Some(own) = taken.by.get_mut(visitor)
        {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(visitor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_come_back() {
        let turns = Turns::new(3, 2);
        let [one, other] = ["a", "b"].map(|c| VisitorId::parse(&c.repeat(22)).unwrap());
        let first = turns.take(Some(&one)).unwrap();
        let _second = turns.take(Some(&one)).unwrap();
        assert_eq!(turns.take(Some(&one)).unwrap_err(), NoTurn::Own);
        let _third = turns.take(Some(&other)).unwrap();
        assert_eq!(turns.take(None).unwrap_err(), NoTurn::All);
        drop(first);
        drop(turns.take(None).unwrap());
        turns.take(Some(&one)).unwrap();
        assert_eq!(turns.taken(), 2);
    }
}
