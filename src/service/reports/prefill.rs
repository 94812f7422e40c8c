//! A draft to begin with, from the partner's last counting report.
//!
//! What goes in is what stays as it is until somebody says otherwise: which initiatives run, what their outcomes
//! measure, from where and to where. What has to be found out anew is left empty, since nobody may publish as said
//! what was not said for this round. Nor does what would be refused today go in.

use super::{ReportAt, enter, known};
use crate::db::Conn;
use crate::domain::id::PartnerId;
use crate::domain::initiative::Initiative;
use crate::domain::programme::{AnswerType, Programme, Round};
use crate::domain::record::{HandedIn, PartnerRecord};
use crate::domain::report::{Answer, InitiativeKnown, Outcome, ReportBody, ReportPart, acceptable};
use crate::service::programmes::InForce;
use crate::service::{Ctx, Error, Result};
use crate::store;

/// As many parts as a draft may have.
const MOST_PARTS: usize = 1000;

pub fn prefill(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, at: &ReportAt) -> Result<ReportBody> {
    let round = enter(conn, ctx, alliance, at)?;
    begin(conn, alliance, round, at.partner)
}

/// The draft for a round, for whoever may have it.
pub(in crate::service) fn begin(
    conn: &mut Conn,
    alliance: &InForce,
    round: &Round,
    partner: PartnerId,
) -> Result<ReportBody> {
    let record = store::records::of(conn, alliance.id, &[partner])?
        .pop()
        .ok_or_else(Error::absent)?;
    let programme = &alliance.programme;
    let last = last_counting(programme, round, &record);
    let body = match last {
        Some(report) => {
            let version = store::reports::version(conn, report.id, report.number)?;
            version.map(|version| version.body()).transpose()?.unwrap_or_default()
        }
        None => ReportBody::default(),
    };
    let answers = body.answers.iter().filter(|(key, _)| round.asks(key));
    let answers =
        answers.filter_map(|(key, answer)| Some((key.clone(), carried(programme, key, answer)?)));
    let running = record.initiatives.iter().filter(|it| it.status.as_deref() == Some("running"));
    let parts = running.take(MOST_PARTS).map(|initiative| {
        let before = body
            .initiatives
            .iter()
            .find(|part| part.initiative == initiative.id.to_string());
        part(initiative, before)
    });
    let draft = ReportBody { answers: answers.collect(), initiatives: parts.collect() };
    let initiatives: Vec<InitiativeKnown> =
        record.initiatives.iter().map(|initiative| known(initiative, partner)).collect();
    Ok(acceptable(draft, round, programme, &initiatives))
}

/// Of the rounds before this one, the last that the partner has a counting report for.
fn last_counting<'a>(
    programme: &Programme,
    round: &Round,
    record: &'a PartnerRecord,
) -> Option<&'a HandedIn> {
    let earlier = programme.rounds.iter().take_while(|earlier| earlier.key != round.key);
    let counting = |earlier: &Round| {
        let mut reports = record.reports.iter();
        reports.find(|it| it.round == earlier.key && it.counts(programme.counts_from))
    };
    earlier.collect::<Vec<_>>().into_iter().rev().find_map(counting)
}

/// A fact that is no number. Numbers are those of a period, as what an initiative reached is; self-assessments and
/// intents are of the day on which they were given.
fn carried(programme: &Programme, key: &str, answer: &Answer) -> Option<Answer> {
    let entry = programme.document.questions.iter().find(|question| question.key == key)?;
    let is_number = matches!(programme.question(key)?.answers, AnswerType::Number { .. });
    let value = answer.value.clone().filter(|_| answer.none.is_none() && !answer.is_blank())?;
    let is_carried = entry.kind == "fact" && !is_number;
    is_carried.then_some(Answer { value: Some(value), none: None, comment: None })
}

/// An initiative's part, with the outcomes of an earlier one where there is one to carry.
fn part(initiative: &Initiative, before: Option<&ReportPart>) -> ReportPart {
    let outcomes = before.map(|part| part.outcomes.as_slice()).unwrap_or_default().iter();
    let outcome = |outcome: &Outcome| Outcome {
        measure: outcome.measure.clone(),
        kind: outcome.kind.clone(),
        unit: outcome.unit.clone(),
        baseline: outcome.baseline.clone(),
        target: outcome.target.clone(),
        actual: None,
        verification: "selfReported".to_owned(),
        evidence: Vec::new(),
    };
    ReportPart {
        initiative: initiative.id.to_string(),
        progress: String::new(),
        learning: String::new(),
        barriers: String::new(),
        outcomes: outcomes.map(outcome).collect(),
    }
}
