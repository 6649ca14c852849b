//! Counters: read, changed and published in the same transaction as the rows they count.

pub(crate) mod publish;
pub(crate) mod recount;
pub(crate) mod write;

use std::collections::BTreeMap;

use domain::{
    campaign::Campaign,
    counts::{Counts, UNSPECIFIED},
    report::{Report, State},
    slug::Slug,
    time::Millis,
};

use super::{
    error::StoreError,
    sql::{
        connection::{Db, Tx, Value},
        query::Query,
        statement::{Sql, sql_over_items},
    },
};

/// What a counter counts; kind and slug together are its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CounterKind {
    /// Valid signatures, slug `all`.
    Signatures,
    /// Valid signatures of a grid, or of `unspecified`.
    Grid,
    /// Valid signatures that include a pledge.
    Pledge,
    /// Valid signatures of an hour, by [`hour_slug`].
    SignatureHour,
    /// Reports: slugs `received`, `open`, `closed`.
    Reports,
    /// Reports in a state, by its name with hyphens.
    ReportState,
    /// Reports of a grid in a state, slug `grid/state`.
    GridState,
    /// Reports of a branch in a state, slug `branch/state`.
    BranchState,
}

/// The slug of the counter of all signatures.
pub const ALL: &str = "all";

impl CounterKind {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signatures => "signatures",
            Self::Grid => "grid",
            Self::Pledge => "pledge",
            Self::SignatureHour => "signature-hour",
            Self::Reports => "reports",
            Self::ReportState => "report-state",
            Self::GridState => "grid-state",
            Self::BranchState => "branch-state",
        }
    }
}

/// Changes to counters that one transaction gathers.
#[derive(Debug, Default)]
pub struct CounterDeltas(BTreeMap<(CounterKind, String), i64>);

impl CounterDeltas {
    /// Notes that one valid signature of `signed_at` came (`by` = 1) or went (`by` = -1).
    pub fn signature(&mut self, grid: Option<&str>, pledges: &[Slug], signed_at: Millis, by: i64) {
        self.add(CounterKind::Signatures, ALL, by);
        self.add(CounterKind::SignatureHour, &hour_slug(signed_at), by);
        self.add(CounterKind::Grid, grid.unwrap_or(UNSPECIFIED), by);
        for pledge in pledges {
            self.add(CounterKind::Pledge, pledge.as_str(), by);
        }
    }

    /// Notes what a report was before, and what it is now.
    pub fn report(&mut self, before: Option<&Report>, after: Option<&Report>) {
        for (report, by) in [(before, -1), (after, 1)] {
            let Some(report) = report else { continue };
            let grid = report.grid.as_ref().map(Slug::as_str);
            for (kind, slug) in counters_of(report.state, grid, report.branch.as_str()) {
                self.add(kind, &slug, by);
            }
        }
        self.0.retain(|_, by| *by != 0);
    }

    /// Whether no counter changes.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(|by| *by == 0)
    }

    fn add(&mut self, kind: CounterKind, slug: &str, by: i64) {
        *self.0.entry((kind, slug.to_owned())).or_default() += by;
    }

    /// Writes all changes.
    async fn apply(self, tx: &mut Tx) -> Result<(), StoreError> {
        const ADD: Sql = sql_over_items!(
            "UPDATE counters SET n = n + CAST(item.value->>'by' AS BIGINT) FROM",
            "WHERE counters.kind = item.value->>'kind' AND counters.slug = item.value->>'slug'"
        );
        // An hour has no counter before its first signature, and a grid or branch that is no longer in
        // the campaign file may lack those of some states.
        const ADD_OR_BEGIN: Sql = sql_over_items!(
            "INSERT INTO counters (kind, slug, n) SELECT item.value->>'kind', \
             item.value->>'slug', CAST(item.value->>'by' AS BIGINT) FROM",
            "WHERE true ON CONFLICT (kind, slug) DO UPDATE SET n = counters.n + excluded.n"
        );
        let item = |((kind, slug), by): ((CounterKind, String), i64)| serde_json::json!({ "kind": kind.as_str(), "slug": slug, "by": by });
        let changed = self.0.into_iter().filter(|(_, by)| *by != 0);
        let (joint, fixed): (Vec<_>, Vec<_>) = changed.partition(|((kind, _), _)| {
            use CounterKind::{BranchState, GridState, SignatureHour};
            matches!(kind, GridState | BranchState | SignatureHour)
        });
        if !joint.is_empty() {
            tx.run(ADD_OR_BEGIN, &[Value::items(joint.into_iter().map(item))]).await?;
        }
        let items: Vec<serde_json::Value> = fixed.into_iter().map(item).collect();
        let wanted = items.len() as u64;
        let touched = tx.run(ADD, &[Value::items(items)]).await?;
        if touched == wanted {
            Ok(())
        } else {
            Err(StoreError::Refused(format!("{touched} of {wanted} counters exist")))
        }
    }
}

