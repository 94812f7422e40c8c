//! Reports: saving a draft, handing it in, and what happens to it then.

mod comparison;
mod draft;
mod moves;
mod points;
mod prefill;
mod then;
mod view;

pub use comparison::{Changed, Comparison, InitiativeNamed, compare};
pub use draft::{delete, delete_part, find_part, save, save_part};
pub use moves::{accept, reopen, return_with, submit, withdraw};
pub(in crate::service) use prefill::begin;
pub use prefill::prefill;
pub use then::then;
pub use view::{Listed, PartView, Permissions, ReportView, VersionView, versions, view};

use super::programmes::InForce;
use super::{Ctx, Error, Result};
use crate::db::Conn;
use crate::domain::dates::rfc3339;
use crate::domain::extension::Deadline;
use crate::domain::id::{InitiativeId, PartnerId, ReportId};
use crate::domain::initiative::Initiative;
use crate::domain::programme::{NotAccepting, Round};
use crate::domain::report::{InitiativeKnown, Receipt, State};
use crate::store;
use crate::store::reports::{Report, Version};

/// A report's address: its round and its partner.
#[derive(Debug, Clone)]
pub struct ReportAt {
    pub round: String,
    pub partner: PartnerId,
}

/// The round and whether the partner exists, where the caller may do the operation with the report.
fn enter<'a>(conn: &mut Conn, ctx: &Ctx, alliance: &'a InForce, at: &ReportAt) -> Result<&'a Round> {
    ctx.may_with(alliance.id, at.partner)?;
    let round = alliance.programme.round(&at.round).ok_or_else(Error::absent)?;
    if !store::partners::exists(conn, alliance.id, at.partner)? {
        return Err(Error::absent());
    }
    Ok(round)
}

fn must_find(conn: &mut Conn, alliance: &InForce, at: &ReportAt) -> Result<Report> {
    store::reports::find(conn, alliance.id, &at.round, at.partner)?.ok_or_else(Error::absent)
}

/// The report as the caller may see it: one that was never submitted exists only for its partner.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, at: &ReportAt) -> Result<Report> {
    enter(conn, ctx, alliance, at)?;
    let report = must_find(conn, alliance, at)?;
    let is_own = ctx.as_partner(alliance.id) == Some(report.partner);
    if report.submitted_version.is_none() && !is_own {
        return Err(Error::absent());
    }
    Ok(report)
}

/// Refuses outside the days on which the round is open for the partner.
fn must_accept(ctx: &Ctx, alliance: &InForce, round: &Round, deadline: Deadline) -> Result<()> {
    match deadline.accepting(round, alliance.programme.zone, ctx.now) {
        Ok(()) => Ok(()),
        Err(NotAccepting::NotOpen { opens_at }) => Err(Error::conflict(
            "round-not-open",
            format!("Runden »{}« åbner {}.", round.label.da, local(alliance, opens_at)),
            format!("The round \"{}\" opens on {}.", round.label.en, local(alliance, opens_at)),
        )),
        Err(NotAccepting::Closed { closed_at }) => Err(Error::conflict(
            "round-closed",
            format!(
                "Runden »{}« lukkede {} og tager ikke imod ændringer.",
                round.label.da,
                local(alliance, closed_at)
            ),
            format!(
                "The round \"{}\" closed on {} and takes no changes.",
                round.label.en,
                local(alliance, closed_at)
            ),
        )),
    }
}

pub(in crate::service) fn local(alliance: &InForce, at: chrono::DateTime<chrono::Utc>) -> String {
    at.with_timezone(&alliance.programme.zone).format("%Y-%m-%d %H:%M").to_string()
}

fn wrong_state(state: State) -> Error {
    let (da, en) = match state {
        State::Draft => ("Rapporten er en kladde.", "The report is a draft."),
        State::Submitted => ("Rapporten er indsendt.", "The report is submitted."),
        State::Returned => ("Rapporten er sendt retur.", "The report is returned."),
        State::Accepted => ("Rapporten er godkendt.", "The report is accepted."),
    };
    Error::conflict("wrong-state", da, en)
}

/// The initiatives that the partner takes part in, as a report's check wants them.
pub(in crate::service) fn known_initiatives(
    conn: &mut Conn,
    partner: PartnerId,
) -> Result<Vec<InitiativeKnown>> {
    let initiatives = store::initiatives::of_partners(conn, &[partner])?;
    Ok(initiatives.iter().map(|initiative| known(initiative, partner)).collect())
}

fn known(initiative: &Initiative, partner: PartnerId) -> InitiativeKnown {
    InitiativeKnown {
        id: initiative.id.to_string(),
        title: initiative.title.clone(),
        is_lead: initiative.lead_partner == partner,
        is_running: initiative.status.as_deref() == Some("running"),
    }
}

fn receipt(round: &str, version: &Version) -> Receipt {
    Receipt {
        number: format!("{round}-{}", version.seq),
        received_at: rfc3339(version.received_at.0),
        deadline: rfc3339(version.deadline.0),
        on_time: version.on_time,
        version: version.number,
        sha256: version.sha256.clone(),
        journal_seq: version.seq,
    }
}

fn last_version(conn: &mut Conn, report: &Report) -> Result<Option<Version>> {
    match report.submitted_version {
        Some(number) => Ok(store::reports::version(conn, report.id, number)?),
        None => Ok(None),
    }
}

fn named_initiatives(body: &crate::domain::report::ReportBody) -> Vec<InitiativeId> {
    body.initiatives
        .iter()
        .filter_map(|part| InitiativeId::parse(&part.initiative))
        .collect()
}

fn new_report(alliance: &InForce, at: &ReportAt) -> Report {
    Report {
        id: ReportId::new(),
        alliance: alliance.id,
        round: at.round.clone(),
        partner: at.partner,
        state: State::Draft,
        state_before: State::Draft,
        version: 1,
        draft: crate::domain::report::ReportBody::default(),
        part_versions: Vec::new(),
        submitted_version: None,
        submitted_at: None,
        on_time: None,
        accepted_version: None,
    }
}
