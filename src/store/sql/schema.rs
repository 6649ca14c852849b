//! The columns of every table, as they are written into rows, records and copies.
//!
//! To add a column: a migration for each database (`migrations/sqlite`, `migrations/postgres`) and
//! its line in `migrations/mod.rs`; the column here, in `columns`, or in `private` or `sealed` if
//! it is what somebody tells about themselves; the field of the record in `domain`; and one more
//! in `SCHEMA` of `admin/manifest.rs`, so that copies say which columns they have.

use std::sync::LazyLock;

use super::table::{
    ColumnType::{self, Bool, Int, IntOrZero, Text},
    SEALED, Statements, Table,
};

/// Statements of one table.
type Prepared = LazyLock<Statements>;

/// Statements of a table without encrypted columns.
fn unsealed_table(
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [(&'static str, ColumnType)],
) -> Statements {
    Table { name, key, columns, private: &[], sealed: &[] }.prepare()
}

pub static SIGNATURES: Prepared = LazyLock::new(|| {
    Table {
        name: "signatures",
        key: &["ordinal"],
        columns: &[
            ("ordinal", Int),
            ("visitor", Text),
            ("state", Text),
            ("name", Text),
            ("grid", Text),
            ("pledges", Text),
            ("message", Text),
            ("show_name", Bool),
            ("consent", Text),
            ("signed_at", Int),
            ("withdrawn_at", Int),
            ("message_state", Text),
            ("rule", Text),
            ("place", Text),
        ],
        private: &[],
        sealed: &["name", "message"],
    }
    .prepare()
});

pub static COUNTERS: Prepared = LazyLock::new(|| {
    let columns = &[("kind", Text), ("slug", Text), ("n", Int)];
    unsealed_table("counters", &["kind", "slug"], columns)
});

pub static RECOVERIES: Prepared = LazyLock::new(|| {
    let columns = &[
        ("visitor", Text),
        ("phrase", Text),
        ("made_at", Int),
        ("used_by", Text),
        ("used_at", Int),
    ];
    unsealed_table("recoveries", &["visitor"], columns)
});

pub static IDENTITIES: Prepared = LazyLock::new(|| {
    let columns = &[("identity", Text), ("visitor", Text), ("linked_at", Int)];
    unsealed_table("wechat_identities", &["identity"], columns)
});

pub static LEDGER: Prepared = LazyLock::new(|| {
    let columns = &[
        ("id", Int),
        ("revision", Int),
        ("as_of", Int),
        ("last_ordinal", Int),
        ("last_report", IntOrZero),
    ];
    unsealed_table("ledger", &["id"], columns)
});

pub static REPORTS: Prepared = LazyLock::new(|| {
    Table {
        name: "reports",
        key: &["serial"],
        columns: &[
            ("serial", Int),
            ("code", Text),
            ("year", Int),
            ("visitor", Text),
            ("source", Text),
            ("source_number", Text),
            ("entered_by", Int),
            ("state", Text),
            ("category", Text),
            ("kind", Text),
            ("grid", Text),
            ("branch", Text),
            ("unit", Text),
            ("consent", Text),
            ("summary", Text),
            ("hidden", Int),
            ("hidden_by", Int),
            ("version", Int),
            ("person_version", IntOrZero),
            ("handler", Int),
            ("moved_by", Text),
            ("claimed_by", Int),
            ("level", Int),
            ("reopened", Int),
            ("managed", IntOrZero),
            ("corrected_from", Text),
            ("grid_moves", IntOrZero),
            ("supervised", Int),
            ("submitted_at", Int),
            ("accepted_at", Int),
            ("finished_at", Int),
            ("closed_at", Int),
            ("due_at", Int),
            ("soon_at", Int),
            ("escalate_at", Int),
            ("promised_at", Int),
            ("promised_from", Int),
            ("paused_until", Int),
            ("extension_days", Int),
            ("extension_by", Int),
            ("duplicate_of", Int),
            ("referred_to", Text),
            ("referred_number", Text),
            ("solved", Int),
            ("rated_by", Int),
            ("satisfied", Text),
            ("urged_at", Int),
            ("supporters", Int),
            ("form_key", Text),
            ("erased_at", Int),
            ("quarantine", Text),
            (SEALED, Text),
        ],
        private: &[
            "description",
            "place",
            "lat",
            "lon",
            "accuracy",
            "contact_name",
            "contact_phone",
            "rating_comment",
            "extension_reason",
        ],
        sealed: &[],
    }
    .prepare()
});

pub static EVENTS: Prepared = LazyLock::new(|| {
    Table {
        name: "report_events",
        key: &["serial", "version"],
        columns: &[
            ("serial", Int),
            ("version", Int),
            ("at", Int),
            ("staff", Int),
            ("what", Text),
            ("state", Text),
            ("audience", Text),
            ("detail", Text),
            (SEALED, Text),
        ],
        private: &["text"],
        sealed: &[],
    }
    .prepare()
});

pub static PHOTOS: Prepared = LazyLock::new(|| {
    let columns = &[
        ("id", Text),
        ("serial", Int),
        ("visitor", Text),
        ("role", Text),
        ("public", Int),
        ("width", Int),
        ("height", Int),
        ("bytes", Int),
        ("at", Int),
        ("pixels_sent", Text),
        ("pixels_shown", Text),
        ("looks", Text),
    ];
    unsealed_table("photos", &["id"], columns)
});

pub static SUPPORTS: Prepared = LazyLock::new(|| {
    let columns = &[
        ("serial", Int),
        ("visitor", Text),
        ("at", Int),
        ("quarantine", Text),
        ("unsolved_at", Int),
        ("unsolved_from", Text),
    ];
    unsealed_table("supports", &["serial", "visitor"], columns)
});

pub static STAFF: Prepared = LazyLock::new(|| {
    let columns = &[
        ("id", Int),
        ("login", Text),
        ("name", Text),
        ("role", Text),
        ("grids", Text),
        ("branches", Text),
        ("password", Text),
        ("active", Int),
        ("stand_in", Int),
        ("stand_in_until", Int),
        ("created_at", Int),
    ];
    unsealed_table("staff", &["id"], columns)
});

pub static AUDIT: Prepared = LazyLock::new(|| {
    let columns = &[("id", Text), ("at", Int), ("staff", Int), ("action", Text), ("subject", Text)];
    unsealed_table("audit", &["id"], columns)
});

pub static OUTBOX: Prepared = LazyLock::new(|| {
    let columns = &[
        ("id", Text),
        ("serial", Int),
        ("kind", Text),
        ("at", Int),
        ("attempts", Int),
        ("next_at", Int),
        ("done_at", Int),
    ];
    unsealed_table("outbox", &["id"], columns)
});

pub static OBJECTIONS: Prepared = LazyLock::new(|| {
    let columns =
        &[("ordinal", Int), ("visitor", Text), ("at", Int), ("reason", Text), ("answered_at", Int)];
    Table {
        name: "objections",
        key: &["ordinal", "visitor"],
        columns,
        private: &[],
        sealed: &["reason"],
    }
    .prepare()
});

pub static RULES_OFF: Prepared =
    LazyLock::new(|| unsealed_table("rules_off", &["rule"], &[("rule", Text), ("at", Int)]));

pub static BULK_REVIEWS: Prepared = LazyLock::new(|| {
    let columns = &[
        ("id", Text),
        ("at", Int),
        ("staff", Int),
        ("came_from", Text),
        ("is_to_be", Text),
        ("rule", Text),
        ("place", Text),
        ("since", Int),
        ("until", Int),
        ("last_ordinal", Int),
        ("reached", Int),
        ("touched", Int),
        ("state", Text),
    ];
    unsealed_table("judgements", &["id"], columns)
});

pub static BULK_REVIEWED: Prepared = LazyLock::new(|| {
    let columns = &[("judgement", Text), ("ordinal", Int)];
    unsealed_table("judged", &["judgement", "ordinal"], columns)
});

pub static SECOND_FACTORS: Prepared = LazyLock::new(|| {
    Table {
        name: "second_factors",
        key: &["staff"],
        columns: &[
            ("staff", Int),
            ("secret", Text),
            ("next_secret", Text),
            ("next_at", Int),
            ("next_session", Text),
            ("confirmed_at", Int),
            ("last_step", Int),
            ("codes", Text),
        ],
        private: &[],
        sealed: &["secret", "next_secret"],
    }
    .prepare()
});

pub static ERASURES: Prepared =
    LazyLock::new(|| unsealed_table("erasures", &["visitor"], &[("visitor", Text), ("at", Int)]));

pub static CALENDARS: Prepared = LazyLock::new(|| {
    let columns =
        &[("since", Int), ("calendar", Text), ("upto", Int), ("moved", Int), ("done_at", Int)];
    unsealed_table("calendars", &["since"], columns)
});

/// The tables that a copy holds, in the order in which they can be filled, each with the
/// schema since which it is there. Left out: `sessions`, since a copy must not log anybody in;
/// `tries`, `doubts` and `wechat_tickets`, which expire by themselves; and `seals`, the names of
/// keys, which each database learns when it is opened.
const COPIED: [(u32, &Prepared); 19] = [
    (1, &SIGNATURES),
    (1, &COUNTERS),
    (1, &LEDGER),
    (2, &REPORTS),
    (2, &EVENTS),
    (2, &PHOTOS),
    (2, &SUPPORTS),
    (2, &STAFF),
    (2, &AUDIT),
    (2, &OUTBOX),
    (2, &OBJECTIONS),
    (4, &RECOVERIES),
    (5, &IDENTITIES),
    (6, &RULES_OFF),
    (6, &BULK_REVIEWS),
    (6, &BULK_REVIEWED),
    (12, &SECOND_FACTORS),
    (13, &ERASURES),
    (15, &CALENDARS),
];

/// The tables that a copy holds.
pub fn copied() -> impl Iterator<Item = &'static Statements> {
    copied_at(u32::MAX)
}

/// Those that a copy of that schema holds.
pub fn copied_at(schema: u32) -> impl Iterator<Item = &'static Statements> {
    let there = COPIED.into_iter().filter(move |(since, _)| *since <= schema);
    there.map(|(_, table)| &**table)
}

