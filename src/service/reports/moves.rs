//! The five moves of a report. Each is journalled, and moves standings in the same transaction.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    ReportAt, enter, known_initiatives, last_version, must_accept, must_find, named_initiatives, points,
};
use super::{receipt, wrong_state};
use crate::db::Conn;
use crate::db::types::{Document, Instant};
use crate::domain::dates::rfc3339;
use crate::domain::journal::{Change, SaltedText, hex, take, without_floats};
use crate::domain::programme::Programme;
use crate::domain::report::{
    AcceptReport, Answer, AnswerValue, Move, ReopenReport, ReportBody, ReturnReport, State, check_body,
};
use crate::domain::text::pointer_step;
use crate::service::patch::{self, Seen};
use crate::service::programmes::InForce;
use crate::service::{Ctx, Error, Result, extensions, journal, standings};
use crate::store;
use crate::store::reports::{Report, Version};

/// Hands the draft in. From here on it counts, if the programme counts what is submitted.
pub fn submit(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
) -> Result<Report> {
    let round = enter(conn, ctx, alliance, at)?;
    let mut report = must_find(conn, alliance, at)?;
    patch::may_have_seen(seen, report.version)?;
    let state = moved(&report, Move::Submit)?;
    let deadline = extensions::deadline(conn, alliance, round, at.partner)?;
    must_accept(ctx, alliance, round, deadline)?;
    let initiatives = known_initiatives(conn, at.partner)?;
    let mut check = check_body(&report.draft, round, &alliance.programme, &initiatives);
    check.refused.append(&mut check.faults);
    if !check.refused.is_empty() {
        return Err(Error::from(check.refused));
    }

    let number = report.submitted_version.unwrap_or(0) + 1;
    let on_time = report.on_time.unwrap_or_else(|| deadline.is_met(ctx.now));
    let body = cleaned(&report.draft);
    let handed_in = HandedIn::seal(&alliance.programme, &body);
    let version = Version {
        report_id: report.id,
        number,
        body: Document(serde_json::to_value(&body).unwrap_or_default()),
        received_at: Instant(ctx.now),
        deadline: Instant(deadline.at),
        on_time,
        programme_version: alliance.version,
        sha256: handed_in.sha256.clone(),
        seq: journal::next_seq(conn, ctx, alliance.id)?,
    };
    store::reports::insert_version(conn, &version, &named_initiatives(&body))?;
    points::close(conn, ctx, &report, &body, number)?;
    report.state_before = report.state;
    report.state = state;
    report.version += 1;
    report.submitted_version = Some(number);
    report.submitted_at.get_or_insert(ctx.now);
    report.on_time = Some(on_time);
    store::reports::update(conn, &report)?;
    record(conn, ctx, alliance, &report, "report.submitted", None, handed_in)?;
    Ok(report)
}

/// Takes the submission back, until the deadline.
pub fn withdraw(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
) -> Result<Report> {
    let round = enter(conn, ctx, alliance, at)?;
    let mut report = must_find(conn, alliance, at)?;
    patch::may_have_seen(seen, report.version)?;
    let state = moved(&report, Move::Withdraw)?;
    if !extensions::deadline(conn, alliance, round, at.partner)?.is_met(ctx.now) {
        return Err(Error::conflict(
            "deadline-passed",
            "Fristen er udløbet, så rapporten kan ikke trækkes tilbage.",
            "The deadline has passed, so the report can't be withdrawn.",
        ));
    }
    points::open_again(conn, &report)?;
    report.state = state;
    report.version += 1;
    save(conn, ctx, alliance, report, "report.withdrawn", None)
}

/// Sends a submission back with what is to be mended.
pub fn return_with(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
    body: &ReturnReport,
) -> Result<Report> {
    let mut report = super::find(conn, ctx, alliance, at)?;
    patch::may_have_seen(seen, report.version)?;
    let state = moved(&report, Move::Return)?;
    let submitted = submitted(conn, &report)?;
    body.check(&submitted, alliance.programme.round(&at.round).ok_or_else(Error::absent)?)?;
    points::open(conn, ctx, &report, &submitted, body)?;
    report.state = state;
    report.version += 1;
    save(conn, ctx, alliance, report, "report.returned", None)
}

