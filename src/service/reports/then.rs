//! A report as everybody but its partner saw it at an earlier point.

use serde_json::Value;

use super::view::{Permissions, ReportLinks, ReportView, changes_since_acceptance, proof};
use super::{ReportAt, receipt};
use crate::db::{self, Conn};
use crate::domain::dates::{self, rfc3339};
use crate::domain::extension::Deadline;
use crate::domain::id::ReportId;
use crate::domain::report::{Point, State};
use crate::service::past::{Then, subject_then};
use crate::service::{Ctx, Error, Result};
use crate::store;

/// The last submission then, with its state and points then, and the deadline that held then. Nothing of a draft,
/// and nothing that anybody may do: that is a matter of now.
///
/// What was handed in is read from the submission, which never changes, and not from the entry: that has numbers
/// as texts.
pub fn then(conn: &mut Conn, ctx: &Ctx, then: &Then, at: &ReportAt) -> Result<ReportView> {
    let alliance = &then.alliance;
    ctx.may_with(alliance.id, at.partner)?;
    let round = alliance.programme.round(&at.round).ok_or_else(Error::absent)?;
    let subject = format!("reports/{}/{}", at.round, at.partner);
    let report = subject_then(conn, then, &subject)?.ok_or_else(Error::absent)?;
    let text = |field: &str| report.get(field).and_then(Value::as_str);
    let broken = || Error::Failed(db::Error::Broken(format!("an entry of {subject} does not read")));

    let id = text("id").and_then(ReportId::parse).ok_or_else(broken)?;
    let state = text("state").and_then(State::parse).ok_or_else(broken)?;
    let number = report.get("submittedVersion").and_then(Value::as_i64).ok_or_else(broken)?;
    let first = store::reports::version(conn, id, 1)?.ok_or_else(broken)?;
    let last = store::reports::version(conn, id, number)?.ok_or_else(broken)?;
    let body = last.body()?;
    let points = report.get("points").and_then(Value::as_array);
    let points: Option<Vec<Point>> = points.into_iter().flatten().map(Point::from_entry).collect();
    let accepted_version = match report.get("acceptedVersion") {
        Some(version) => version.as_i64(),
        // Entries did not say so from the beginning.
        None => (state == State::Accepted).then_some(number),
    };
    let extension = subject_then(conn, then, &format!("rounds/{}/extensions/{}", at.round, at.partner))?;
    let until = extension.as_ref().and_then(|extension| extension.get("until")?.as_str());
    let deadline = Deadline::until(round, until.and_then(dates::instant));
    Ok(ReportView {
        round: at.round.clone(),
        partner: at.partner,
        state,
        version: None,
        submitted_version: Some(number),
        submitted_at: Some(rfc3339(first.received_at.0)),
        on_time: Some(first.on_time),
        accepted_version,
        deadline: rfc3339(deadline.at),
        answers: body.answers,
        initiatives: body.initiatives,
        points: points.ok_or_else(broken)?,
        receipt: Some(receipt(&at.round, &last)),
        permissions: Permissions::default(),
        faults: Vec::new(),
        warnings: Vec::new(),
        links: ReportLinks {
            changes_since_acceptance: changes_since_acceptance(
                &alliance.programme.slug,
                at,
                accepted_version,
                Some(number),
            ),
            receipt_proof: Some(proof(alliance, last.seq)),
        },
    })
}
