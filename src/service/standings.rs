//! Standings and tallies, moved by difference in the transaction of the write that changed them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ctx, Result};
use crate::db::Conn;
use crate::domain::figure::Tally;
use crate::domain::id::{AllianceId, PartnerId};
use crate::domain::programme::Programme;
use crate::domain::standing::standings;
use crate::store;
use crate::store::CHUNK;
use crate::store::standings::StandingRow;
use crate::store::tallies::{FOCUS_AREA, TallyKey, WHOLE};

/// Evaluates these partners again, as of journal entry `seq`, and moves the tallies by what changed.
pub fn renew(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: AllianceId,
    programme: &Programme,
    partners: &[PartnerId],
    seq: i64,
) -> Result<()> {
    let mut moves: BTreeMap<TallyKey, Tally> = BTreeMap::new();
    for chunk in partners.chunks(CHUNK) {
        let known = store::standings::open_of(conn, chunk)?;
        let mut known: BTreeMap<_, StandingRow> =
            known.into_iter().map(|row| (key(&row), row)).collect();
        let there: BTreeSet<i64> = known.values().map(|row| row.series().id(alliance)).collect();
        let (mut fresh, mut gone) = (Vec::new(), Vec::new());
        for record in store::records::of(conn, alliance, chunk)? {
            for placed in standings(programme, &record) {
                let row = StandingRow::new(alliance, record.partner.id, placed, seq);
                let before = known.remove(&key(&row));
                if before.as_ref().is_some_and(|before| before.says_the_same(&row)) {
                    continue;
                }
                gone.extend(before);
                count(&mut moves, &row, 1);
                fresh.push(row);
            }
        }
        gone.extend(known.into_values());
        gone.iter().for_each(|row| count(&mut moves, row, -1));
        begin_series(conn, ctx, alliance, &fresh, &there)?;
        store::standings::close(conn, &gone, seq)?;
        store::standings::insert(conn, fresh)?;
    }
    let moves = moves.into_iter().filter(|(_, change)| !change.is_zero());
    match ctx.gathered(alliance) {
        Some(mut gathered) => Ok(gathered.counts.shift(conn, moves, seq)?),
        None => Ok(store::tallies::shift(conn, alliance, moves, seq)?),
    }
}

/// Sees to it that the series of new standings are there, but those that surely are.
fn begin_series(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: AllianceId,
    fresh: &[StandingRow],
    there: &BTreeSet<i64>,
) -> Result<()> {
    let unsure: BTreeSet<_> = fresh.iter().map(StandingRow::series).collect();
    for named in unsure.into_iter().filter(|named| !there.contains(&named.id(alliance))) {
        match ctx.gathered(alliance) {
            Some(mut gathered) => gathered.counts.begin_series(conn, named)?,
            None => store::series::begin(conn, alliance, named)?,
        }
    }
    Ok(())
}

type Key = (String, String, crate::domain::id::SubjectId, chrono::NaiveDate);

fn key(row: &StandingRow) -> Key {
    (row.indicator.clone(), row.scope.clone(), row.subject_id, row.from_on)
}

/// One more (or one fewer) on the day a standing begins to hold, and the opposite on the day it ends;
/// for everyone, and in each of its groups.
fn count(moves: &mut BTreeMap<TallyKey, Tally>, row: &StandingRow, change: i64) {
    let Some(standing) = row.standing() else { return };
    let days = [(Some(row.from_on), change), (row.to_on, -change)];
    for (dimension, group) in groups(row) {
        for (on, change) in days {
            let Some(on) = on else { continue };
            let key = TallyKey {
                indicator: row.indicator.clone(),
                scope: row.scope.clone(),
                dimension: dimension.to_owned(),
                group: group.clone(),
                on,
            };
            let tally = moves.entry(key).or_default();
            tally.add(standing, change);
            if let Some(amounts) = row.amounts() {
                tally.add_amounts(amounts, change);
            }
        }
    }
}

/// Every group that a standing is counted in; an empty one where it has no value.
fn groups(row: &StandingRow) -> Vec<(&'static str, String)> {
    let mut groups = vec![
        (WHOLE, String::new()),
        ("sector", row.sector.clone()),
        ("region", row.region.clone().unwrap_or_default()),
        ("area", row.area.clone().unwrap_or_default()),
    ];
    let areas = row.focus_areas();
    if areas.is_empty() {
        groups.push((FOCUS_AREA, String::new()));
    }
    groups.extend(areas.into_iter().map(|area| (FOCUS_AREA, area)));
    groups
}