/// The migration that drops the plain-text columns; their content is encrypted before it.
pub const PLAIN_DROPPED: i64 = 8;

/// The tables of which something was sealed by that migration.
pub fn sealed_at_first() -> impl Iterator<Item = &'static Statements> {
    copied_at(PLAIN_DROPPED.unsigned_abs().try_into().unwrap_or(u32::MAX))
        .filter(|table| table.has_secrets())
}

/// The tables of which something is sealed.
pub fn sealed() -> impl Iterator<Item = &'static Statements> {
    copied().filter(|table| table.has_secrets())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::migrations;

    #[test]
    fn every_table_is_copied_or_left_out_with_a_reason() {
        // What lasts no day, what belongs to one installation, and what is made again from the rest.
        const LEFT_OUT: [&str; 8] = [
            "sessions",
            "tries",
            "doubts",
            "wechat_tickets",
            "seals",
            "report_days",
            "report_day_stats",
            "report_numbers",
        ];
        for (version, _, step) in migrations::ALL {
            for text in [step.sqlite(), step.postgres()] {
                for made in text.split("CREATE TABLE ").skip(1) {
                    let name = made.split([' ', '\n', '(']).next().unwrap_or_default();
                    let copied = COPIED.iter().find(|(_, table)| table.name == name);
                    let since = copied.map(|(since, _)| i64::from(*since));
                    assert!(LEFT_OUT.contains(&name) || since == Some(version), "{name}");
                }
            }
        }
    }
}
