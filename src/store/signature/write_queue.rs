//! Group commit for signatures: one task drains the queue, writes everything in it in one
//! transaction, and answers only after the commit.
//!
//! A batch is split into waves, so that a wave has at most one request per visitor and can be
//! written by set-based statements. If a visitor sends the same request twice in a row, the second
//! one gets the first one's result.

use std::{
    collections::HashMap,
    mem::{self, Discriminant},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use domain::visitor::VisitorId;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use super::{
    row::{RuleHit, SignOutcome, SignRequest},
    write,
};
use crate::{
    counts::{publish::Publisher, write::CountWrite},
    error::StoreError,
    sql::{
        connection::{Db, in_time},
        statement::Sql,
    },
};

/// Most requests in one commit: bounds the latency of the first of them.
const BATCH: usize = 512;

/// From this batch size on, the writer is busy and waits for more requests to share a commit.
const BUSY_BATCH: usize = 64;

/// How long a busy writer collects requests before the next commit; less than a commit takes.
const COLLECT_DELAY: Duration = Duration::from_millis(1);

/// Capacity of the queue; when it is full, callers wait (backpressure).
const QUEUE_CAPACITY: usize = 4096;

enum WriteRequest {
    Sign(Box<SignRequest>),
    Withdraw(VisitorId),
    Prove(Box<(VisitorId, RuleHit)>),
}

#[derive(Clone, Copy)]
enum Answer {
    Signed(SignOutcome),
    Withdrawn(bool),
    Proven(bool),
}

struct Job {
    request: WriteRequest,
    answer: oneshot::Sender<Result<Answer, StoreError>>,
}

/// Metrics of the writer.
#[derive(Clone, Debug)]
pub struct WriterMetrics {
    /// Requests per commit.
    pub size: Histogram,
    /// How long a commit took, in seconds.
    pub seconds: Histogram,
}

impl WriterMetrics {
    fn new() -> Self {
        Self {
            size: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
        }
    }
}

/// Handle of the writer task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Writer {
    measures: WriterMetrics,
    queue: Arc<Mutex<Option<mpsc::Sender<Job>>>>,
    responder: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// The results of a batch, each with the channel of its caller.
type Answers = Vec<(oneshot::Sender<Result<Answer, StoreError>>, Result<Answer, StoreError>)>;

impl Writer {
    /// Starts the writer. It has its own thread and runtime: every signature waits for it, so it
    /// must not be delayed by request handlers.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when the system gives no thread.
    pub fn start(db: &Db, publisher: Publisher) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE_CAPACITY);
        let (answers, answered) = mpsc::unbounded_channel();
        let fault = |error: std::io::Error| StoreError::Setup(format!("the writer: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(fault)?;
        let db = db.clone();
        let measures = WriterMetrics::new();
        let measured = measures.clone();
        let work = move || {
            runtime.block_on(async {
                let db = db.for_writer();
                drain(&db, &publisher, jobs, answers, &measured).await;
                if db.is_shared() {
                    db.close().await;
                }
            });
        };
        std::thread::Builder::new().name("writer".into()).spawn(work).map_err(fault)?;
        let answering = Arc::new(Mutex::new(Some(tokio::spawn(respond(answered)))));
        Ok(Self { measures, queue: Arc::new(Mutex::new(Some(queue))), responder: answering })
    }

    /// What it measures of itself.
    pub const fn measures(&self) -> &WriterMetrics {
        &self.measures
    }

    /// Requests in the queue.
    pub fn waiting(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Whether the writer stopped unexpectedly.
    pub fn has_stopped(&self) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().is_some_and(mpsc::Sender::is_closed)
    }

    /// Whether the writer still accepts requests.
    pub fn is_alive(&self) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().is_some_and(|queue| !queue.is_closed())
    }

    /// As [`crate::base::Store::sign`].
    pub async fn sign(&self, row: SignRequest) -> Result<SignOutcome, StoreError> {
        match self.ask(WriteRequest::Sign(Box::new(row))).await? {
            Answer::Signed(signed) => Ok(signed),
            _ => Err(ended()),
        }
    }

    /// As [`crate::base::Store::withdraw`].
    pub async fn withdraw(&self, visitor: VisitorId) -> Result<bool, StoreError> {
        match self.ask(WriteRequest::Withdraw(visitor)).await? {
            Answer::Withdrawn(had) => Ok(had),
            _ => Err(ended()),
        }
    }

    /// As [`crate::base::Store::prove`].
    pub async fn prove(&self, visitor: VisitorId, proof: RuleHit) -> Result<bool, StoreError> {
        match self.ask(WriteRequest::Prove(Box::new((visitor, proof)))).await? {
            Answer::Proven(had) => Ok(had),
            _ => Err(ended()),
        }
    }

    async fn ask(&self, request: WriteRequest) -> Result<Answer, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let job = Job { request, answer };
        queue.ok_or_else(ended)?.send(job).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    /// Closes the queue and waits until all queued requests are answered.
    pub async fn finish(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let answering = self.responder.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(answering) = answering
            && let Err(error) = answering.await
        {
            tracing::error!(%error, "the task that answers signature requests panicked");
        }
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the writer has ended".into())
}

/// Sends results to the callers from a task of the main runtime: waking a task of another runtime
/// costs a system call each.
async fn respond(mut answers: mpsc::UnboundedReceiver<Answers>) {
    while let Some(batch) = answers.recv().await {
        for (answer, result) in batch {
            // The caller may be gone; the row is committed all the same.
            answer.send(result).ok();
        }
    }
}

async fn drain(
    db: &Db,
    publisher: &Publisher,
    mut jobs: mpsc::Receiver<Job>,
    to_answer: mpsc::UnboundedSender<Answers>,
    measures: &WriterMetrics,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut last = 0;
    loop {
        // Under load, each answered client is followed by another one: a short delay lets them
        // share a commit. When idle, nobody waits.
        if last >= BUSY_BATCH && jobs.len() <= last {
            tokio::time::sleep(COLLECT_DELAY).await;
        }
        last = jobs.recv_many(&mut batch, BATCH).await;
        if last == 0 {
            return;
        }
        let (requests, answers): (Vec<WriteRequest>, Vec<_>) =
            batch.drain(..).map(|job| (job.request, job.answer)).unzip();
        let begun = Instant::now();
        let results: Vec<_> = match in_time(commit(db, publisher, &requests)).await {
            Ok(done) => done.into_iter().map(Ok).collect(),
            // One request that the database refuses must not fail the whole batch.
            Err(StoreError::Refused(_)) if requests.len() > 1 => {
                one_by_one(db, publisher, &requests).await
            }
            Err(error) => {
                tracing::error!(%error, batch.size = requests.len(), "a batch of signature requests was not committed");
                requests.iter().map(|_| Err(error.clone())).collect()
            }
        };
        let took = begun.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "a batch has at most 512")]
        measures.size.observe(requests.len() as f64);
        measures.seconds.observe(took.as_secs_f64());
        tracing::debug!(batch.size = requests.len(), ?took, "a batch was written");
        to_answer.send(answers.into_iter().zip(results).collect()).ok();
    }
}

