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
use crate::store::tallies::{TallyKey, TallyRow};
use crate::store::{self, OPEN};

/// How many stand where, in the order of `WORDS`; then what the counted ones of a sum add, by verification.
pub type Counts = [i128; 8];

/// What each of the counts is called.
pub const COUNTED: [&str; 8] = {
    let [counted, not_counted, not_applicable, no_answer, not_submitted] = WORDS;
    [
        counted,
        not_counted,
        not_applicable,
        no_answer,
        not_submitted,
        "selfReported",
        "documented",
        "external",
    ]
};

/// A single standing as counts.
pub fn one(stand: &Stand) -> Counts {
    let [self_reported, documented, external] = stand.amounts.unwrap_or_default();
    let is = |word: &&str| i128::from(*word == stand.standing);
    let [a, b, c, d, e] = WORDS.each_ref().map(is);
    [a, b, c, d, e, self_reported, documented, external]
}

/// A dimension and the group in it; an empty group where there is no value.
pub type Group = (&'static str, String);

/// Everyone, the three dimensions that split them into groups, and a group for each focus area.
pub fn groups(stand: &Stand) -> Vec<Group> {
    let none = stand.focus_areas.is_empty().then(String::new);
    let areas = stand.focus_areas.iter().cloned().chain(none);
    let groups = [
        ("whole", String::new()),
        ("sector", stand.sector.clone()),
        ("region", stand.region.clone().unwrap_or_default()),
        ("area", stand.area.clone().unwrap_or_default()),
    ];
    groups.into_iter().chain(areas.map(|area| ("focusArea", area))).collect()
}

/// Indicator, scope, group and date of one running count.
type Series = (String, String, Group, NaiveDate);

/// What each entry adds to each running count.
fn changes(history: &History) -> BTreeMap<Series, BTreeMap<i64, Counts>> {
    let mut changes: BTreeMap<Series, BTreeMap<i64, Counts>> = BTreeMap::new();
    for known in &history.rows {
        let stand = &known.stand;
        let one = one(stand);
        let seqs = [(known.from_seq, 1), (known.to_seq, -1)];
        let dates = [(Some(stand.from_on), 1), (stand.to_on, -1)];
        for group in groups(stand) {
            for (seq, learnt) in seqs.into_iter().filter(|(seq, _)| *seq != OPEN) {
                for (on, begins) in dates {
                    let Some(on) = on else { continue };
                    let series = (stand.indicator.clone(), stand.scope.clone(), group.clone(), on);
                    let counts = changes.entry(series).or_default().entry(seq).or_default();
                    let sign: i128 = learnt * begins;
                    *counts = plus(*counts, one.map(|count| count.wrapping_mul(sign)));
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
    let expected = expected(history).into_iter().map(|(key, counts, from_seq, to_seq)| {
        let place = [&key.indicator, &key.scope, &key.dimension, &key.group].map(String::as_str);
        (address(place, key.on, from_seq), value(to_seq, counts))
    });
    found.differences.extend(compare::rows(expected.collect(), rows));
    Ok(())
}

/// Every row that there should be: which tally, its running counts, and from which entry on and before
/// which they are known.
pub fn expected(history: &History) -> Vec<(TallyKey, Counts, i64, i64)> {
    let mut rows = Vec::new();
    for ((indicator, scope, (dimension, group), on), changes) in changes(history) {
        let key = TallyKey { indicator, scope, dimension: dimension.to_owned(), group, on };
        let moved: Vec<(i64, Counts)> =
            changes.into_iter().filter(|(_, change)| *change != [0; 8]).collect();
        let ends = moved.iter().skip(1).map(|(seq, _)| *seq).chain([OPEN]);
        let mut so_far = [0; 8];
        for ((from_seq, change), to_seq) in moved.iter().zip(ends) {
            so_far = plus(so_far, *change);
            rows.push((key.clone(), so_far, *from_seq, to_seq));
        }
    }
    rows
}

pub fn plus(one: Counts, other: Counts) -> Counts {
    std::array::from_fn(|i| one.get(i).unwrap_or(&0).wrapping_add(*other.get(i).unwrap_or(&0)))
}

pub fn table_counts(row: &TallyRow) -> Counts {
    let counts = [row.counted, row.not_counted, row.not_applicable, row.no_answer, row.not_submitted];
    let [a, b, c, d, e] = counts.map(i128::from);
    [a, b, c, d, e, row.self_reported.0, row.documented.0, row.external.0]
}

fn table_row(row: &TallyRow) -> (String, Value) {
    let place = [&row.indicator, &row.scope, &row.dimension, &row.group_key].map(String::as_str);
    (address(place, row.from_on, row.from_seq), value(row.to_seq, table_counts(row)))
}

fn value(to_seq: i64, counts: Counts) -> Value {
    let counts = COUNTED.iter().zip(counts);
    counts.fold(json!({ "toSeq": to_seq }), |value, (word, count)| {
        compare::with(value, word, json!(count.to_string()))
    })
}

fn address([indicator, scope, dimension, group]: [&str; 4], on: NaiveDate, from_seq: i64) -> String {
    format!("tallies/{indicator}/{scope}/{dimension}/{group}/{on}/{from_seq}")
}
