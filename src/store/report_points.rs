use diesel::prelude::*;

use crate::db::schema::{report_points, reports};
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, InitiativeId, KeyId, PointId, ReportId};
use crate::domain::report::Point;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_points, treat_none_as_default_value = false)]
struct PointRow {
    id: PointId,
    report_id: ReportId,
    position: i64,
    pointer: String,
    code: String,
    detail: String,
    opened_at: Instant,
    closed_by_version: Option<i64>,
    opened_by: Option<KeyId>,
    opened_in_version: Option<i64>,
    initiative_id: Option<InitiativeId>,
    closed_at: Option<Instant>,
    closed_by: Option<KeyId>,
    waived_reason: Option<String>,
}

impl From<PointRow> for Point {
    fn from(row: PointRow) -> Point {
        Point {
            id: row.id,
            pointer: row.pointer,
            initiative: row.initiative_id,
            code: row.code,
            detail: row.detail,
            opened_at: row.opened_at.0,
            opened_by: row.opened_by,
            opened_in_version: row.opened_in_version,
            closed_by_version: row.closed_by_version,
            closed_at: row.closed_at.map(|at| at.0),
            closed_by: row.closed_by,
            waived_reason: row.waived_reason,
        }
    }
}

/// A report's, in the order in which they were opened.
pub fn of(conn: &mut Conn, report: ReportId) -> Result<Vec<Point>> {
    let query = report_points::table.filter(report_points::report_id.eq(report));
    let query = query.order(report_points::position).select(PointRow::as_select());
    Ok(query.load(conn)?.into_iter().map(Point::from).collect())
}

/// Every open one of the reports that are with their partners again, in an alliance.
pub fn open_in_returned(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<(ReportId, Point)>> {
    let query = report_points::table
        .inner_join(reports::table.on(report_points::report_id.eq(reports::id)))
        .filter(reports::alliance_id.eq(alliance))
        .filter(reports::state.eq("returned"))
        .filter(report_points::closed_at.is_null())
        .order((report_points::report_id, report_points::position));
    let rows: Vec<PointRow> = query.select(PointRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.report_id, Point::from(row))).collect())
}

pub fn insert(conn: &mut Conn, report: ReportId, position: i64, point: &Point) -> Result<()> {
    let row = PointRow {
        id: point.id,
        report_id: report,
        position,
        pointer: point.pointer.clone(),
        code: point.code.clone(),
        detail: point.detail.clone(),
        opened_at: Instant(point.opened_at),
        closed_by_version: point.closed_by_version,
        opened_by: point.opened_by,
        opened_in_version: point.opened_in_version,
        initiative_id: point.initiative,
        closed_at: point.closed_at.map(Instant),
        closed_by: point.closed_by,
        waived_reason: point.waived_reason.clone(),
    };
    diesel::insert_into(report_points::table).values(row).execute(conn)?;
    Ok(())
}

/// Saves what closed a point, or that it is open again, and its texts.
pub fn update(conn: &mut Conn, point: &Point) -> Result<()> {
    let changes = (
        report_points::detail.eq(point.detail.clone()),
        report_points::closed_by_version.eq(point.closed_by_version),
        report_points::closed_at.eq(point.closed_at.map(Instant)),
        report_points::closed_by.eq(point.closed_by),
        report_points::waived_reason.eq(point.waived_reason.clone()),
    );
    diesel::update(report_points::table.find(point.id)).set(changes).execute(conn)?;
    Ok(())
}