async fn one_by_one(
    db: &Db,
    publisher: &Publisher,
    requests: &[WriteRequest],
) -> Vec<Result<Answer, StoreError>> {
    let mut results = Vec::with_capacity(requests.len());
    for request in requests.chunks(1) {
        let result = in_time(commit(db, publisher, request)).await;
        results.push(result.and_then(|done| done.first().copied().ok_or_else(ended)));
    }
    results
}

/// Writes all requests in one transaction and publishes the new counts.
async fn commit(
    db: &Db,
    publisher: &Publisher,
    requests: &[WriteRequest],
) -> Result<Vec<Answer>, StoreError> {
    const SET_LAST_ORDINAL: Sql = Sql::both("UPDATE ledger SET last_ordinal = $1");

    let now = jiff::Timestamp::now().as_millisecond();
    let plan = Plan::of(requests);
    let mut write = CountWrite::begin(db.begin().await?, now).await?;
    let CountWrite { tx, deltas, ledger } = &mut write;
    let mut last = ledger.last_ordinal;
    let mut done: Vec<Option<Answer>> = vec![None; requests.len()];
    for wave in &plan.waves {
        if !wave.signs.is_empty() {
            let (indexes, rows): (Vec<usize>, Vec<&SignRequest>) =
                wave.signs.iter().copied().unzip();
            let signed = write::sign(tx, &rows, now, &mut last, deltas).await?;
            for (index, signed) in indexes.into_iter().zip(signed) {
                done[index] = Some(Answer::Signed(signed));
            }
        }
        if !wave.withdrawals.is_empty() {
            let (places, visitors): (Vec<usize>, Vec<&VisitorId>) =
                wave.withdrawals.iter().copied().unzip();
            let had = write::withdraw(tx, &visitors, now, deltas).await?;
            for (place, had) in places.into_iter().zip(had) {
                done[place] = Some(Answer::Withdrawn(had));
            }
        }
        if !wave.proofs.is_empty() {
            let (places, proofs): (Vec<usize>, Vec<&(VisitorId, RuleHit)>) =
                wave.proofs.iter().copied().unzip();
            let had = write::prove(tx, &proofs, now, deltas).await?;
            for (place, had) in places.into_iter().zip(had) {
                done[place] = Some(Answer::Proven(had));
            }
        }
    }
    let changed = done.iter().any(|answer| {
        matches!(
            answer,
            Some(
                Answer::Signed(SignOutcome { newly_stored: true, .. })
                    | Answer::Withdrawn(true)
                    | Answer::Proven(true)
            )
        )
    });
    // If nothing changed, the transaction is dropped and the revision is not used up.
    if changed {
        tx.run(SET_LAST_ORDINAL, &[last.into()]).await?;
        write.commit(publisher).await?;
    }
    for (place, leader) in plan.repeats {
        done[place] = done[leader].map(Answer::repeated);
    }
    done.into_iter().map(|answer| answer.ok_or_else(ended)).collect()
}

