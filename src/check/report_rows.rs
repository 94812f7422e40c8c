//! What the state makes of the tables of reports, their submissions and their points.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::compare::{list, text, with};
use super::fold::State;
use super::reports::body;
use super::{Findings, Rows};
use crate::db::Conn;
use crate::domain::dates::rfc3339;
use crate::domain::id::{AllianceId, ReportId};
use crate::domain::journal::without_floats;
use crate::service::Result;
use crate::store::audit::{self, PointRow, ReportRow, VersionRow};

/// Reports' addresses by their ids, which are what the rows below them name.
struct Addresses(HashMap<ReportId, String>);

impl Addresses {
    fn of(&self, report: ReportId) -> String {
        self.0.get(&report).cloned().unwrap_or_else(|| format!("reports/{report}"))
    }
}

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    found: &mut Findings,
) -> Result<()> {
    let Some(rows) = found.loaded("reports", audit::reports(conn, alliance))? else { return Ok(()) };
    let address = |row: &ReportRow| format!("reports/{}/{}", row.round, row.partner_id);
    let addresses = Addresses(rows.iter().map(|row| (row.id, address(row))).collect());
    reports(state, rows, found);
    versions(conn, alliance, state, &addresses, found)?;
    named(conn, alliance, state, &addresses, found)?;
    points(conn, alliance, state, &addresses, found)
}

fn reports(state: &State, rows: Vec<ReportRow>, found: &mut Findings) {
    let report = |((partner, round), report): (&(String, String), &Value)| {
        let fields = [
            "id",
            "round",
            "partner",
            "state",
            "stateBefore",
            "submittedVersion",
            "submittedAt",
            "onTime",
            "acceptedVersion",
        ];
        let fields =
            fields.map(|field| (field.to_owned(), report.get(field).cloned().unwrap_or_default()));
        (format!("reports/{round}/{partner}"), Value::Object(fields.into_iter().collect()))
    };
    let expected: Rows = state.reports.iter().map(report).collect();
    // A draft that was never submitted is nobody's business but its partner's, and not journalled.
    let is_draft = |row: &ReportRow| {
        row.state == "draft"
            && row.state_before == "draft"
            && row.submitted_version.is_none()
            && row.submitted_at.is_none()
            && row.on_time.is_none()
            && row.accepted_version.is_none()
    };
    let row = |row: ReportRow| {
        let value = json!({
            "id": row.id,
            "round": row.round,
            "partner": row.partner_id,
            "state": row.state,
            "stateBefore": row.state_before,
            "submittedVersion": row.submitted_version,
            "submittedAt": row.submitted_at.map(|at| rfc3339(at.0)),
            "onTime": row.on_time,
            "acceptedVersion": row.accepted_version,
        });
        (format!("reports/{}/{}", row.round, row.partner_id), value, is_draft(&row))
    };
    let rows = rows.into_iter().map(row);
    let handed_in = rows.filter(|(address, _, is_draft)| !is_draft || expected.contains_key(address));
    let rows = handed_in.map(|(address, value, _)| (address, value)).collect();
    found.compare(expected, rows);
}

fn versions(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    addresses: &Addresses,
    found: &mut Findings,
) -> Result<()> {
    let rows = audit::report_versions(conn, alliance);
    let Some(rows) = found.loaded("report_versions", rows)? else { return Ok(()) };
    let submission = |(partner, round, number, after): (&str, &str, i64, &Value)| {
        let of_receipt = |field: &str| after.get("receipt").and_then(|receipt| receipt.get(field));
        let value = json!({
            "body": body(after),
            "receivedAt": of_receipt("receivedAt"),
            "deadline": of_receipt("deadline"),
            "onTime": of_receipt("onTime"),
            "programmeVersion": after.get("programmeVersion"),
            "sha256": of_receipt("sha256"),
            "seq": of_receipt("journalSeq"),
        });
        (format!("reports/{round}/{partner}/versions/{number}"), value)
    };
    let row = |row: VersionRow| {
        let value = json!({
            "body": without_floats(&row.body.0),
            "receivedAt": rfc3339(row.received_at.0),
            "deadline": rfc3339(row.deadline.0),
            "onTime": row.on_time,
            "programmeVersion": row.programme_version,
            "sha256": row.sha256,
            "seq": row.seq,
        });
        (format!("{}/versions/{}", addresses.of(row.report_id), row.number), value)
    };
    found
        .compare(state.each_submission().map(submission).collect(), rows.into_iter().map(row).collect());
    Ok(())
}

/// Which initiatives each submission names.
fn named(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    addresses: &Addresses,
    found: &mut Findings,
) -> Result<()> {
    let rows = audit::report_initiatives(conn, alliance);
    let Some(rows) = found.loaded("report_initiatives", rows)? else { return Ok(()) };
    let mut expected = Rows::new();
    for (partner, round, number, after) in state.each_submission() {
        for part in list(after, "initiatives") {
            let initiative = text(part, "initiative");
            let address =
                format!("reports/{round}/{partner}/versions/{number}/initiatives/{initiative}");
            expected.insert(address, json!({}));
        }
    }
    let row = |(report, number, initiative)| {
        (format!("{}/versions/{number}/initiatives/{initiative}", addresses.of(report)), json!({}))
    };
    found.compare(expected, rows.into_iter().map(row).collect());
    Ok(())
}

fn points(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    addresses: &Addresses,
    found: &mut Findings,
) -> Result<()> {
    let rows = audit::report_points(conn, alliance);
    let Some(rows) = found.loaded("report_points", rows)? else { return Ok(()) };
    let mut expected = Rows::new();
    for ((partner, round), report) in &state.reports {
        for (position, point) in (1_i64..).zip(list(report, "points")) {
            let row = with(point.clone(), "position", json!(position));
            expected.insert(format!("reports/{round}/{partner}/points/{}", text(point, "id")), row);
        }
    }
    let row = |row: PointRow| {
        let value = json!({
            "id": row.id,
            "position": row.position,
            "pointer": row.pointer,
            "code": row.code,
            "detail": row.detail,
            "openedAt": rfc3339(row.opened_at.0),
            "openedBy": row.opened_by,
            "openedInVersion": row.opened_in_version,
            "initiative": row.initiative_id,
            "closedByVersion": row.closed_by_version,
            "closedAt": row.closed_at.map(|at| rfc3339(at.0)),
            "closedBy": row.closed_by,
            "waivedReason": row.waived_reason,
        });
        (format!("{}/points/{}", addresses.of(row.report_id), row.id), value)
    };
    found.compare(expected, rows.into_iter().map(row).collect());
    Ok(())
}
