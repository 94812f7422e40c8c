//! Rows and queries, one file for each resource. No rules live here.
//!
//! What a key finds is read with `get_result`, not with `first`: that one binds a LIMIT, and SQLite prepares a
//! statement anew whenever a number bound to its LIMIT may have changed, which costs more than running it.

pub mod alliances;
pub mod audit;
pub mod checkpoints;
pub mod commitments;
pub mod erasures;
pub mod extensions;
pub mod idempotency;
pub mod imports;
pub mod initiatives;
pub mod installation;
pub mod journal;
pub mod keys;
pub mod partner_names;
pub mod partners;
pub mod publications;
pub mod records;
pub mod refolds;
pub mod report_points;
pub mod reports;
pub mod series;
pub mod standings;
pub mod tallies;
pub mod tree;
pub mod uses;

use chrono::{DateTime, Utc};

use crate::db::types::{Document, Instant};

/// `to_seq` of what is still known.
pub const OPEN: i64 = i64::MAX;

/// How many ids one `IN (…)` takes: SQLite's parameters are limited.
pub const CHUNK: usize = 500;

/// Whether a column is one of these ids. One id is compared as such: an `IN` of any length is another statement
/// each time, which SQLite prepares anew.
macro_rules! among {
    ($table:ident, $column:expr, $ids:expr) => {{
        use diesel::expression::BoxableExpression;
        let among: Box<
            dyn BoxableExpression<
                    $table::table,
                    $crate::db::connection::MultiBackend,
                    SqlType = diesel::sql_types::Bool,
                >,
        > = match $ids {
            [only] => Box::new($column.eq(*only)),
            ids => Box::new($column.eq_any(ids.to_vec())),
        };
        among
    }};
}
pub(crate) use among;

/// A page of a list: how many rows, beginning after which.
#[derive(Debug, Clone)]
pub struct Page<K> {
    pub after: Option<K>,
    pub limit: i64,
}

/// A pattern for LIKE that finds the text anywhere, whatever characters it has; escape is `\`.
pub fn anywhere(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn strings(document: Document) -> Vec<String> {
    serde_json::from_value(document.0).unwrap_or_default()
}

fn document(value: &impl serde::Serialize) -> Document {
    Document(serde_json::to_value(value).unwrap_or_default())
}

fn utc(instant: Instant) -> DateTime<Utc> {
    instant.0
}
