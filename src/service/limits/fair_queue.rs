//! Turns at work that few can do at once: fair between client networks, and within one between
//! people.
//!
//! Whoever waits, waits behind their own: however many of one network ask, somebody of another is
//! next. A network that has too many waiting is told at once, so its queue takes nobody's memory.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::client_network::ClientNetwork;
use tokio::{sync::oneshot, time::timeout};

/// How many may work and wait.
#[derive(Clone, Copy, Debug)]
pub struct FairLimits {
    /// Turns at once, of all.
    pub turns: usize,
    /// Requests of one network that wait.
    pub waiting_per_network: usize,
    /// Requests of one person that wait.
    pub waiting_per_person: usize,
    /// How long one waits.
    pub patience: Duration,
}

/// A queue for turns. Cheap to clone; clones share the turns.
#[derive(Clone, Debug)]
pub struct FairQueue {
    limits: FairLimits,
    state: Arc<Mutex<State>>,
}

/// The right to work; the next one has it when it is dropped.
#[derive(Debug)]
pub struct Turn(FairQueue);

/// No turn could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

type Waiting = VecDeque<oneshot::Sender<Turn>>;

#[derive(Debug, Default)]
struct State {
    working: usize,
    /// Networks with somebody waiting, the next one first; each is in `lanes`.
    order: VecDeque<Arc<str>>,
    lanes: HashMap<Arc<str>, Lane>,
}

/// Who waits of one network.
#[derive(Debug, Default)]
struct Lane {
    /// People with a request waiting, the next one first; each is in `people`.
    order: VecDeque<Arc<str>>,
    people: HashMap<Arc<str>, Waiting>,
    waiting: usize,
}

impl Lane {
    fn take(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(person) = self.order.pop_front() {
            let Some(waiting) = self.people.get_mut(&person) else { continue };
            let next = waiting.pop_front();
            match waiting.is_empty() {
                true => drop(self.people.remove(&person)),
                false => self.order.push_back(person),
            }
            if next.is_some() {
                self.waiting -= 1;
                return next;
            }
        }
        None
    }

    /// Forgets requests that have been given up.
    fn tidy(&mut self) {
        self.people.values_mut().for_each(|waiting| waiting.retain(|one| !one.is_closed()));
        self.waiting = self.people.values().map(VecDeque::len).sum();
    }
}

