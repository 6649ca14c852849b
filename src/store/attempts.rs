//! Rate-limit counters, shared by all nodes: attempts at logins, recovery phrases, photos and
//! WeChat logins within the last minutes. `service::rate_limit` has the limits.

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
pub struct Place {
    /// A keyed hash: who reads the table learns no address.
    pub hash: String,
    /// Tries that are free.
    pub free: u32,
}

impl Store {
    /// Counts another try from each of `places`, if it may be made; tries before `old`
    /// are forgotten. What comes back is when the oldest remembered try was made, of the
    /// first place that has none left; then nothing was counted.
    ///
    /// # Errors
    /// [`StoreError`] when the database is away.
    pub async fn try_once(
        &self,
        places: &[Place],
        now: Millis,
        old: Millis,
    ) -> Result<Option<Millis>, StoreError> {
        // Last, and without a wait: all who wait for each other's rows take them in one order.
        const FORGET: Sql = Sql::each(
            "DELETE FROM tries WHERE since < $1",
            "DELETE FROM tries WHERE place IN \
             (SELECT place FROM tries WHERE since < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        );
        // One statement counts and tells, so that tries at the same time count, too.
        const COUNT: Sql = sql_over_items!(
            "INSERT INTO tries (place, n, since) \
             SELECT item.value->>'place', 1, CAST(item.value->>'now' AS BIGINT) FROM",
            "WHERE true ON CONFLICT (place) DO UPDATE SET \
             n = CASE WHEN tries.since < $2 THEN 1 ELSE tries.n + 1 END, \
             since = CASE WHEN tries.since < $2 THEN excluded.since ELSE tries.since END \
             RETURNING place, n, since"
        );
        let mut sorted: Vec<&Place> = places.iter().collect();
        sorted.sort_by(|a, b| a.hash.cmp(&b.hash));
        let items = sorted.iter().map(|place| json!({ "place": place.hash, "now": now }));
        let mut tx = self.db.begin().await?;
        let counted: Vec<(String, i64, i64)> =
            tx.all(COUNT, &[Value::items(items), old.into()]).await?;
        let free = |hash: &str| {
            places.iter().find(|place| place.hash == hash).map_or(0, |place| place.free)
        };
        let over = counted.iter().find(|(hash, n, _)| *n > i64::from(free(hash)));
        if let Some((_, _, since)) = over {
            return Ok(Some(*since));
        }
        tx.run(FORGET, &[old.into()]).await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Takes one try back at each of `places`.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
    pub async fn take_back_try(&self, places: &[Place]) -> Result<(), StoreError> {
        const BACK: Sql = sql_over_items!(
            "UPDATE tries SET n = n - 1 FROM",
            "WHERE tries.place = item.value->>'place' AND tries.n > 0"
        );
        let items = places.iter().map(|place| json!({ "place": place.hash }));
        let mut tx = self.db.begin().await?;
        tx.run(BACK, &[Value::items(items)]).await?;
        tx.commit().await
    }

    /// Forgets all tries at `place`.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known to be kept.
    pub async fn forget_tries(&self, place: &Place) -> Result<(), StoreError> {
        const FORGET: Sql = Sql::both("DELETE FROM tries WHERE place = $1");
        let mut tx = self.db.begin().await?;
        tx.run(FORGET, &[place.hash.as_str().into()]).await?;
        tx.commit().await
    }
}
