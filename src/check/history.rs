//! The standings as they were known at every point of the journal, compared row by row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::fold::State;
use super::journal::Entry;
use super::standings::Stand;
use super::{Findings, Rows, compare, count};
use crate::db::Conn;
use crate::domain::id::AllianceId;
use crate::service::Result;
use crate::store::standings::StandingRow;
use crate::store::{self, OPEN};

/// A standing and the entries between which it was known: from one on, before another.
pub struct Known {
    pub stand: Stand,
    pub from_seq: i64,
    pub to_seq: i64,
}

/// Every standing that was ever known.
#[derive(Default)]
pub struct History {
    pub rows: Vec<Known>,
    /// Where in `rows` the standings are that a partner has now.
    open: BTreeMap<String, Vec<usize>>,
}

impl History {
    /// Takes what a partner's standings are as of an entry: what is as before goes on being known.
    pub fn renew(&mut self, partner: &str, mut now: Vec<Stand>, seq: i64) {
        let before = self.open.remove(partner).unwrap_or_default();
        let mut open = Vec::with_capacity(now.len());
        for place in before {
            let Some(known) = self.rows.get_mut(place) else { continue };
            match now.iter().position(|stand| *stand == known.stand) {
                Some(same) => {
                    now.swap_remove(same);
                    open.push(place);
                }
                None => known.to_seq = seq,
            }
        }
        for stand in now {
            open.push(self.rows.len());
            self.rows.push(Known { stand, from_seq: seq, to_seq: OPEN });
        }
        self.open.insert(partner.to_owned(), open);
    }

    /// What was known at a size of the journal.
    pub fn at(&self, size: i64) -> Vec<&Stand> {
        let known = self.rows.iter().filter(|it| it.from_seq <= size && size < it.to_seq);
        known.map(|it| &it.stand).collect()
    }

    /// What is known now.
    pub fn now(&self) -> impl Iterator<Item = &Stand> {
        self.rows.iter().filter(|known| known.to_seq == OPEN).map(|known| &known.stand)
    }
}

/// The standings that were known at one size of the journal, for who needs no others: a partner is judged when its
/// record is complete, and not at each entry on the way.
pub struct Then {
    size: i64,
    /// Who was touched by an entry since being judged.
    touched: BTreeSet<String>,
    stands: BTreeMap<String, Vec<Stand>>,
}

impl Then {
    pub fn at(size: i64) -> Then {
        Then { size, touched: BTreeSet::new(), stands: BTreeMap::new() }
    }

    /// Takes an entry into the state.
    pub fn take(&mut self, state: &mut State, entry: &Entry, found: &mut Findings) {
        if entry.seq > self.size {
            self.judge(state);
        }
        let touched = state.apply(entry, found);
        state.forget_submissions(entry);
        if entry.seq <= self.size {
            self.touched.extend(touched);
        }
    }

    fn judge(&mut self, state: &State) {
        for partner in std::mem::take(&mut self.touched) {
            let stands = state.facts(&partner).map(|facts| facts.standings());
            self.stands.insert(partner, stands.unwrap_or_default());
        }
    }

    /// Everybody's.
    pub fn known(mut self, state: &State) -> Vec<Stand> {
        self.judge(state);
        self.stands.into_values().flatten().collect()
    }
}

/// Standings by indicator and scope.
pub fn by_place<'a>(
    stands: impl Iterator<Item = &'a Stand>,
) -> BTreeMap<(&'a str, &'a str), Vec<&'a Stand>> {
    let mut by_place: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for stand in stands {
        let place = (stand.indicator.as_str(), stand.scope.as_str());
        by_place.entry(place).or_default().push(stand);
    }
    by_place
}

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    history: &History,
    found: &mut Findings,
) -> Result<()> {
    let Some(rows) = found.loaded("standings", store::standings::all(conn, alliance))? else {
        return Ok(());
    };
    let rows: Rows = rows.iter().map(table_row).collect();
    let expected: Rows = history.rows.iter().map(expected_row).collect();
    found.standings += count(&rows);
    found.differences.extend(compare::rows(expected, rows));
    Ok(())
}

fn expected_row(known: &Known) -> (String, Value) {
    let stand = &known.stand;
    let place = [&stand.indicator, &stand.scope, &stand.subject, &stand.from_on.to_string()];
    let row = json!({
        "partner": stand.partner,
        "standing": stand.standing,
        "reason": stand.reason,
        "sector": stand.sector,
        "region": stand.region,
        "area": stand.area,
        "focusAreas": stand.focus_areas,
        "toOn": stand.to_on,
        "toSeq": known.to_seq,
        "amounts": stand.amounts.map(|amounts| amounts.map(|units| units.to_string())),
    });
    (address(place, known.from_seq), row)
}

fn table_row(row: &StandingRow) -> (String, Value) {
    let place = [&row.indicator, &row.scope, &row.subject_id.to_string(), &row.from_on.to_string()];
    let amounts = [row.self_reported, row.documented, row.external];
    let amounts = amounts.map(|units| units.map(|units| units.0.to_string()));
    let value = json!({
        "partner": row.partner_id,
        "standing": row.standing,
        "reason": row.reason.0,
        "sector": row.sector,
        "region": row.region,
        "area": row.area,
        "focusAreas": row.focus_areas.0,
        "toOn": row.to_on,
        "toSeq": row.to_seq,
        "amounts": amounts.iter().any(Option::is_some).then_some(amounts),
    });
    (address(place, row.from_seq), value)
}

fn address([indicator, scope, subject, from_on]: [&String; 4], from_seq: i64) -> String {
    format!("standings/{indicator}/{scope}/{subject}/{from_on}/{from_seq}")
}
