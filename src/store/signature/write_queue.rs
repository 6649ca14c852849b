//! The one writer: drains a queue, commits everything in it at once, and only then
//! answers.
//!
//! A batch is taken apart into waves, so that no wave names a visitor twice; each
//! wave is written by statements over all its rows. Two equal wishes of one visitor
//! that follow each other need no second row: they get the first one's answer.

use std::{
    collections::HashMap,
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
    row::{Signed, Signing},
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

/// Most wishes in one commit: bounds how long the first of them waits.
const BATCH: usize = 512;

/// A batch of so many shows that very many come at once.
const MANY: usize = 64;

/// How long the next batch is then gathered: less than a commit takes.
const GATHER: Duration = Duration::from_millis(1);

/// Most wishes that wait; further ones wait at the door.
const QUEUE: usize = 4096;

enum WriteRequest {
    Sign(Box<Signing>),
    Withdraw(VisitorId),
}

#[derive(Clone, Copy)]
enum Answer {
    Signed(Signed),
    Withdrawn(bool),
}

struct Job {
    request: WriteRequest,
    answer: oneshot::Sender<Result<Answer, StoreError>>,
}

/// What the writer measures of itself, for whoever watches over it.
#[derive(Clone, Debug)]
pub struct WriterMeasures {
    /// Wishes in one commit.
    pub size: Histogram,
    /// How long a commit took, in seconds.
    pub seconds: Histogram,
}

impl WriterMeasures {
    fn new() -> Self {
        Self {
            size: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
        }
    }
}

/// The way into the writer's queue.
#[derive(Clone, Debug)]
pub struct Writer {
    measures: WriterMeasures,
    queue: Arc<Mutex<Option<mpsc::Sender<Job>>>>,
    answering: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What became of a batch.
type Answers = Vec<(oneshot::Sender<Result<Answer, StoreError>>, Result<Answer, StoreError>)>;

impl Writer {
    /// Starts to write into `db`, publishing the counts of each commit. The writer has a
    /// thread of its own: everyone waits for it, so it must wait for nobody's request.
    ///
    /// # Errors
    /// [`StoreError::Setup`] when the system gives no thread.
    pub fn start(db: &Db, publisher: Publisher) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (answers, answered) = mpsc::unbounded_channel();
        let fault = |error: std::io::Error| StoreError::Setup(format!("the writer: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(fault)?;
        let db = db.clone();
        let measures = WriterMeasures::new();
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
        let answering = Arc::new(Mutex::new(Some(tokio::spawn(answer(answered)))));
        Ok(Self { measures, queue: Arc::new(Mutex::new(Some(queue))), answering })
    }

    /// What it measures of itself.
    pub const fn measures(&self) -> &WriterMeasures {
        &self.measures
    }

    /// Wishes that wait for the next commit.
    pub fn waiting(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Whether it ended without being told to.
    pub fn has_died(&self) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().is_some_and(mpsc::Sender::is_closed)
    }

    /// Whether it still takes wishes.
    pub fn is_alive(&self) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().is_some_and(|queue| !queue.is_closed())
    }

    /// As [`crate::base::Store::sign`].
    pub async fn sign(&self, row: Signing) -> Result<Signed, StoreError> {
        match self.ask(WriteRequest::Sign(Box::new(row))).await? {
            Answer::Signed(signed) => Ok(signed),
            Answer::Withdrawn(_) => Err(ended()),
        }
    }

    /// As [`crate::base::Store::withdraw`].
    pub async fn withdraw(&self, visitor: VisitorId) -> Result<bool, StoreError> {
        match self.ask(WriteRequest::Withdraw(visitor)).await? {
            Answer::Withdrawn(had) => Ok(had),
            Answer::Signed(_) => Err(ended()),
        }
    }

    async fn ask(&self, request: WriteRequest) -> Result<Answer, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let job = Job { request, answer };
        queue.ok_or_else(ended)?.send(job).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    /// Takes no more wishes, and waits until those in the queue are answered.
    pub async fn finish(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let answering = self.answering.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(answering) = answering
            && let Err(error) = answering.await
        {
            tracing::error!(%error, "the writer ended badly");
        }
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the writer has ended".into())
}

/// Gives answers to those who wait, from among the threads that they wait on: woken from
/// the writer's, each would be a call to the system.
async fn answer(mut answers: mpsc::UnboundedReceiver<Answers>) {
    while let Some(batch) = answers.recv().await {
        for (answer, result) in batch {
            // Whoever asked may have hung up: the row is there all the same.
            answer.send(result).ok();
        }
    }
}

async fn drain(
    db: &Db,
    publisher: &Publisher,
    mut jobs: mpsc::Receiver<Job>,
    to_answer: mpsc::UnboundedSender<Answers>,
    measures: &WriterMeasures,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut last = 0;
    loop {
        // Where very many come, those who were just answered are followed by as many: a
        // moment later there are more to share one commit. Where few come nobody waits.
        if last >= MANY && jobs.len() <= last {
            tokio::time::sleep(GATHER).await;
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
            // One bad wish must not cost the others their answer.
            Err(StoreError::Refused(_)) if requests.len() > 1 => {
                one_by_one(db, publisher, &requests).await
            }
            Err(error) => {
                tracing::error!(%error, batch.size = requests.len(), "a batch was not committed");
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

/// Writes all wishes in one transaction and publishes the counts after it.
async fn commit(
    db: &Db,
    publisher: &Publisher,
    requests: &[WriteRequest],
) -> Result<Vec<Answer>, StoreError> {
    const GIVE: Sql = Sql::both("UPDATE ledger SET last_ordinal = $1");

    let now = jiff::Timestamp::now().as_millisecond();
    let plan = Plan::of(requests);
    let mut write = CountWrite::begin(db.begin().await?, now).await?;
    let CountWrite { tx, deltas, ledger } = &mut write;
    let mut last = ledger.last_ordinal;
    let mut done: Vec<Option<Answer>> = vec![None; requests.len()];
    for wave in &plan.waves {
        if !wave.signs.is_empty() {
            let (places, rows): (Vec<usize>, Vec<&Signing>) = wave.signs.iter().copied().unzip();
            let signed = write::sign(tx, &rows, now, &mut last, deltas).await?;
            for (place, signed) in places.into_iter().zip(signed) {
                done[place] = Some(Answer::Signed(signed));
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
    }
    let changed = done.iter().any(|answer| {
        matches!(answer, Some(Answer::Signed(Signed { fresh: true, .. }) | Answer::Withdrawn(true)))
    });
    // Otherwise the transaction is dropped, and with it the revision it had taken.
    if changed {
        tx.run(GIVE, &[last.into()]).await?;
        write.commit(publisher).await?;
    }
    for (place, leader) in plan.followers {
        done[place] = done[leader].map(Answer::repeated);
    }
    done.into_iter().map(|answer| answer.ok_or_else(ended)).collect()
}

impl Answer {
    /// What the same wish, made again, is answered.
    const fn repeated(self) -> Self {
        match self {
            Self::Signed(signed) => Self::Signed(Signed { ordinal: signed.ordinal, fresh: false }),
            Self::Withdrawn(_) => Self::Withdrawn(false),
        }
    }
}

/// Wishes by their place in the batch, so that no visitor is named twice in a wave.
#[derive(Default)]
struct Wave<'w> {
    signs: Vec<(usize, &'w Signing)>,
    withdrawals: Vec<(usize, &'w VisitorId)>,
}

#[derive(Default)]
struct Plan<'w> {
    waves: Vec<Wave<'w>>,
    /// Places whose answer repeats that of an earlier place.
    followers: Vec<(usize, usize)>,
}

impl<'w> Plan<'w> {
    fn of(requests: &'w [WriteRequest]) -> Self {
        struct Last {
            place: usize,
            wave: usize,
            signs: bool,
        }
        let mut plan = Self::default();
        let mut last: HashMap<&str, Last> = HashMap::new();
        for (place, request) in requests.iter().enumerate() {
            let (visitor, signs) = match request {
                WriteRequest::Sign(row) => (&row.visitor, true),
                WriteRequest::Withdraw(visitor) => (visitor, false),
            };
            let wave = match last.get(visitor.as_str()) {
                Some(earlier) if earlier.signs == signs => {
                    plan.followers.push((place, earlier.place));
                    continue;
                }
                Some(earlier) => earlier.wave + 1,
                None => 0,
            };
            last.insert(visitor.as_str(), Last { place, wave, signs });
            if plan.waves.len() == wave {
                plan.waves.push(Wave::default());
            }
            match request {
                WriteRequest::Sign(row) => plan.waves[wave].signs.push((place, row)),
                WriteRequest::Withdraw(visitor) => {
                    plan.waves[wave].withdrawals.push((place, visitor))
                }
            }
        }
        plan
    }
}
