//! One partner's record: all that rules may look at, from what is journalled and nothing else.
//!
//! Drafts are not part of it, so a figure never depends on one. Absent text is `''` (in CEL
//! `null != ''` is true), an absent list is `[]`, an absent number is null.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::commitment::Commitment;
use super::id::ReportId;
use super::initiative::Initiative;
use super::partner::Partner;
use super::programme::{AnswerType, CountsFrom, Period, Programme, Question, WHOLE_ALLIANCE};
use super::report::{Answer, AnswerValue, ReportPart, State};

/// All that the rules may see of one partner.
#[derive(Debug, Clone)]
pub struct PartnerRecord {
    pub partner: Partner,
    pub commitments: Vec<Commitment>,
    /// Those that the partner takes part in.
    pub initiatives: Vec<Initiative>,
    /// Those that were submitted at least once.
    pub reports: Vec<HandedIn>,
}

/// A report as everybody but its partner sees it: the last submission.
#[derive(Debug, Clone)]
pub struct HandedIn {
    pub id: ReportId,
    pub round: String,
    pub state: State,
    pub on_time: bool,
    /// The submission: 1, 2, 3.
    pub number: i64,
    pub answers: BTreeMap<String, Answer>,
    pub initiatives: Vec<ReportPart>,
}

impl HandedIn {
    /// From submission until returned or withdrawn, or only while accepted, as the programme says.
    pub fn counts(&self, from: CountsFrom) -> bool {
        match from {
            CountsFrom::Submitted => matches!(self.state, State::Submitted | State::Accepted),
            CountsFrom::Accepted => self.state == State::Accepted,
        }
    }

    /// What rules see as its state: a withdrawn one is a draft again, and drafts are not seen.
    fn seen_state(&self) -> &'static str {
        match self.state {
            State::Draft => "",
            state => state.word(),
        }
    }
}

impl PartnerRecord {
    /// The report that decides a question in a scope: in a round that asks it, that round's; else that of
    /// the last round that asks it and that the partner has a counting report for.
    pub fn deciding(&self, programme: &Programme, question: &str, scope: &str) -> Option<&HandedIn> {
        let counting = |round: &str| {
            self.reports
                .iter()
                .find(|r| r.round == round && r.counts(programme.counts_from))
        };
        if scope != WHOLE_ALLIANCE {
            return programme
                .round(scope)
                .filter(|round| round.asks(question))
                .and_then(|_| counting(scope));
        }
        let asking = programme.rounds.iter().rev().filter(|round| round.asks(question));
        asking.into_iter().find_map(|round| counting(&round.key))
    }

    /// Where a submission is, relative to the alliance.
    pub fn version_address(&self, report: &HandedIn) -> String {
        format!("reports/{}/{}/versions/{}", report.round, self.partner.id, report.number)
    }

    pub fn partner_value(&self) -> Value {
        let partner = &self.partner;
        json!({
            "sector": partner.sector,
            "region": text(&partner.region),
            "municipality": text(&partner.municipality),
            "area": text(&partner.area),
            "objectives": partner.objectives,
            "joinedOn": day(partner.joined_on),
            "leftOn": day(partner.left_on),
        })
    }

    pub fn commitment_values(&self, programme: &Programme) -> Vec<Value> {
        self.commitments
            .iter()
            .map(|commitment| commitment_value(commitment, programme))
            .collect()
    }

    pub fn initiative_values(&self, programme: &Programme) -> Vec<Value> {
        self.initiatives.iter().map(|i| self.initiative_value(i, programme)).collect()
    }

    pub fn initiative_value(&self, initiative: &Initiative, programme: &Programme) -> Value {
        json!({
            "title": initiative.title,
            "summary": initiative.summary,
            "targetGroup": initiative.target_group,
            "focusAreas": focus_areas(&initiative.focus_areas, programme),
            "status": text(&initiative.status),
            "approach": text(&initiative.approach),
            "stage": initiative.stage.as_deref().unwrap_or_default(),
            "startsOn": text(&initiative.starts_on),
            "endsOn": text(&initiative.ends_on),
            "beganBeforeJoining": initiative.began_before_joining,
            "lead": initiative.lead_partner == self.partner.id,
        })
    }

    pub fn reports_value(&self, programme: &Programme) -> Value {
        let rounds = programme.rounds.iter().map(|round| {
            let report = self.reports.iter().find(|report| report.round == round.key);
            let state = report.map_or("", HandedIn::seen_state);
            let on_time = report.filter(|_| !state.is_empty()).map(|report| report.on_time);
            (round.key.clone(), json!({ "state": state, "onTime": on_time }))
        });
        Value::Object(rounds.collect())
    }

    /// Every question with its answer in the scope, blank where there is none or it is not asked.
    pub fn answers_value(&self, programme: &Programme, scope: &str) -> Value {
        let answers = programme.questions.iter().map(|question| {
            let report = self.deciding(programme, &question.key, scope);
            let answer = report.and_then(|report| report.answers.get(&question.key));
            (question.key.clone(), answer_value(question, answer))
        });
        Value::Object(answers.collect())
    }
}

pub fn period_value(period: Period) -> Value {
    json!({ "startsOn": period.starts_on.to_string(), "endsOn": period.ends_on.to_string() })
}

pub fn report_value(report: &HandedIn) -> Value {
    json!({ "round": report.round, "state": report.seen_state(), "onTime": report.on_time })
}

/// An answer as rules see it. Numbers are doubles, whole ones too; a text of nothing but space is `''`.
pub fn answer_value(question: &Question, answer: Option<&Answer>) -> Value {
    let given = answer.filter(|answer| answer.none.is_none() && !answer.is_blank());
    let value = given.and_then(|answer| answer.value.as_ref());
    match (&question.answers, value) {
        (AnswerType::Number { .. }, Some(AnswerValue::Number(number))) => number
            .as_f64()
            .and_then(serde_json::Number::from_f64)
            .map_or(Value::Null, Value::Number),
        (AnswerType::Number { .. }, _) => Value::Null,
        (AnswerType::MultiChoice(_), Some(AnswerValue::List(keys))) => json!(keys),
        (AnswerType::MultiChoice(_), _) => json!([]),
        (_, Some(AnswerValue::Text(text))) => Value::String(text.clone()),
        _ => Value::String(String::new()),
    }
}

fn commitment_value(commitment: &Commitment, programme: &Programme) -> Value {
    let target = commitment.target.as_ref();
    let of_target = |get: fn(&super::commitment::Target) -> Option<&String>| {
        target.and_then(get).map_or("", String::as_str)
    };
    json!({
        "focusArea": commitment.focus_area,
        "focusAreas": focus_areas(std::slice::from_ref(&commitment.focus_area), programme),
        "goal": commitment.goal,
        "target": {
            "measure": of_target(|t| Some(&t.measure)),
            "unit": of_target(|t| t.unit.as_ref()),
            "baseline": of_target(|t| t.baseline.as_ref()),
            "target": of_target(|t| t.target.as_ref()),
            "dueOn": of_target(|t| t.due_on.as_ref()),
        },
        "chosenOn": day(commitment.chosen_on),
    })
}

fn focus_areas(keys: &[String], programme: &Programme) -> Value {
    let areas = keys.iter().filter_map(|key| programme.focus_area(key));
    areas
        .map(|area| json!({ "key": area.key, "scheme": area.scheme, "national": area.national }))
        .collect()
}

fn text(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn day(on: Option<NaiveDate>) -> String {
    on.map(|on| on.to_string()).unwrap_or_default()
}
