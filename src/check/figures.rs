//! The figures of now, on every date on which one can move: counted partner by partner, and as the
//! tables' tallies add up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Findings;
use super::compare::text;
use super::facts::Facts;
use super::fold::State;
use super::history::{History, by_place};
use super::standings::{Stand, WORDS};
use super::tallies::{self, COUNTED, Counts, groups, plus, table_counts};
use crate::db::Conn;
use crate::domain::id::AllianceId;
use crate::domain::programme::{Indicator, Kind, Of};
use crate::service::Result;
use crate::store::tallies::TallyRow;
use crate::store::{self, OPEN};

/// A dimension's groups, each with its counts.
type Grouped = BTreeMap<(String, String), Counts>;

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    history: &History,
    found: &mut Findings,
) -> Result<()> {
    let Some(programme) = &state.programme else { return Ok(()) };
    let Some(tallies) = found.loaded("tallies", store::tallies::all(conn, alliance))? else {
        return Ok(());
    };
    let facts: Vec<Facts<'_>> = state.partners.keys().filter_map(|id| state.facts(id)).collect();
    let Some(any) = facts.first() else { return Ok(()) };
    let changes = history.now().flat_map(|stand| [Some(stand.from_on), stand.to_on]).flatten();
    let changes: BTreeSet<NaiveDate> = changes.collect();
    let stands = by_place(history.now());
    let mut open: BTreeMap<(&str, &str), Vec<&TallyRow>> = BTreeMap::new();
    for tally in tallies.iter().filter(|row| row.to_seq == OPEN) {
        open.entry((&tally.indicator, &tally.scope)).or_default().push(tally);
    }
    for indicator in &programme.indicators {
        for scope in any.scopes().into_iter().filter(|scope| any.is_scope_of(indicator, scope)) {
            let here = (indicator.key.as_str(), scope.as_str());
            let stands = stands.get(&here).map(Vec::as_slice).unwrap_or_default();
            let tallies = open.get(&here).map(Vec::as_slice).unwrap_or_default();
            let period = any.period(&scope).1;
            for on in changes.iter().copied().chain([period]) {
                let members = facts.iter().map(|facts| members(facts, indicator, &scope, on)).sum();
                let place = format!("figures/{}/{scope}", indicator.key);
                one(&place, on, members, stands, tallies, found);
            }
        }
    }
    Ok(())
}

/// One figure with its groups on one date.
fn one(
    place: &str,
    on: NaiveDate,
    members: i64,
    stands: &[&Stand],
    tallies: &[&TallyRow],
    found: &mut Findings,
) {
    let counted = counted(stands, on);
    let summed = summed(tallies, on);
    let places: BTreeSet<_> = counted.keys().chain(summed.keys()).collect();
    for at in places {
        found.figures += 1;
        let [counted, summed] = [&counted, &summed].map(|all| all.get(at).copied().unwrap_or_default());
        if counted != summed {
            let (dimension, group) = at;
            let detail = format!("counted {}, the tallies say {}", shown(counted), shown(summed));
            found.differ(format!("{place}/{dimension}/{group}/{on}"), detail);
        }
    }
    let whole = summed.get(&("whole".to_owned(), String::new())).copied().unwrap_or_default();
    let standings = || whole.iter().take(WORDS.len());
    let sum: i128 = standings().sum();
    if sum != i128::from(members) {
        found.differ(format!("{place}/{on}"), format!("{members} members, but {sum} standings"));
    }
    if standings().any(|count| *count < 0) {
        found.differ(format!("{place}/{on}"), format!("a count is negative: {}", shown(whole)));
    }
}

fn counted(stands: &[&Stand], on: NaiveDate) -> Grouped {
    let mut grouped = Grouped::new();
    let holds = |stand: &&&Stand| stand.from_on <= on && stand.to_on.is_none_or(|to_on| on < to_on);
    for stand in stands.iter().filter(holds) {
        for (dimension, group) in groups(stand) {
            let counts = grouped.entry((dimension.to_owned(), group)).or_default();
            *counts = plus(*counts, tallies::one(stand));
        }
    }
    grouped
}

fn summed(tallies: &[&TallyRow], on: NaiveDate) -> Grouped {
    let mut grouped = Grouped::new();
    for row in tallies.iter().filter(|row| row.from_on <= on) {
        let counts = grouped.entry((row.dimension.clone(), row.group_key.clone())).or_default();
        *counts = plus(*counts, table_counts(row));
    }
    grouped
}

/// How many a partner adds to an indicator's members on a day, from its memberships alone.
fn members(facts: &Facts<'_>, indicator: &Indicator, scope: &str, on: NaiveDate) -> i64 {
    if !facts.is_in(indicator, scope, on) {
        return 0;
    }
    let pinned = indicator.round.as_deref();
    let many = match indicator.kind {
        Kind::Share | Kind::Count(Of::Partners) | Kind::Sum(_) => 1,
        Kind::Count(Of::Initiatives) => facts.initiatives.iter().filter(|it| facts.leads(it)).count(),
        Kind::Count(Of::Reports) => {
            let wanted = |report: &&&serde_json::Value| {
                facts.counts(report) && pinned.is_none_or(|round| text(report, "round") == round)
            };
            facts.reports.iter().filter(wanted).count()
        }
    };
    i64::try_from(many).unwrap_or(i64::MAX)
}

fn shown(counts: Counts) -> String {
    let one = |(word, count): (&&str, i128)| format!("{word} {count}");
    COUNTED.iter().zip(counts).map(one).collect::<Vec<_>>().join(", ")
}
