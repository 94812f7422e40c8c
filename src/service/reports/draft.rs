//! The partner's draft. It is not journalled and never counts.

use super::view::PartView;
use super::{ReportAt, enter, known_initiatives, must_accept, must_find, new_report};
use crate::db::Conn;
use crate::domain::checks::Faults;
use crate::domain::id::InitiativeId;
use crate::domain::report::{ReportBody, ReportPart, State, check_body, check_part};
use crate::domain::text::Fault;
use crate::service::patch::{self, Seen};
use crate::service::programmes::InForce;
use crate::service::{Ctx, Error, Result, extensions};
use crate::store;
use crate::store::reports::Report;

/// Saves the whole draft, making the report if there is none. Answers whether it was made.
///
/// What is missing or wrong is kept, and listed with the report; only what names nothing that the
/// alliance has is refused.
pub fn save(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
    body: ReportBody,
) -> Result<(Report, bool)> {
    let round = enter(conn, ctx, alliance, at)?;
    let existing = store::reports::find(conn, alliance.id, &at.round, at.partner)?;
    match &existing {
        Some(report) => patch::must_have_seen(seen, report.version)?,
        None => patch::must_not_have_seen(seen)?,
    }
    let deadline = extensions::deadline(conn, alliance, round, at.partner)?;
    must_accept(ctx, alliance, round, deadline)?;
    if let Some(report) = existing.as_ref().filter(|report| !report.state.is_open()) {
        return Err(not_editable(report.state));
    }
    let body = body.with_plain_numbers();
    let initiatives = known_initiatives(conn, at.partner)?;
    let check = check_body(&body, round, &alliance.programme, &initiatives);
    if !check.refused.is_empty() {
        return Err(Error::from(check.refused));
    }
    let Some(mut report) = existing else {
        let part_versions = vec![1; body.initiatives.len()];
        let report = Report { draft: body, part_versions, ..new_report(alliance, at) };
        store::reports::insert(conn, &report)?;
        return Ok((report, true));
    };
    report.part_versions = body.initiatives.iter().map(|part| next_version(&report, part)).collect();
    report.draft = body;
    report.version += 1;
    store::reports::update(conn, &report)?;
    Ok((report, false))
}

/// A part that did not change keeps its version, so that a colleague's copy of it stays good.
fn next_version(report: &Report, part: &ReportPart) -> i64 {
    let before = report.draft.initiatives.iter().zip(&report.part_versions);
    let same = before.into_iter().find(|(old, _)| old.initiative == part.initiative);
    match same {
        Some((old, version)) if old == part => *version,
        Some((_, version)) => version + 1,
        None => report.version + 1,
    }
}

/// Throws away a draft that was never submitted.
pub fn delete(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
) -> Result<()> {
    enter(conn, ctx, alliance, at)?;
    let report = must_find(conn, alliance, at)?;
    patch::must_have_seen(seen, report.version)?;
    if report.submitted_version.is_some() {
        return Err(Error::conflict(
            "wrong-state",
            "Rapporten har været indsendt og kan ikke slettes.",
            "The report has been submitted and can't be deleted.",
        ));
    }
    Ok(store::reports::delete(conn, report.id)?)
}

pub fn find_part(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    initiative: InitiativeId,
) -> Result<PartView> {
    enter(conn, ctx, alliance, at)?;
    let report = must_find(conn, alliance, at)?;
    let place = place(&report, initiative).ok_or_else(Error::absent)?;
    part_view(&report, place)
}

