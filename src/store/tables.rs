//! The columns of every table, as they are written into rows, records and copies.

use std::sync::LazyLock;

use super::table::{
    Kind::{Bool, Int, IntOrZero, Real, Text},
    Statements, Table,
};

/// Statements of one table.
type Prepared = LazyLock<Statements>;

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
    }
    .prepare()
});

pub static COUNTERS: Prepared = LazyLock::new(|| {
    let columns = &[("kind", Text), ("slug", Text), ("n", Int)];
    Table { name: "counters", key: &["kind", "slug"], columns }.prepare()
});

pub static RECOVERIES: Prepared = LazyLock::new(|| {
    let columns = &[
        ("visitor", Text),
        ("phrase", Text),
        ("made_at", Int),
        ("used_by", Text),
        ("used_at", Int),
    ];
    Table { name: "recoveries", key: &["visitor"], columns }.prepare()
});

pub static IDENTITIES: Prepared = LazyLock::new(|| {
    let columns = &[("identity", Text), ("visitor", Text), ("linked_at", Int)];
    Table { name: "wechat_identities", key: &["identity"], columns }.prepare()
});

pub static LEDGER: Prepared = LazyLock::new(|| {
    Table {
        name: "ledger",
        key: &["id"],
        columns: &[
            ("id", Int),
            ("revision", Int),
            ("as_of", Int),
            ("last_ordinal", Int),
            ("last_report", IntOrZero),
        ],
    }
    .prepare()
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
            ("description", Text),
            ("place", Text),
            ("lat", Real),
            ("lon", Real),
            ("accuracy", Int),
            ("contact_name", Text),
            ("contact_phone", Text),
            ("consent", Text),
            ("summary", Text),
            ("hidden", Int),
            ("version", Int),
            ("handler", Int),
            ("claimed_by", Int),
            ("level", Int),
            ("reopened", Int),
            ("supervised", Int),
            ("submitted_at", Int),
            ("accepted_at", Int),
            ("finished_at", Int),
            ("closed_at", Int),
            ("due_at", Int),
            ("soon_at", Int),
            ("escalate_at", Int),
            ("promised_at", Int),
            ("extension_days", Int),
            ("extension_reason", Text),
            ("extension_by", Int),
            ("duplicate_of", Int),
            ("referred_to", Text),
            ("referred_number", Text),
            ("solved", Int),
            ("satisfied", Text),
            ("rating_comment", Text),
            ("urged_at", Int),
            ("supporters", Int),
            ("form_key", Text),
        ],
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
            ("text", Text),
            ("audience", Text),
            ("detail", Text),
        ],
    }
    .prepare()
});

pub static PHOTOS: Prepared = LazyLock::new(|| {
    Table {
        name: "photos",
        key: &["id"],
        columns: &[
            ("id", Text),
            ("serial", Int),
            ("visitor", Text),
            ("role", Text),
            ("public", Int),
            ("width", Int),
            ("height", Int),
            ("at", Int),
        ],
    }
    .prepare()
});

pub static SUPPORTS: Prepared = LazyLock::new(|| {
    let columns = &[("serial", Int), ("visitor", Text), ("at", Int)];
    Table { name: "supports", key: &["serial", "visitor"], columns }.prepare()
});

pub static STAFF: Prepared = LazyLock::new(|| {
    Table {
        name: "staff",
        key: &["id"],
        columns: &[
            ("id", Int),
            ("login", Text),
            ("name", Text),
            ("role", Text),
            ("grids", Text),
            ("branches", Text),
            ("password", Text),
            ("active", Int),
            ("stand_in", Int),
            ("created_at", Int),
        ],
    }
    .prepare()
});

pub static AUDIT: Prepared = LazyLock::new(|| {
    Table {
        name: "audit",
        key: &["id"],
        columns: &[("id", Text), ("at", Int), ("staff", Int), ("action", Text), ("subject", Text)],
    }
    .prepare()
});

pub static OUTBOX: Prepared = LazyLock::new(|| {
    Table {
        name: "outbox",
        key: &["id"],
        columns: &[
            ("id", Text),
            ("serial", Int),
            ("kind", Text),
            ("at", Int),
            ("attempts", Int),
            ("next_at", Int),
            ("done_at", Int),
        ],
    }
    .prepare()
});

pub static OBJECTIONS: Prepared = LazyLock::new(|| {
    let columns = &[("ordinal", Int), ("visitor", Text), ("at", Int), ("reason", Text)];
    Table { name: "objections", key: &["ordinal", "visitor"], columns }.prepare()
});

pub static RULES_OFF: Prepared = LazyLock::new(|| {
    Table { name: "rules_off", key: &["rule"], columns: &[("rule", Text), ("at", Int)] }.prepare()
});

pub static JUDGEMENTS: Prepared = LazyLock::new(|| {
    Table {
        name: "judgements",
        key: &["id"],
        columns: &[
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
        ],
    }
    .prepare()
});

pub static JUDGED: Prepared = LazyLock::new(|| {
    let columns = &[("judgement", Text), ("ordinal", Int)];
    Table { name: "judged", key: &["judgement", "ordinal"], columns }.prepare()
});

/// The tables that a copy holds, in the order in which they can be filled. Sessions are
/// left out: whoever gets a copy must not be logged in by it; so are tries, doubts and
/// WeChat's ticket, which pass by themselves.
pub fn copied() -> [&'static Statements; 16] {
    [
        &SIGNATURES,
        &COUNTERS,
        &LEDGER,
        &REPORTS,
        &EVENTS,
        &PHOTOS,
        &SUPPORTS,
        &STAFF,
        &AUDIT,
        &OUTBOX,
        &OBJECTIONS,
        &RECOVERIES,
        &IDENTITIES,
        &RULES_OFF,
        &JUDGEMENTS,
        &JUDGED,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations;

    #[test]
    fn every_table_is_copied_or_left_out_with_a_reason() {
        const LEFT_OUT: [&str; 4] = ["sessions", "tries", "doubts", "wechat_tickets"];
        let copied = copied();
        for (_, _, step) in migrations::ALL {
            for text in [step.sqlite(), step.postgres()] {
                for made in text.split("CREATE TABLE ").skip(1) {
                    let name = made.split([' ', '\n', '(']).next().unwrap_or_default();
                    let known = LEFT_OUT.contains(&name) || copied.iter().any(|t| t.name == name);
                    assert!(known, "{name}");
                }
            }
        }
    }
}
