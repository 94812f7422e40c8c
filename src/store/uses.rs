//! Who uses which key of a programme.

use std::collections::BTreeMap;

use super::{commitments, initiatives, partners, reports};
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, PartnerId};
use crate::domain::programme::{Use, Uses};

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
    let everything = super::Page { after: None, limit: i64::MAX };
    for report in reports::list(conn, alliance, &reports::Filter::default(), &everything)? {
        used(&mut uses.rounds, &report.round).reports += 1;
        let mut answered: Vec<String> = report.draft.answers.keys().cloned().collect();
        for version in reports::versions(conn, report.id)? {
            answered.extend(version.body()?.answers.into_keys());
        }
        answered.sort_unstable();
        answered.dedup();
        for question in answered {
            used(&mut uses.questions, &question).reports += 1;
        }
    }
    Ok(uses)
}

fn used<'a>(uses: &'a mut BTreeMap<String, Use>, key: &str) -> &'a mut Use {
    uses.entry(key.to_owned()).or_default()
}