/// Saves one initiative's part, making it if there is none, and the draft as well. The part has a
/// version of its own; the whole moves on with it, so that a stale whole save is refused.
pub fn save_part(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    initiative: InitiativeId,
    seen: Option<&Seen>,
    part: ReportPart,
) -> Result<(PartView, bool)> {
    let round = enter(conn, ctx, alliance, at)?;
    let initiatives = known_initiatives(conn, at.partner)?;
    if !initiatives.iter().any(|known| known.id == initiative.to_string()) {
        return Err(Error::absent());
    }
    let existing = store::reports::find(conn, alliance.id, &at.round, at.partner)?;
    let found = existing.as_ref().and_then(|report| place(report, initiative));
    match (&existing, found) {
        (Some(report), Some(place)) => {
            let version = report.part_versions.get(place).copied().unwrap_or_default();
            patch::must_have_seen(seen, version)?;
        }
        _ => patch::must_not_have_seen(seen)?,
    }
    let deadline = extensions::deadline(conn, alliance, round, at.partner)?;
    must_accept(ctx, alliance, round, deadline)?;
    if let Some(report) = existing.as_ref().filter(|report| !report.state.is_open()) {
        return Err(not_editable(report.state));
    }
    let mut faults = Faults::new();
    if part.initiative != initiative.to_string() {
        faults.add(
            "/initiative",
            "other-initiative",
            "Adressen nævner et andet initiativ.",
            "The address names another initiative.",
        );
    }
    let check = check_part(&part, "", &alliance.programme, &initiatives);
    let refused = check.refused.into_iter().filter(|fault: &Fault| fault.pointer != "/initiative");
    faults.extend(refused);
    faults.unless_any(())?;

    let is_new_report = existing.is_none();
    let mut report = existing.unwrap_or_else(|| new_report(alliance, at));
    let next = report.version + i64::from(!is_new_report);
    let is_new_part = found.is_none();
    match found {
        Some(place) => {
            set(&mut report.draft.initiatives, place, part);
            let version = report.part_versions.get(place).copied().unwrap_or_default() + 1;
            set(&mut report.part_versions, place, version);
        }
        None => {
            report.draft.initiatives.push(part);
            report.part_versions.push(next);
        }
    }
    report.version = next;
    match is_new_report {
        true => store::reports::insert(conn, &report)?,
        false => store::reports::update(conn, &report)?,
    }
    let place = found.unwrap_or(report.draft.initiatives.len().saturating_sub(1));
    Ok((part_view(&report, place)?, is_new_part))
}

pub fn delete_part(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    initiative: InitiativeId,
    seen: Option<&Seen>,
) -> Result<()> {
    let round = enter(conn, ctx, alliance, at)?;
    let mut report = must_find(conn, alliance, at)?;
    let place = place(&report, initiative).ok_or_else(Error::absent)?;
    patch::must_have_seen(seen, report.part_versions.get(place).copied().unwrap_or_default())?;
    let deadline = extensions::deadline(conn, alliance, round, at.partner)?;
    must_accept(ctx, alliance, round, deadline)?;
    if !report.state.is_open() {
        return Err(not_editable(report.state));
    }
    report.draft.initiatives.remove(place);
    report.part_versions.remove(place);
    report.version += 1;
    Ok(store::reports::update(conn, &report)?)
}

/// What was handed in is not edited; the sentence says what has to be done first.
fn not_editable(state: State) -> Error {
    let (da, en) = match state {
        State::Accepted => (
            "Rapporten er godkendt og kan ikke ændres, før sekretariatet har genåbnet den.",
            "The report is accepted, and can't be changed before the secretariat has reopened it.",
        ),
        _ => (
            "Rapporten er indsendt og kan ikke ændres, før den er trukket tilbage eller sendt retur.",
            "The report is submitted, and can't be changed before it is withdrawn or returned.",
        ),
    };
    Error::conflict("wrong-state", da, en)
}

fn place(report: &Report, initiative: InitiativeId) -> Option<usize> {
    let id = initiative.to_string();
    report.draft.initiatives.iter().position(|part| part.initiative == id)
}

fn set<T>(items: &mut [T], place: usize, item: T) {
    if let Some(slot) = items.get_mut(place) {
        *slot = item;
    }
}

fn part_view(report: &Report, place: usize) -> Result<PartView> {
    let part = report.draft.initiatives.get(place).cloned().ok_or_else(Error::absent)?;
    let version = report.part_versions.get(place).copied().unwrap_or_default();
    Ok(PartView { part, version })
}
