//! Rate-limit counters, shared by all nodes: attempts at logins, recovery phrases, photos and
//! WeChat logins within the last minutes. `service::limits::rate_limit` has the limits.

use domain::time::Millis;
use serde_json::json;

use super::{
    base::Store,
    error::StoreError,
    sql::{
        connection::Value,
        query::Query,
        statement::{Sql, sql_over_items},
    },
};

/// A rate-limit key, and how many attempts under it are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Keyed hash of visitor, device or client network: the table reveals no address.
    pub hash: String,
    /// What is allowed within the window: attempts, or the sum of what they cost.
    pub free: u32,
    /// What this attempt costs; 1 where attempts are counted.
    pub cost: u32,
    /// When its window begins, if not now: a bucket of a whole day is named after the day, and has its
    /// end here, so that it is kept until then.
    pub since: Option<Millis>,
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
             SELECT item.value->>'place', CAST(item.value->>'cost' AS BIGINT), \
             CAST(item.value->>'now' AS BIGINT) FROM",
            "WHERE true ON CONFLICT (place) DO UPDATE SET \
             n = CASE WHEN tries.since < $2 THEN excluded.n ELSE tries.n + excluded.n END, \
             since = CASE WHEN tries.since < $2 THEN excluded.since ELSE tries.since END \
             RETURNING place, n, since"
        );
        let mut sorted: Vec<&Bucket> = buckets.iter().collect();
        sorted.sort_by(|a, b| a.hash.cmp(&b.hash));
        if let Some(since) = self.full_bucket(buckets, old).await? {
            return Ok(Some(since));
        }
        let items = sorted.iter().map(|bucket| {
            let since = bucket.since.unwrap_or(now);
            json!({ "place": bucket.hash, "cost": bucket.cost, "now": since })
        });
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

    /// When the window of the first of `buckets` began that has no room, if there is one: whoever
    /// is over a limit costs no write.
    async fn full_bucket(
        &self,
        buckets: &[Bucket],
        old: Millis,
    ) -> Result<Option<Millis>, StoreError> {
        let mut query = Query::new("SELECT place, n, since FROM tries WHERE since >= ");
        query.bind(old).push(" AND place IN ");
        query.bind_list(buckets.iter().map(|bucket| bucket.hash.as_str()));
        let rows: Vec<(String, i64, i64)> = query.rows(&self.db).await?;
        let full = |(hash, n, _): &&(String, i64, i64)| {
            let bucket = buckets.iter().find(|bucket| bucket.hash == *hash);
            bucket.is_some_and(|bucket| n + i64::from(bucket.cost) > i64::from(bucket.free))
        };
        Ok(rows.iter().find(full).map(|(_, _, since)| *since))
    }

    /// Subtracts this attempt from each of `buckets`.
    ///
    /// # Errors
    /// [`StoreError`] if the commit failed or its result is unknown.
    pub async fn uncount_attempt(&self, places: &[Bucket]) -> Result<(), StoreError> {
        const BACK: Sql = Sql::both("UPDATE tries SET n = n - $2 WHERE place = $1 AND n >= $2");
        // One after the other, by hash, as they are counted: else two transactions deadlock.
        let mut sorted: Vec<&Bucket> = places.iter().collect();
        sorted.sort_by(|a, b| a.hash.cmp(&b.hash));
        let mut tx = self.db.begin().await?;
        for bucket in sorted {
            tx.run(BACK, &[bucket.hash.as_str().into(), i64::from(bucket.cost).into()]).await?;
        }
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
