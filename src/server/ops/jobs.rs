//! What the server does by itself, beside answering.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, TryFutureExt, future::BoxFuture};
use service::{Service, StoreError};

use super::webhook::Robots;
use crate::state::AppState;

/// How often it is looked whether something has to be done.
const BEAT: Duration = Duration::from_secs(20);

/// Beats of a day.
const ROUNDS_A_DAY: u64 = 86_400 / BEAT.as_secs();

/// Does what is to be done, if no other node is about to.
async fn once(service: &Service, robots: &Robots, round: u64) -> Result<(), StoreError> {
    let Some(mut lead) = service.lead().await? else { return Ok(()) };
    let jobs: [(&str, BoxFuture<'_, Result<(), StoreError>>); 7] = [
        ("escalate overdue reports", service.escalate_overdue().map_ok(drop).boxed()),
        ("sweep photos", service.sweep_photos().map_ok(drop).boxed()),
        ("sweep sessions", service.sweep_sessions().boxed()),
        ("sweep doubts", service.sweep_doubts().boxed()),
        ("empty the log", service.empty_log().boxed()),
        ("carry out judgements", service.carry_out_judgements().boxed()),
        ("send notices", robots.send(service).boxed()),
    ];
    let is_time = round % ROUNDS_A_DAY == ROUNDS_A_DAY / 24;
    let daily = is_time.then(|| -> [(&str, BoxFuture<'_, Result<(), StoreError>>); 2] {
        [
            ("forget places", service.forget_places().boxed()),
            ("erase contacts", service.erase_expired().map_ok(drop).boxed()),
        ]
    });
    for (name, job) in jobs.into_iter().chain(daily.into_iter().flatten()) {
        if !lead.holds().await {
            return Err(StoreError::Unavailable("the right to do the jobs was lost".into()));
        }
        // One that fails keeps none of the others from being done.
        if let Err(error) = job.await {
            tracing::warn!(%error, job = name, "a periodic job failed; it is tried again");
        }
    }
    Ok(())
}

/// Starts what goes on until the server ends.
pub fn start(state: &AppState, robots: Robots) {
    let service = Arc::clone(&state.service);
    let mut ending = state.ending.clone();
    tokio::spawn(async move {
        for round in 0_u64.. {
            if let Err(error) = once(&service, &robots, round).await {
                tracing::warn!(%error, "a periodic job failed; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
    });
}
