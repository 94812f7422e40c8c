//! A report as a caller may see it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{InForce, ReportAt, known_initiatives, last_version, receipt};
use crate::db::Conn;
use crate::domain::dates::rfc3339;
use crate::domain::extension::Deadline;
use crate::domain::id::PartnerId;
use crate::domain::programme::Round;
use crate::domain::report::{
    Answer, BodyCheck, Point, Receipt, ReportBody, ReportPart, State, check_body,
};
use crate::domain::text::{Fault, Language};
use crate::service::{Ctx, Error, Result, extensions};
use crate::store;
use crate::store::reports::Report;

/// What one partner hands in for one round. Its partner sees the draft; everybody else sees the last
/// submission.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Report, example = json!({
    "round": "2023H2", "partner": "019353f2-6c00-7000-8000-000000000001", "state": "draft", "version": 1,
    "submittedVersion": null, "submittedAt": null, "onTime": null, "acceptedVersion": null,
    "deadline": "2023-12-31T22:59:59.000000Z", "answers": {"new_collaborations": {"value": "yes"}}, "initiatives": [], "points": [], "receipt": null,
    "permissions": {"edit": true, "submit": true, "withdraw": false}, "faults": [], "warnings": [],
    "links": {"changesSinceAcceptance": null, "receiptProof": null}
}))]
pub struct ReportView {
    pub round: String,
    pub partner: PartnerId,
    pub state: State,
    /// Counts saves; null as of an earlier point, since no entry tells of a draft that was saved.
    pub version: Option<i64>,
    /// The last submission: 1, 2, 3.
    pub submitted_version: Option<i64>,
    /// When the first submission was received.
    #[schema(format = "date-time")]
    pub submitted_at: Option<String>,
    /// Of the first submission.
    pub on_time: Option<bool>,
    /// The last submission that was accepted.
    pub accepted_version: Option<i64>,
    /// The deadline that holds now: the partner's extension, else the round's.
    #[schema(format = "date-time")]
    pub deadline: String,
    #[schema(value_type = std::collections::HashMap<String, Answer>)]
    pub answers: BTreeMap<String, Answer>,
    pub initiatives: Vec<ReportPart>,
    pub points: Vec<Point>,
    pub receipt: Option<Receipt>,
    pub permissions: Permissions,
    /// What stands in the way of a submission.
    pub faults: Vec<Remark>,
    /// What is worth a second look.
    pub warnings: Vec<Remark>,
    pub links: ReportLinks,
}

/// Relative addresses.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportLinks {
    /// What the last submission says that the last accepted one did not; null where they are the same.
    pub changes_since_acceptance: Option<String>,
    /// A file that proves, without us, that the receipt's entry is in the journal; null without a receipt.
    pub receipt_proof: Option<String>,
}

/// What the caller may do with the report at this moment.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    pub edit: bool,
    pub submit: bool,
    pub withdraw: bool,
}

/// A fault or a warning, in the caller's language.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Remark {
    #[schema(example = "/answers/reach")]
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

impl Remark {
    pub fn new(fault: Fault, language: Language) -> Remark {
        let detail = fault.detail.get(language).to_owned();
        Remark { pointer: fault.pointer, code: fault.code.to_owned(), detail }
    }
}

/// A report in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    pub round: String,
    pub partner: PartnerId,
    pub state: State,
    pub version: i64,
    pub submitted_version: Option<i64>,
    /// When the first submission was received.
    #[schema(format = "date-time")]
    pub submitted_at: Option<String>,
    pub on_time: Option<bool>,
}

impl From<&Report> for Listed {
    fn from(report: &Report) -> Listed {
        Listed {
            round: report.round.clone(),
            partner: report.partner,
            state: report.state,
            version: report.version,
            submitted_version: report.submitted_version,
            submitted_at: report.submitted_at.map(rfc3339),
            on_time: report.on_time,
        }
    }
}

/// One initiative's part with its own version.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartView {
    #[serde(flatten)]
    pub part: ReportPart,
    pub version: i64,
}

/// A submission, frozen.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    pub version: i64,
    #[schema(format = "date-time")]
    pub received_at: String,
    pub on_time: bool,
    /// The version of the programme that it was submitted under.
    pub programme_version: i64,
    #[schema(value_type = std::collections::HashMap<String, Answer>)]
    pub answers: BTreeMap<String, Answer>,
    pub initiatives: Vec<ReportPart>,
    pub receipt: Receipt,
    pub links: VersionLinks,
}

