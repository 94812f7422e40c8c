//! The points of a return: opened by it, closed by what is submitted afterwards, or waived.

use std::collections::HashMap;

use crate::db::Conn;
use crate::domain::id::PointId;
use crate::domain::report::{AcceptReport, Point, ReportBody, ReturnReport};
use crate::domain::text::Fault;
use crate::service::{Ctx, Error, Result};
use crate::store;
use crate::store::reports::Report;

/// Opens the points of a return of the last submission.
pub fn open(
    conn: &mut Conn,
    ctx: &Ctx,
    report: &Report,
    submitted: &ReportBody,
    body: &ReturnReport,
) -> Result<()> {
    let there = store::report_points::of(conn, report.id)?.len();
    for (position, new) in (1 + i64::try_from(there).unwrap_or(0)..).zip(&body.points) {
        let point = Point {
            id: PointId::new(),
            pointer: new.pointer.clone(),
            initiative: new.initiative(submitted),
            code: new.code.clone(),
            detail: new.detail.trim().to_owned(),
            opened_at: ctx.now,
            opened_by: Some(ctx.caller.actor()),
            opened_in_version: report.submitted_version,
            closed_by_version: None,
            closed_at: None,
            closed_by: None,
            waived_reason: None,
        };
        store::report_points::insert(conn, report.id, position, &point)?;
    }
    Ok(())
}

/// Closes each open point whose part of the report differs from what it was when it was returned. The others
/// stay open.
pub fn close(
    conn: &mut Conn,
    ctx: &Ctx,
    report: &Report,
    submitted: &ReportBody,
    number: i64,
) -> Result<()> {
    let mut returned: HashMap<i64, ReportBody> = HashMap::new();
    let points = store::report_points::of(conn, report.id)?;
    for mut point in points.into_iter().filter(Point::is_open) {
        let opened_in = point.opened_in_version.unwrap_or(number - 1);
        let then = match returned.get(&opened_in) {
            Some(body) => body,
            None => {
                let version = store::reports::version(conn, report.id, opened_in)?;
                let body = version.map(|version| version.body()).transpose()?.unwrap_or_default();
                returned.entry(opened_in).or_insert(body)
            }
        };
        if point.is_mended(then, submitted) {
            point.close(number, ctx.caller.actor(), ctx.now);
            store::report_points::update(conn, &point)?;
        }
    }
    Ok(())
}

/// What a withdrawn submission had closed is open again.
pub fn open_again(conn: &mut Conn, report: &Report) -> Result<()> {
    let points = store::report_points::of(conn, report.id)?;
    let closed_by_it = |point: &Point| {
        point.closed_by_version.is_some() && point.closed_by_version == report.submitted_version
    };
    for mut point in points.into_iter().filter(closed_by_it) {
        point.open_again();
        store::report_points::update(conn, &point)?;
    }
    Ok(())
}

/// Lets the named points be. Fails with 409 while others are open.
pub fn settle(conn: &mut Conn, ctx: &Ctx, report: &Report, body: &AcceptReport) -> Result<()> {
    let mut points = store::report_points::of(conn, report.id)?;
    body.check(&points)?;
    for point in points.iter_mut().filter(|point| point.is_open()) {
        let waiver = body.waived.iter().find(|waiver| waiver.point == point.id.to_string());
        if let Some(waiver) = waiver {
            point.waive(waiver.reason.trim(), ctx.caller.actor(), ctx.now);
            store::report_points::update(conn, point)?;
        }
    }
    let open: Vec<Fault> = points.iter().filter(|point| point.is_open()).map(still_open).collect();
    if open.is_empty() {
        return Ok(());
    }
    let error = match open.len() {
        1 => Error::conflict(
            "points-open",
            "Rapporten har et åbent punkt. Det lukkes af en ny indsendelse, eller når du angiver, hvorfor det bortfalder.",
            "The report has an open point. A new submission closes it, or your reason to let it be.",
        ),
        count => Error::conflict(
            "points-open",
            format!(
                "Rapporten har {count} åbne punkter. De lukkes af en ny indsendelse, eller når du angiver, hvorfor de bortfalder."
            ),
            format!(
                "The report has {count} open points. A new submission closes them, or your reason to let them be."
            ),
        ),
    };
    Err(error.with_faults(open))
}

fn still_open(point: &Point) -> Fault {
    let Point { id, code, detail, .. } = point;
    Fault::new(
        point.pointer.clone(),
        "point-open",
        format!("Punktet {id} ({code}) er åbent: {detail}"),
        format!("The point {id} ({code}) is open: {detail}"),
    )
}
