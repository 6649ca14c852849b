//! Rate-limit counters, shared by all nodes: attempts at logins, recovery phrases, photos and
//! WeChat logins within the last minutes. `service::limits::rate_limit` has the limits.

use domain::time::Millis;
use serde_json::json;

use super::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        statement::{Sql, sql_over_items},
    },
};

/// A rate-limit key, and how many attempts under it are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Keyed hash of visitor, device or client network: the table reveals no address.
    pub hash: String,
    /// Attempts that are allowed within the window.
    pub free: u32,
}

impl Store {
    /// Counts one attempt in each of `buckets`, unless one of them is at its limit. Returns `None`
    /// if it was counted, else when the window of the first full bucket began. Counters whose
    /// window began before `old` are deleted.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be reached.
    pub async fn try_once(
        &self,
        buckets: &[Bucket],
        now: Millis,
        old: Millis,
    ) -> Result<Option<Millis>, StoreError> {
        // Deletes last and skips locked rows. Lock order: buckets by hash, or two transactions
        // deadlock.
        const FORGET: Sql = Sql::each(
            "DELETE FROM tries WHERE since < $1",
            "DELETE FROM tries WHERE place IN \
             (SELECT place FROM tries WHERE since < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        );
        // Increment and read in one statement, so that concurrent attempts are all counted.
        const COUNT: Sql = sql_over_items!(
            "INSERT INTO tries (place, n, since) \
             SELECT item.value->>'place', 1, CAST(item.value->>'now' AS BIGINT) FROM",
            "WHERE true ON CONFLICT (place) DO UPDATE SET \
             n = CASE WHEN tries.since < $2 THEN 1 ELSE tries.n + 1 END, \
             since = CASE WHEN tries.since < $2 THEN excluded.since ELSE tries.since END \
             RETURNING place, n, since"
        );
        let mut sorted: Vec<&Bucket> = buckets.iter().collect();
        sorted.sort_by(|a, b| a.hash.cmp(&b.hash));
        let items = sorted.iter().map(|bucket| json!({ "place": bucket.hash, "now": now }));
        let mut tx = self.db.begin().await?;
        let counted: Vec<(String, i64, i64)> =
            tx.all(COUNT, &[Value::items(items), old.into()]).await?;
        let free = |hash: &str| {
            buckets.iter().find(|place| place.hash == hash).map_or(0, |place| place.free)
        };
        let over = counted.iter().find(|(hash, n, _)| *n > i64::from(free(hash)));
        if let Some((_, _, since)) = over {
            return Ok(Some(*since));
        }
        tx.run(FORGET, &[old.into()]).await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Subtracts one attempt from each of `buckets`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn uncount_attempt(&self, places: &[Bucket]) -> Result<(), StoreError> {
        const BACK: Sql = sql_over_items!(
            "UPDATE tries SET n = n - 1 FROM",
            "WHERE tries.place = item.value->>'place' AND tries.n > 0"
        );
        let items = places.iter().map(|place| json!({ "place": place.hash }));
        let mut tx = self.db.begin().await?;
        tx.run(BACK, &[Value::items(items)]).await?;
        tx.commit().await
    }

    /// Deletes the counter of `bucket`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn clear_bucket(&self, place: &Bucket) -> Result<(), StoreError> {
        const FORGET: Sql = Sql::both("DELETE FROM tries WHERE place = $1");
        let mut tx = self.db.begin().await?;
        tx.run(FORGET, &[place.hash.as_str().into()]).await?;
        tx.commit().await
    }
}
