//! Periodic jobs.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, TryFutureExt, future::BoxFuture};
use service::{Service, StoreError};

use super::webhook::Webhooks;
use crate::state::AppState;

/// Interval between runs.
const POLL_INTERVAL: Duration = Duration::from_secs(20);

/// Runs per day.
const ROUNDS_A_DAY: u64 = 86_400 / POLL_INTERVAL.as_secs();

/// Runs all jobs that are due, unless another node holds the lock.
async fn run_jobs(service: &Service, robots: &Webhooks, round: u64) -> Result<(), StoreError> {
    let Some(mut lead) = service.lead().await? else { return Ok(()) };
    let jobs: [(&str, BoxFuture<'_, Result<(), StoreError>>); 13] = [
        ("move limits", service.move_limits().boxed()),
        ("escalate overdue reports", service.escalate_overdue().map_ok(drop).boxed()),
        ("release claims of the gone", service.release_claims_of_the_gone().boxed()),
        ("continue erasures", service.continue_erasures().boxed()),
        ("admit waiting supports", service.admit_waiting_supports().boxed()),
        ("count days", service.count_days().boxed()),
        ("hash numbers of reports", service.make_numbers().boxed()),
        ("sweep photos", service.sweep_photos().map_ok(drop).boxed()),
        ("sweep sessions", service.sweep_sessions().boxed()),
        ("delete old fraud counters", service.delete_old_fraud_counters().boxed()),
        ("truncate the write-ahead log", service.empty_log().boxed()),
        ("run bulk reviews", service.run_bulk_reviews().boxed()),
        ("send notices", robots.send(service).boxed()),
    ];
    let is_hour = round.is_multiple_of(ROUNDS_A_DAY / 24);
    let hourly = is_hour.then(|| -> [(&str, BoxFuture<'_, Result<(), StoreError>>); 1] {
        [("release claims out of sight", service.release_claims_out_of_sight().boxed())]
    });
    let is_time = round % ROUNDS_A_DAY == ROUNDS_A_DAY / 24;
    let daily = is_time.then(|| -> [(&str, BoxFuture<'_, Result<(), StoreError>>); 5] {
        [
            ("clear network hashes", service.clear_network_hashes().boxed()),
            ("forget supporters' networks", service.forget_networks_of_supporters().boxed()),
            ("part merged reports", service.part_forgotten().boxed()),
            ("erase dismissed reports", service.erase_dismissed().boxed()),
            ("erase contacts", service.erase_expired().map_ok(drop).boxed()),
        ]
    });
    let rare = hourly.into_iter().flatten().chain(daily.into_iter().flatten());
    for (name, job) in jobs.into_iter().chain(rare) {
        if !lead.holds().await {
            return Err(StoreError::Unavailable("the lock for periodic jobs was lost".into()));
        }
        // A failing job does not stop the others.
        if let Err(error) = job.await {
            tracing::warn!(%error, job = name, "a periodic job failed; it will be retried");
        }
    }
    Ok(())
}

/// Starts what goes on until the server ends.
pub fn start(state: &AppState, robots: Webhooks) {
    let service = Arc::clone(&state.service);
    let mut ending = state.ending.clone();
    tokio::spawn(async move {
        let mut is_noted = false;
        for round in 0_u64.. {
            if !is_noted {
                is_noted = service.note_calendar().await.is_ok();
            }
            if let Err(error) = run_jobs(&service, &robots, round).await {
                tracing::warn!(%error, "a periodic job failed; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
    });
}