/// The counters that count a report of this state, grid and branch.
pub fn counters_of(state: State, grid: Option<&str>, branch: &str) -> Vec<(CounterKind, String)> {
    let reports = |slug: &str| (CounterKind::Reports, slug.to_owned());
    let mut counters = vec![
        (CounterKind::ReportState, state_slug(state)),
        (CounterKind::BranchState, joint_slug(branch, state)),
    ];
    counters.extend(grid.map(|grid| (CounterKind::GridState, joint_slug(grid, state))));
    if state != State::Withdrawn && !state.is_set_apart() {
        counters.push(reports("received"));
    }
    if state.is_open() {
        counters.push(reports("open"));
    }
    if state == State::Closed {
        counters.push(reports("closed"));
    }
    counters
}

/// The hour of a time as the slug of its counter: hours since 1970, which have six digits until
/// 2084, so that they are in order.
pub fn hour_slug(at: Millis) -> String {
    (at / 3_600_000).to_string()
}

/// A state as the slug of its counter.
pub fn state_slug(state: State) -> String {
    state.as_str().replace('_', "-")
}

/// A grid or branch with a state, as the slug of their counter.
fn joint_slug(of: &str, state: State) -> String {
    format!("{of}/{}", state_slug(state))
}

/// The ledger as a transaction found it.
#[derive(Clone, Copy, Debug)]
pub struct Ledger {
    /// The ordinal that was given out last.
    pub last_ordinal: u64,
    /// The serial that was given out last.
    pub last_report: u64,
    /// The revision that begins.
    pub revision: u64,
    /// Its time.
    pub as_of: Millis,
}

/// Locks the ledger row and increments the revision. All transactions that change counters, on
/// every node, wait for this row.
async fn lock_ledger(tx: &mut Tx, now: Millis) -> Result<Ledger, StoreError> {
    const TAKE: Sql = Sql::both(
        "UPDATE ledger SET revision = revision + 1, \
         as_of = CASE WHEN as_of < $1 THEN $1 ELSE as_of END RETURNING last_ordinal, last_report, revision, as_of",
    );
    let (ordinal, report, revision, as_of): (i64, i64, i64, i64) =
        tx.one(TAKE, &[now.into()]).await?;
    Ok(Ledger {
        last_ordinal: ordinal.unsigned_abs(),
        last_report: report.unsigned_abs(),
        revision: revision.unsigned_abs(),
        as_of,
    })
}

/// Counts of reports that are shown by state and by branch.
#[derive(Clone, Debug, Default)]
pub struct ReportFigures {
    /// By state.
    pub states: BTreeMap<State, u64>,
    /// Open and closed ones of each branch.
    pub branches: BTreeMap<Slug, (u64, u64)>,
}

/// Reports by state and by branch.
pub async fn report_figures(db: &Db) -> Result<ReportFigures, StoreError> {
    const ROWS: Sql =
        Sql::both("SELECT slug, n FROM counters WHERE kind IN ('report-state', 'branch-state')");
    let rows: Vec<(String, i64)> = db.all(ROWS, &[]).await?;
    let mut figures = ReportFigures::default();
    for (slug, n) in rows {
        let n = n.unsigned_abs();
        let (branch, state) = match slug.split_once('/') {
            Some((branch, state)) => (Slug::parse(branch).ok(), state),
            None => (None, slug.as_str()),
        };
        let Some(state) = state_of(state) else { continue };
        if let Some(branch) = branch {
            let (open, closed) = figures.branches.entry(branch).or_default();
            if state.is_open() {
                *open += n;
            } else if state == State::Closed {
                *closed += n;
            }
        } else {
            figures.states.insert(state, n);
        }
    }
    Ok(figures)
}

/// Reports in each state, of some grids (`Kind::GridState`) or branches
/// (`Kind::BranchState`).
pub async fn states_of(
    db: &Db,
    kind: CounterKind,
    of: &[&Slug],
) -> Result<BTreeMap<State, u64>, StoreError> {
    let mut query = Query::new("SELECT slug, n FROM counters WHERE kind = ");
    let slugs = of.iter().flat_map(|of| State::ALL.map(|state| joint_slug(of.as_str(), state)));
    query.bind(kind.as_str()).push(" AND slug IN ").bind_list(slugs);
    let rows: Vec<(String, i64)> = query.rows(db).await?;
    let mut states = BTreeMap::new();
    for (slug, n) in rows {
        let state = slug.split_once('/').and_then(|(_, state)| state_of(state));
        if let Some(state) = state {
            *states.entry(state).or_default() += n.unsigned_abs();
        }
    }
    Ok(states)
}

fn state_of(slug: &str) -> Option<State> {
    State::parse(&slug.replace('-', "_"))
}

