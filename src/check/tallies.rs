//! The running counts, added up again from the history of standings.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::history::History;
use super::standings::{Stand, WORDS};
use super::{Findings, Rows, compare, count};
use crate::db::Conn;
use crate::domain::id::AllianceId;
use crate::service::Result;
use crate::store::tallies::TallyRow;
use crate::store::{self, OPEN};

/// How many stand where, in the order of `WORDS`.
pub type Counts = [i64; 5];

/// A dimension and the group in it; an empty group where there is no value.
pub type Group = (&'static str, String);

/// Everyone, and the three dimensions that split them into groups.
pub fn groups(stand: &Stand) -> [Group; 4] {
    [
        ("whole", String::new()),
        ("sector", stand.sector.clone()),
        ("region", stand.region.clone().unwrap_or_default()),
        ("area", stand.area.clone().unwrap_or_default()),
    ]
}

/// Indicator, scope, group and date of one running count.
type Series = (String, String, Group, NaiveDate);

/// What each entry adds to each running count.
fn changes(history: &History) -> BTreeMap<Series, BTreeMap<i64, Counts>> {
    let mut changes: BTreeMap<Series, BTreeMap<i64, Counts>> = BTreeMap::new();
    for known in &history.rows {
        let stand = &known.stand;
        let Some(place) = WORDS.iter().position(|word| *word == stand.standing) else { continue };
        let seqs = [(known.from_seq, 1), (known.to_seq, -1)];
        let dates = [(Some(stand.from_on), 1), (stand.to_on, -1)];
        for group in groups(stand) {
            for (seq, learnt) in seqs.into_iter().filter(|(seq, _)| *seq != OPEN) {
                for (on, begins) in dates {
                    let Some(on) = on else { continue };
                    let series = (stand.indicator.clone(), stand.scope.clone(), group.clone(), on);
                    let counts = changes.entry(series).or_default().entry(seq).or_default();
                    if let Some(one) = counts.get_mut(place) {
                        *one += learnt * begins;
                    }
                }
            }
        }
    }
    changes
}

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    history: &History,
    found: &mut Findings,
) -> Result<()> {
    let Some(rows) = found.loaded("tallies", store::tallies::all(conn, alliance))? else {
        return Ok(());
    };
    let rows: Rows = rows.iter().map(table_row).collect();
    found.tallies += count(&rows);
    let mut expected = Rows::new();
    for ((indicator, scope, (dimension, group), on), changes) in changes(history) {
        let moved: Vec<(i64, Counts)> =
            changes.into_iter().filter(|(_, change)| *change != [0; 5]).collect();
        let ends = moved.iter().skip(1).map(|(seq, _)| *seq).chain([OPEN]);
        let mut so_far = [0; 5];
        for ((from_seq, change), to_seq) in moved.iter().zip(ends) {
            so_far = plus(so_far, *change);
            let address = address([&indicator, &scope, dimension, &group], on, *from_seq);
            expected.insert(address, value(to_seq, so_far));
        }
    }
    found.differences.extend(compare::rows(expected, rows));
    Ok(())
}

pub fn plus(one: Counts, other: Counts) -> Counts {
    std::array::from_fn(|i| one.get(i).unwrap_or(&0) + other.get(i).unwrap_or(&0))
}

pub fn table_counts(row: &TallyRow) -> Counts {
    [row.counted, row.not_counted, row.not_applicable, row.no_answer, row.not_submitted]
}

fn table_row(row: &TallyRow) -> (String, Value) {
    let place = [&row.indicator, &row.scope, &row.dimension, &row.group_key].map(String::as_str);
    (address(place, row.from_on, row.from_seq), value(row.to_seq, table_counts(row)))
}

fn value(to_seq: i64, counts: Counts) -> Value {
    let counts = WORDS.iter().zip(counts);
    counts.fold(json!({ "toSeq": to_seq }), |value, (word, count)| {
        compare::with(value, word, json!(count))
    })
}

fn address([indicator, scope, dimension, group]: [&str; 4], on: NaiveDate, from_seq: i64) -> String {
    format!("tallies/{indicator}/{scope}/{dimension}/{group}/{on}/{from_seq}")
}
