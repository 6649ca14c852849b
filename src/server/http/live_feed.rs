//! Live counts: serialised once per revision, and sent at most four times a second.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::watch;

use service::Service;

/// Shortest time between two events.
const TICK: Duration = Duration::from_millis(250);

/// Additional interval per open stream, so that sending does not use up the CPU. With ten thousand
/// streams there are still four events a second.
const TICK_EACH: Duration = Duration::from_micros(25);

/// The counts of one revision, written down.
#[derive(Debug, Default)]
pub struct Frame {
    /// Which.
    pub revision: u64,
    /// For `/counts.json`.
    pub json: Bytes,
    /// For `/live`.
    pub event: Bytes,
}

/// The counts as they are sent.
#[derive(Debug)]
pub struct LiveFeed {
    service: Arc<Service>,
    newest: Mutex<Arc<Frame>>,
    /// Every revision that is sent.
    pub ticks: watch::Receiver<Arc<Frame>>,
}

impl LiveFeed {
    /// Starts to send.
    pub fn start(service: &Arc<Service>, mut ending: watch::Receiver<bool>) -> Arc<Self> {
        let first = Arc::new(frame(service));
        let (send, ticks) = watch::channel(Arc::clone(&first));
        let live = Self { service: Arc::clone(service), newest: Mutex::new(first), ticks };
        let live = Arc::new(live);
        let source = Arc::clone(&live);
        let mut counts = service.follow_counts();
        tokio::spawn(async move {
            let pump = async {
                while counts.changed().await.is_ok() {
                    send.send_replace(source.newest());
                    tokio::time::sleep(tick(send.receiver_count())).await;
                }
            };
            tokio::select! {
                () = pump => {}
                _ = ending.wait_for(|ending| *ending) => {}
            }
        });
        live
    }

    /// The newest counts, written down if nobody has done so yet.
    pub fn newest(&self) -> Arc<Frame> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.revision != self.service.counts().revision {
            *newest = Arc::new(frame(&self.service));
        }
        Arc::clone(&newest)
    }
}

/// The time between two events to so many streams.
fn tick(streams: usize) -> Duration {
    TICK.max(TICK_EACH.saturating_mul(u32::try_from(streams).unwrap_or(u32::MAX)))
}

fn frame(service: &Service) -> Frame {
    let counts = service.counts();
    let json = serde_json::to_string(&*counts).unwrap_or_default();
    let revision = counts.revision;
    let event = format!("event: counts\nid: {revision}\ndata: {json}\n\n");
    Frame { revision, json: json.into(), event: event.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn very_many_streams_have_fewer_events() {
        assert_eq!(tick(0), TICK);
        assert_eq!(tick(10_000), TICK);
        assert_eq!(tick(100_000), TICK * 10);
    }
}
