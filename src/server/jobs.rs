//! What the server does by itself, beside answering.

use std::{sync::Arc, time::Duration};

use super::{AppState, webhook::Robots};

/// How often it is looked whether something has to be done.
const BEAT: Duration = Duration::from_secs(20);

/// Starts what goes on until the server ends.
pub fn start(state: &AppState, robots: Robots) {
    let service = Arc::clone(&state.service);
    let mut ending = state.ending.clone();
    tokio::spawn(async move {
        loop {
            let done = [
                service.escalate_overdue().await.map(drop),
                service.sweep_photos().await.map(drop),
                service.sweep_sessions().await,
                robots.send(&service).await,
            ];
            for error in done.into_iter().filter_map(Result::err) {
                tracing::warn!(%error, "a periodic job failed; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                _ = ending.wait_for(|ending| *ending) => break,
            }
        }
    });
}