impl Answer {
    /// The result of the same request sent again.
    const fn repeated(self) -> Self {
        match self {
            Self::Signed(signed) => {
                Self::Signed(SignOutcome { ordinal: signed.ordinal, newly_stored: false })
            }
            Self::Withdrawn(_) => Self::Withdrawn(false),
            Self::Proven(_) => Self::Proven(false),
        }
    }
}

/// Requests with their index in the batch; a wave holds at most one request per visitor.
#[derive(Default)]
struct Wave<'w> {
    signs: Vec<(usize, &'w SignRequest)>,
    withdrawals: Vec<(usize, &'w VisitorId)>,
    proofs: Vec<(usize, &'w (VisitorId, RuleHit))>,
}

#[derive(Default)]
struct Plan<'w> {
    waves: Vec<Wave<'w>>,
    /// Pairs of indexes: a request, and the earlier equal request whose result it gets.
    repeats: Vec<(usize, usize)>,
}

impl<'w> Plan<'w> {
    fn of(requests: &'w [WriteRequest]) -> Self {
        struct Last {
            index: usize,
            wave: usize,
            kind: Discriminant<WriteRequest>,
        }
        let mut plan = Self::default();
        let mut last: HashMap<&str, Last> = HashMap::new();
        for (place, request) in requests.iter().enumerate() {
            let visitor = match request {
                WriteRequest::Sign(row) => &row.visitor,
                WriteRequest::Withdraw(visitor) => visitor,
                WriteRequest::Prove(proof) => &proof.0,
            };
            let kind = mem::discriminant(request);
            let wave = match last.get(visitor.as_str()) {
                Some(earlier) if earlier.kind == kind => {
                    plan.repeats.push((place, earlier.index));
                    continue;
                }
                Some(earlier) => earlier.wave + 1,
                None => 0,
            };
            last.insert(visitor.as_str(), Last { index: place, wave, kind });
            if plan.waves.len() == wave {
                plan.waves.push(Wave::default());
            }
            match request {
                WriteRequest::Sign(row) => plan.waves[wave].signs.push((place, row)),
                WriteRequest::Withdraw(visitor) => {
                    plan.waves[wave].withdrawals.push((place, visitor));
                }
                WriteRequest::Prove(proof) => plan.waves[wave].proofs.push((place, proof)),
            }
        }
        plan
    }
}
