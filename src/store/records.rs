//! Partners' records, read whole for evaluation.

use std::collections::HashMap;

use super::{commitments, initiatives, partners, reports};
use crate::db::{Conn, Result};
use crate::domain::commitment::Commitment;
use crate::domain::id::{AllianceId, PartnerId};
use crate::domain::initiative::Initiative;
use crate::domain::record::{HandedIn, PartnerRecord};

pub fn of(conn: &mut Conn, alliance: AllianceId, ids: &[PartnerId]) -> Result<Vec<PartnerRecord>> {
    let mut chosen: HashMap<PartnerId, Vec<Commitment>> = HashMap::new();
    for commitment in commitments::of_partners(conn, ids)? {
        chosen.entry(commitment.partner).or_default().push(commitment);
    }
    let mut taking_part: HashMap<PartnerId, Vec<Initiative>> = HashMap::new();
    for initiative in initiatives::of_partners(conn, ids)? {
        for partner in &initiative.partners {
            taking_part.entry(*partner).or_default().push(initiative.clone());
        }
    }
    let mut handed_in: HashMap<PartnerId, Vec<HandedIn>> = HashMap::new();
    for (report, version) in reports::handed_in(conn, ids)? {
        let body = version.body()?;
        handed_in.entry(report.partner).or_default().push(HandedIn {
            id: report.id,
            round: report.round,
            state: report.state,
            on_time: report.on_time.unwrap_or(version.on_time),
            number: version.number,
            answers: body.answers,
            initiatives: body.initiatives,
        });
    }
    let record = |partner: crate::domain::partner::Partner| PartnerRecord {
        commitments: chosen.remove(&partner.id).unwrap_or_default(),
        initiatives: taking_part.remove(&partner.id).unwrap_or_default(),
        reports: handed_in.remove(&partner.id).unwrap_or_default(),
        partner,
    };
    Ok(partners::by_ids(conn, alliance, ids)?.into_iter().map(record).collect())
}