impl State {
    /// Who is next: of the network that has waited longest since its last turn.
    fn take(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(network) = self.order.pop_front() {
            let Some(lane) = self.lanes.get_mut(&network) else { continue };
            let next = lane.take();
            match lane.waiting {
                0 => drop(self.lanes.remove(&network)),
                _ => self.order.push_back(network),
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl FairQueue {
    /// A queue with all its turns.
    #[must_use]
    pub fn new(limits: FairLimits) -> Self {
        Self { limits, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. `person` is the visitor or member of staff, or else the network.
    ///
    /// # Errors
    /// [`Busy`] when too many of this network or person wait already, or no turn came in time.
    pub async fn turn(&self, network: &ClientNetwork, person: &str) -> Result<Turn, Busy> {
        let receiver = {
            let mut state = self.state();
            if state.working < self.limits.turns {
                state.working += 1;
                return Ok(Turn(self.clone()));
            }
            let network: Arc<str> = network.wide().into();
            let person: Arc<str> = person.into();
            let lane = state.lanes.entry(Arc::clone(&network)).or_default();
            lane.tidy();
            let of_person = lane.people.get(&person).map_or(0, VecDeque::len);
            if lane.waiting >= self.limits.waiting_per_network
                || of_person >= self.limits.waiting_per_person
            {
                return Err(Busy);
            }
            let (sender, receiver) = oneshot::channel();
            let first_of_lane = lane.order.is_empty();
            if !lane.people.contains_key(&person) {
                lane.order.push_back(Arc::clone(&person));
            }
            lane.people.entry(person).or_default().push_back(sender);
            lane.waiting += 1;
            if first_of_lane {
                state.order.push_back(network);
            }
            receiver
        };
        match timeout(self.limits.patience, receiver).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Busy),
        }
    }

    /// How many wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state().lanes.values().map(|lane| lane.waiting).sum()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.state();
            let next = loop {
                match state.take() {
                    Some(next) if next.is_closed() => {}
                    next => break next,
                }
            };
            if next.is_none() {
                state.working -= 1;
            }
            next
        };
        // Outside of the lock: if nobody receives it, this turn's copy is dropped in its place.
        if let Some(next) = next {
            next.send(Self(self.0.clone())).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use tokio::task::yield_now;

    use super::*;

    const LIMITS: FairLimits = FairLimits {
        turns: 1,
        waiting_per_network: 1_000,
        waiting_per_person: 600,
        patience: Duration::from_secs(60),
    };

    fn network(address: &str) -> ClientNetwork {
        ClientNetwork::of(address.parse().unwrap())
    }

    /// Who had turns, in order, of those who ask in this order while the only turn is taken.
    async fn served(asking: &[(&str, &str)]) -> Vec<String> {
        let queue = FairQueue::new(LIMITS);
        let first = queue.turn(&network("198.51.100.1"), "somebody").await.unwrap();
        let order = Arc::new(StdMutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (address, person) in asking {
            let (queue, order) = (queue.clone(), Arc::clone(&order));
            let (network, person) = (network(address), (*person).to_owned());
            tasks.push(tokio::spawn(async move {
                let _turn = queue.turn(&network, &person).await.unwrap();
                order.lock().unwrap().push(person);
            }));
            yield_now().await;
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!((queue.waiting(), queue.state().working), (0, 0));
        assert!(queue.state().lanes.is_empty() && queue.state().order.is_empty());
        Arc::try_unwrap(order).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn a_network_that_floods_waits_behind_itself() {
        // A script has as many visitors as it wants.
        let visitors: Vec<String> = (0..500).map(|n| format!("flood {n}")).collect();
        let mut asking: Vec<_> = visitors.iter().map(|one| ("203.0.113.9", one.as_str())).collect();
        asking.push(("198.51.100.7", "honest"));
        let served = served(&asking).await;
        assert_eq!(served.len(), 501);
        assert!(served.iter().position(|person| person == "honest").unwrap() <= 1);
    }

    #[tokio::test]
    async fn people_of_one_network_take_turns() {
        let carrier = "203.0.113.9";
        let asking = [(carrier, "a"), (carrier, "a"), (carrier, "a"), (carrier, "b")];
        assert_eq!(served(&asking).await, ["a", "b", "a", "a"]);
    }

    #[tokio::test]
    async fn a_turn_that_nobody_waits_for_any_more_goes_to_the_next() {
        let queue = FairQueue::new(LIMITS);
        let here = network("203.0.113.9");
        let first = queue.turn(&here, "a").await.unwrap();
        let gone = tokio::spawn({
            let (queue, here) = (queue.clone(), here.clone());
            async move { queue.turn(&here, "gone").await.map(drop) }
        });
        yield_now().await;
        gone.abort();
        gone.await.unwrap_err();
        let next = tokio::spawn(async move { queue.turn(&here, "b").await.map(drop) });
        yield_now().await;
        drop(first);
        assert_eq!(next.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn waiting_is_bounded() {
        let limits = FairLimits {
            waiting_per_network: 3,
            waiting_per_person: 2,
            patience: Duration::from_millis(20),
            ..LIMITS
        };
        let queue = FairQueue::new(limits);
        let here = network("2001:db8:7:1::1");
        let _first = queue.turn(&here, "a").await.unwrap();
        let ask = |person: &'static str, address| {
            let (queue, network) = (queue.clone(), network(address));
            tokio::spawn(async move { queue.turn(&network, person).await.map(drop) })
        };
        let waiting = [ask("a", "2001:db8:7:1::1"), ask("a", "2001:db8:7:2::1")];
        yield_now().await;
        assert_eq!(queue.turn(&here, "a").await.unwrap_err(), Busy, "two of one person");
        let third = ask("b", "2001:db8:7:3::1");
        yield_now().await;
        assert_eq!(queue.turn(&here, "c").await.unwrap_err(), Busy, "three of one /48");
        for late in waiting.into_iter().chain([third]) {
            assert_eq!(late.await.unwrap(), Err(Busy), "no turn came in time");
        }
        // Those who have gone do not count.
        let patient = ask("c", "2001:db8:7:1::1");
        yield_now().await;
        assert_eq!(queue.waiting(), 1);
        assert_eq!(patient.await.unwrap(), Err(Busy));
    }
}