/// Relative addresses.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionLinks {
    /// A file that proves, without us, that the receipt's entry is in the journal.
    pub receipt_proof: String,
}

pub fn view(
    conn: &mut Conn,
    ctx: &Ctx,
    language: Language,
    alliance: &InForce,
    report: &Report,
) -> Result<ReportView> {
    let is_own = ctx.as_partner(alliance.id) == Some(report.partner);
    let version = last_version(conn, report)?;
    let submitted = version.as_ref().map(store::reports::Version::body).transpose()?;
    let body = match submitted {
        Some(body) if !is_own || !report.state.is_open() => body,
        _ if is_own => report.draft.clone(),
        _ => ReportBody::default(),
    };
    let round = alliance.programme.round(&report.round).ok_or_else(Error::absent)?;
    let check = match is_own && report.state.is_open() {
        true => {
            let initiatives = known_initiatives(conn, report.partner)?;
            check_body(&report.draft, round, &alliance.programme, &initiatives)
        }
        false => BodyCheck::default(),
    };
    let faults: Vec<Fault> = check.refused.into_iter().chain(check.faults).collect();
    let deadline = extensions::deadline(conn, alliance, round, report.partner)?;
    let permissions = permissions(ctx, alliance, round, deadline, report, faults.is_empty());
    let remarks = |faults: Vec<Fault>| faults.into_iter().map(|f| Remark::new(f, language)).collect();
    Ok(ReportView {
        round: report.round.clone(),
        partner: report.partner,
        state: report.state,
        version: Some(report.version),
        submitted_version: report.submitted_version,
        submitted_at: report.submitted_at.map(rfc3339),
        on_time: report.on_time,
        accepted_version: report.accepted_version,
        deadline: rfc3339(deadline.at),
        answers: body.answers,
        initiatives: body.initiatives,
        points: store::report_points::of(conn, report.id)?,
        receipt: version.as_ref().map(|version| receipt(&report.round, version)),
        permissions,
        faults: remarks(faults),
        warnings: remarks(check.warnings),
        links: ReportLinks {
            changes_since_acceptance: changes_since_acceptance(
                &alliance.programme.slug,
                &ReportAt { round: report.round.clone(), partner: report.partner },
                report.accepted_version,
                report.submitted_version,
            ),
            receipt_proof: version.as_ref().map(|version| proof(alliance, version.seq)),
        },
    })
}

pub(super) fn proof(alliance: &InForce, seq: i64) -> String {
    format!("/v1/alliances/{}/journal/{seq}/proof", alliance.programme.slug)
}

pub(super) fn changes_since_acceptance(
    slug: &str,
    at: &ReportAt,
    accepted: Option<i64>,
    last: Option<i64>,
) -> Option<String> {
    let (accepted, last) = (accepted?, last?);
    let at = format!("/v1/alliances/{slug}/reports/{}/{}", at.round, at.partner);
    (accepted != last).then(|| format!("{at}/versions/{last}/diff?from={accepted}"))
}

fn permissions(
    ctx: &Ctx,
    alliance: &InForce,
    round: &Round,
    deadline: Deadline,
    report: &Report,
    is_faultless: bool,
) -> Permissions {
    let is_own = ctx.as_partner(alliance.id) == Some(report.partner);
    let accepting = deadline.accepting(round, alliance.programme.zone, ctx.now).is_ok();
    let edit = is_own && accepting && report.state.is_open();
    let withdraw = is_own && report.state == State::Submitted && deadline.is_met(ctx.now);
    Permissions { edit, submit: edit && is_faultless, withdraw }
}

/// Every submission of a report.
pub fn versions(conn: &mut Conn, alliance: &InForce, report: &Report) -> Result<Vec<VersionView>> {
    let mut views = Vec::new();
    for version in store::reports::versions(conn, report.id)? {
        let body = version.body()?;
        views.push(VersionView {
            version: version.number,
            received_at: rfc3339(version.received_at.0),
            on_time: version.on_time,
            programme_version: version.programme_version,
            answers: body.answers,
            initiatives: body.initiatives,
            receipt: receipt(&report.round, &version),
            links: VersionLinks { receipt_proof: proof(alliance, version.seq) },
        });
    }
    Ok(views)
}