/// Recounts the counters that old backups lack.
pub async fn recount_missing(tx: &mut Tx) -> Result<(), StoreError> {
    const CLEAR: Sql = Sql::both(
        "DELETE FROM counters WHERE kind IN \
         ('branch-open', 'branch-closed', 'branch-state', 'grid-state', 'signature-hour')",
    );
    const BRANCHES: Sql = Sql::both(
        "INSERT INTO counters (kind, slug, n) \
         SELECT 'branch-state', branch || '/' || REPLACE(state, '_', '-'), COUNT(*) \
         FROM reports GROUP BY branch, state",
    );
    const GRIDS: Sql = Sql::both(
        "INSERT INTO counters (kind, slug, n) \
         SELECT 'grid-state', grid || '/' || REPLACE(state, '_', '-'), COUNT(*) \
         FROM reports WHERE grid IS NOT NULL GROUP BY grid, state",
    );
    const HOURS: Sql = Sql::both(
        "INSERT INTO counters (kind, slug, n) \
         SELECT 'signature-hour', CAST(signed_at / 3600000 AS TEXT), COUNT(*) \
         FROM signatures WHERE state = 'valid' GROUP BY signed_at / 3600000",
    );
    for step in [CLEAR, BRANCHES, GRIDS, HOURS] {
        tx.run(step, &[]).await?;
    }
    Ok(())
}

/// Inserts the counters that the campaign needs and that are missing.
pub async fn ensure(db: &Db, campaign: &Campaign) -> Result<(), StoreError> {
    const ADD: Sql = sql_over_items!(
        "INSERT INTO counters (kind, slug, n) SELECT item.value->>'kind', item.value->>'slug', 0 FROM",
        "WHERE true ON CONFLICT (kind, slug) DO NOTHING"
    );
    let grids = campaign.grids.iter().map(|grid| (CounterKind::Grid, grid.slug.as_str()));
    let pledges = campaign.pledges.iter().map(|pledge| (CounterKind::Pledge, pledge.slug.as_str()));
    let fixed = [
        (CounterKind::Signatures, ALL),
        (CounterKind::Grid, UNSPECIFIED),
        (CounterKind::Reports, "received"),
        (CounterKind::Reports, "open"),
        (CounterKind::Reports, "closed"),
    ];
    let fixed = fixed.into_iter().chain(grids).chain(pledges);
    let fixed = fixed.map(|(kind, slug)| (kind, slug.to_owned()));
    let states = State::ALL.into_iter().flat_map(|state| {
        let grids = campaign.grids.iter().map(move |grid| (CounterKind::GridState, &grid.slug));
        let branches =
            campaign.branches.iter().map(|branch| (CounterKind::BranchState, &branch.slug));
        let joint = grids.chain(branches);
        let joint = joint.map(move |(kind, slug)| (kind, joint_slug(slug.as_str(), state)));
        joint.chain([(CounterKind::ReportState, state_slug(state))])
    });
    let items: Vec<serde_json::Value> = fixed
        .chain(states)
        .map(|(kind, slug)| serde_json::json!({ "kind": kind.as_str(), "slug": slug }))
        .collect();
    let mut tx = db.begin().await?;
    tx.run(ADD, &[Value::items(items)]).await?;
    tx.commit().await
}

/// The counts of the newest committed state.
pub async fn read(db: &Db) -> Result<Counts, StoreError> {
    const HEAD: Sql = Sql::both("SELECT revision, as_of FROM ledger");
    let mut tx = db.snapshot().await?;
    let (revision, as_of): (i64, i64) = tx.one(HEAD, &[]).await?;
    read_in(&mut tx, revision.unsigned_abs(), as_of).await
}

/// The counts as `tx` sees them, which is of that revision and time.
pub async fn read_in(tx: &mut Tx, revision: u64, as_of: Millis) -> Result<Counts, StoreError> {
    const ROWS: Sql = Sql::both(
        "SELECT kind, slug, n FROM counters \
         WHERE kind IN ('signatures', 'reports', 'grid', 'pledge')",
    );
    let rows: Vec<(String, String, i64)> = tx.all(ROWS, &[]).await?;
    let mut counts = Counts { revision, as_of: rfc3339(as_of), ..Counts::default() };
    for (kind, slug, n) in rows {
        let n = n.unsigned_abs();
        match (kind.as_str(), slug.as_str()) {
            ("signatures", _) => counts.signatures = n,
            ("reports", "received") => counts.reports.received = n,
            ("reports", "open") => counts.reports.open = n,
            ("reports", "closed") => counts.reports.closed = n,
            ("grid", slug) => insert(&mut counts.grids, slug, n),
            ("pledge", slug) => insert(&mut counts.pledges, slug, n),
            _ => {}
        }
    }
    Ok(counts)
}

fn insert(into: &mut BTreeMap<Slug, u64>, slug: &str, n: u64) {
    if let Ok(slug) = Slug::parse(slug) {
        into.insert(slug, n);
    }
}

/// The revision of the newest committed state.
pub async fn revision(db: &Db) -> Result<u64, StoreError> {
    let rows: Vec<(i64,)> = db.all(Sql::both("SELECT revision FROM ledger"), &[]).await?;
    Ok(rows.first().map_or(0, |(revision,)| revision.unsigned_abs()))
}

/// Milliseconds since 1970 as RFC 3339 in UTC.
fn rfc3339(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}
