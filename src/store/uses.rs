//! Who uses which key of a programme.

use std::collections::{BTreeMap, BTreeSet};

use super::{commitments, extensions, initiatives, partners, reports};
use crate::db::{Conn, Result};
use crate::domain::amounts::decimals_of;
use crate::domain::id::{AllianceId, PartnerId};
use crate::domain::programme::{MeasureUse, Use, Uses};
use crate::domain::report::ReportBody;

pub fn of(conn: &mut Conn, alliance: AllianceId) -> Result<Uses> {
    let mut uses = Uses::default();
    let members = partners::all(conn, alliance)?;
    for partner in &members {
        used(&mut uses.sectors, &partner.sector).partners += 1;
        for objective in &partner.objectives {
            used(&mut uses.objectives, objective).partners += 1;
        }
    }
    let ids: Vec<PartnerId> = members.iter().map(|partner| partner.id).collect();
    for commitment in commitments::of_partners(conn, &ids)? {
        used(&mut uses.focus_areas, &commitment.focus_area).commitments += 1;
    }
    for initiative in initiatives::all(conn, alliance)? {
        for area in &initiative.focus_areas {
            used(&mut uses.focus_areas, area).initiatives += 1;
        }
    }
    for (round, count) in extensions::rounds(conn, alliance)? {
        used(&mut uses.rounds, &round).extensions += count;
    }
    let everything = super::Page { after: None, limit: i64::MAX };
    for report in reports::list(conn, alliance, &reports::Filter::default(), &everything)? {
        used(&mut uses.rounds, &report.round).reports += 1;
        let mut bodies = vec![report.draft];
        for version in reports::versions(conn, report.id)? {
            bodies.push(version.body()?);
        }
        let answered: BTreeSet<&String> = bodies.iter().flat_map(|body| body.answers.keys()).collect();
        for question in answered {
            used(&mut uses.questions, question).reports += 1;
        }
        measured(&mut uses.measures, &bodies);
    }
    Ok(uses)
}

/// The measures, or texts in their place, that a report's draft and submissions name.
fn measured(uses: &mut BTreeMap<String, MeasureUse>, bodies: &[ReportBody]) {
    let parts = bodies.iter().flat_map(|body| &body.initiatives);
    let mut named = BTreeSet::new();
    for outcome in parts.flat_map(|part| &part.outcomes) {
        let found = uses.entry(outcome.measure.clone()).or_default();
        found.used.reports += i64::from(named.insert(&outcome.measure));
        let unit = outcome.unit.as_deref().map(str::trim).filter(|unit| !unit.is_empty());
        found.units.extend(unit.map(str::to_owned));
        let amounts = [&outcome.baseline, &outcome.target, &outcome.actual].into_iter().flatten();
        let decimals = amounts.filter_map(|amount| decimals_of(amount)).max().unwrap_or(0);
        found.decimals = found.decimals.max(decimals);
    }
}

fn used<'a>(uses: &'a mut BTreeMap<String, Use>, key: &str) -> &'a mut Use {
    uses.entry(key.to_owned()).or_default()
}