/// Accepts a submission. An open point stands in the way, unless it is waived here with a reason.
pub fn accept(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
    body: &AcceptReport,
) -> Result<Report> {
    let mut report = super::find(conn, ctx, alliance, at)?;
    patch::may_have_seen(seen, report.version)?;
    let state = moved(&report, Move::Accept)?;
    points::settle(conn, ctx, &report, body)?;
    report.state = state;
    report.version += 1;
    report.accepted_version = report.submitted_version;
    save(conn, ctx, alliance, report, "report.accepted", None)
}

/// Opens an accepted report again; it stops counting at once.
pub fn reopen(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
    body: &ReopenReport,
) -> Result<Report> {
    let mut report = super::find(conn, ctx, alliance, at)?;
    patch::may_have_seen(seen, report.version)?;
    let state = moved(&report, Move::Reopen)?;
    body.check()?;
    report.state = state;
    report.version += 1;
    save(conn, ctx, alliance, report, "report.reopened", Some(body.reason.trim().to_owned()))
}

fn moved(report: &Report, step: Move) -> Result<State> {
    report
        .state
        .after(step, report.state_before)
        .ok_or_else(|| wrong_state(report.state))
}

/// The body of the last submission.
fn submitted(conn: &mut Conn, report: &Report) -> Result<ReportBody> {
    let version = last_version(conn, report)?;
    Ok(version.as_ref().map(Version::body).transpose()?.unwrap_or_default())
}

/// Blank answers are left out of a submission: they say nothing.
fn cleaned(draft: &ReportBody) -> ReportBody {
    let says_something = |answer: &Answer| {
        !answer.is_blank() || answer.comment.as_deref().is_some_and(|comment| !comment.trim().is_empty())
    };
    let answers = draft.answers.iter().filter(|(_, answer)| says_something(answer));
    ReportBody {
        answers: answers.map(|(key, answer)| (key.clone(), answer.clone())).collect(),
        initiatives: draft.initiatives.clone(),
    }
}

/// A submission's body as its entry holds it: free texts as salted hashes.
struct HandedIn {
    body: Value,
    texts: Vec<SaltedText>,
    /// Of the body's canonical JSON in this very form. A hash over the texts themselves would let a
    /// redacted one be guessed.
    sha256: String,
}

impl HandedIn {
    fn seal(programme: &Programme, body: &ReportBody) -> HandedIn {
        let texts = body.answers.iter().filter(|(key, answer)| {
            programme.is_answered_in_words(key) && matches!(answer.value, Some(AnswerValue::Text(_)))
        });
        let texts: Vec<String> =
            texts.map(|(key, _)| format!("/answers/{}/value", pointer_step(key))).collect();
        let mut value = without_floats(&serde_json::to_value(body).unwrap_or_default());
        let texts = take(&mut value, "/after", &texts, journal::random);
        let bytes = serde_json_canonicalizer::to_vec(&value).unwrap_or_default();
        HandedIn { sha256: hex(&Sha256::digest(bytes)), body: value, texts }
    }
}

fn save(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    report: Report,
    action: &'static str,
    reason: Option<String>,
) -> Result<Report> {
    store::reports::update(conn, &report)?;
    let body = submitted(conn, &report)?;
    let handed_in = HandedIn::seal(&alliance.programme, &body);
    record(conn, ctx, alliance, &report, action, reason, handed_in)?;
    Ok(report)
}

/// Journals a report as everybody but its partner sees it, the last submission and never the draft, and
/// moves the partner's standings.
fn record(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    report: &Report,
    action: &'static str,
    reason: Option<String>,
    handed_in: HandedIn,
) -> Result<()> {
    let version = last_version(conn, report)?;
    let after = json!({
        "id": report.id,
        "round": report.round,
        "partner": report.partner,
        "state": report.state,
        "stateBefore": report.state_before,
        "submittedVersion": report.submitted_version,
        "submittedAt": report.submitted_at.map(rfc3339),
        "onTime": report.on_time,
        "acceptedVersion": report.accepted_version,
        "programmeVersion": version.as_ref().map(|version| version.programme_version),
        "receipt": version.as_ref().map(|version| receipt(&report.round, version)),
        "answers": handed_in.body.get("answers"),
        "initiatives": handed_in.body.get("initiatives"),
        "points": store::report_points::of(conn, report.id)?,
    });
    let change = Change {
        action,
        subject: format!("reports/{}/{}", report.round, report.partner),
        partner: Some(report.partner),
        reason,
        after,
        texts: Vec::new(),
        taken: handed_in.texts,
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    standings::renew(conn, ctx, alliance.id, &alliance.programme, &[report.partner], seq)
}
