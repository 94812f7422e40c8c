//! Standings and tallies made anew from the journal, after a migration that changed what is counted; and what
//! the tables of reports, points, extensions and names keep that follows from it.
//!
//! The service moves them by difference from entry to entry and keeps no way to begin again. The check
//! works out every row that they should be, at every size of the journal, so here it writes them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::{list, number, text};
use super::fold::State;
use super::history::Known;
use super::{Findings, fold_all, tallies};
use crate::db::types::{Document, Instant, Units};
use crate::db::{self, Conn, Db};
use crate::domain::amounts::Amounts;
use crate::domain::dates;
use crate::domain::extension::Extension;
use crate::domain::figure::Tally;
use crate::domain::id::{AllianceId, InitiativeId, KeyId, PartnerId, PointId, ReportId, SubjectId};
use crate::service::{Error, Result};
use crate::store;
use crate::store::refolds::{PointFacts, ReportFacts};
use crate::store::standings::StandingRow;
use crate::store::tallies::TallyRow;

/// Does what a migration left to do, each alliance in a transaction of its own; nothing where nothing is
/// due. Answers the slugs of the alliances that were made anew. Two programs that start at the same time
/// do each alliance once.
pub fn refold_due(db: &Db) -> Result<Vec<String>> {
    let mut done = Vec::new();
    for (alliance, slug) in db.read_now(store::refolds::due)? {
        let refolded = db.write_now(|conn| {
            let is_due = store::refolds::done(conn, alliance)?;
            if is_due {
                refold(conn, alliance)?;
            }
            Ok::<_, Error>(is_due)
        });
        if refolded? {
            done.push(slug);
        }
    }
    Ok(done)
}

fn refold(conn: &mut Conn, alliance: AllianceId) -> Result<()> {
    // What is amiss in the entries is for `facit check` to name, not to stop at.
    let mut found = Findings::default();
    let (state, history) = fold_all(conn, alliance, &mut found)?;
    reports(conn, &state)?;
    extensions(conn, alliance, &state)?;
    store::partner_names::clear(conn, alliance)?;
    store::partner_names::insert(conn, &state.names.rows(alliance).ok_or_else(unreadable)?)?;
    store::standings::clear(conn, alliance)?;
    let standings: Option<Vec<_>> = history.rows.iter().map(|known| standing(alliance, known)).collect();
    let standings = standings.ok_or_else(unreadable)?;
    let series: BTreeSet<_> = standings.iter().map(StandingRow::series).collect();
    series
        .into_iter()
        .try_for_each(|named| store::series::begin(conn, alliance, named))?;
    store::standings::insert(conn, standings)?;
    store::tallies::clear(conn, alliance)?;
    let tallies = tallies::expected(&history).into_iter().map(|(key, counts, from_seq, to_seq)| {
        let [counts @ .., self_reported, documented, external] = counts;
        let amounts = Amounts { self_reported, documented, external };
        let counts: [i128; 5] = counts;
        let [counted, not_counted, not_applicable, no_answer, not_submitted] =
            counts.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let tally = Tally {
            counted,
            not_counted,
            not_applicable,
            no_answer,
            not_submitted,
            amounts,
        };
        TallyRow::new(alliance, key, tally, (from_seq, to_seq))
    });
    store::tallies::insert(conn, alliance, &tallies.collect::<Vec<_>>())?;
    Ok(())
}

/// What reports and points have kept since a later version of the program.
fn reports(conn: &mut Conn, state: &State) -> Result<()> {
    for report in state.reports.values() {
        let Some(id) = ReportId::parse(text(report, "id")) else { return Err(unreadable()) };
        let facts = ReportFacts {
            submitted_at: instant(report, "submittedAt"),
            accepted_version: number(report, "acceptedVersion"),
        };
        store::refolds::report(conn, id, facts)?;
        for point in list(report, "points") {
            let Some(id) = PointId::parse(text(point, "id")) else { return Err(unreadable()) };
            let waived_reason = Some(text(point, "waivedReason")).filter(|reason| !reason.is_empty());
            let facts = PointFacts {
                opened_by: KeyId::parse(text(point, "openedBy")),
                opened_in_version: number(point, "openedInVersion"),
                initiative_id: InitiativeId::parse(text(point, "initiative")),
                closed_at: instant(point, "closedAt"),
                closed_by: KeyId::parse(text(point, "closedBy")),
                waived_reason: waived_reason.map(str::to_owned),
            };
            store::refolds::point(conn, id, facts)?;
        }
    }
    Ok(())
}

fn extensions(conn: &mut Conn, alliance: AllianceId, state: &State) -> Result<()> {
    store::extensions::clear(conn, alliance)?;
    for ((partner, round), extension) in &state.extensions {
        let at = |field| instant(extension, field).map(|at| at.0).ok_or_else(unreadable);
        let extension = Extension {
            round: round.clone(),
            partner: PartnerId::parse(partner).ok_or_else(unreadable)?,
            until: at("until")?,
            reason: text(extension, "reason").to_owned(),
            granted_at: at("grantedAt")?,
            version: number(extension, "version").unwrap_or(1),
        };
        store::extensions::insert(conn, alliance, &extension)?;
    }
    Ok(())
}

fn instant(value: &Value, field: &str) -> Option<Instant> {
    dates::instant(text(value, field)).map(Instant)
}

fn standing(alliance: AllianceId, known: &Known) -> Option<StandingRow> {
    let stand = &known.stand;
    let [self_reported, documented, external] = stand
        .amounts
        .map_or([None; 3], |amounts| amounts.map(|units| Some(Units(units))));
    Some(StandingRow {
        alliance_id: alliance,
        indicator: stand.indicator.clone(),
        scope: stand.scope.clone(),
        subject_id: SubjectId::parse(&stand.subject)?,
        partner_id: PartnerId::parse(&stand.partner)?,
        standing: stand.standing.to_owned(),
        reason: Document(stand.reason.clone()),
        sector: stand.sector.clone(),
        region: stand.region.clone(),
        area: stand.area.clone(),
        focus_areas: Document(stand.focus_areas.iter().cloned().map(Value::String).collect()),
        from_on: stand.from_on,
        to_on: stand.to_on,
        from_seq: known.from_seq,
        to_seq: known.to_seq,
        self_reported,
        documented,
        external,
    })
}

fn unreadable() -> Error {
    Error::Failed(db::Error::Broken("an entry of the journal names no id".to_owned()))
}
