//! One partner's record, and what a rule sees of it (ARCHITECTURE.md, "Standings and tallies").

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::compare::{list, number, text, words, written};
use crate::domain::dates;
use crate::domain::programme::{AnswerType, CountsFrom, Programme, Question, Round};
use crate::domain::rule::Record;

/// A membership's first day, and the first day after it.
pub type Days = (NaiveDate, Option<NaiveDate>);

/// What the journal knows of one partner.
pub struct Facts<'a> {
    pub programme: &'a Programme,
    pub id: String,
    pub partner: &'a Value,
    pub memberships: Vec<Days>,
    /// In order of focus areas.
    pub commitments: Vec<&'a Value>,
    /// Those that it takes part in, in order of ids.
    pub initiatives: Vec<&'a Value>,
    /// Those that it submitted at least once, in order of rounds' keys.
    pub reports: Vec<&'a Value>,
}

impl<'a> Facts<'a> {
    /// What every rule sees, whatever the scope.
    pub fn record(&self) -> Record {
        let commitments: Vec<Value> = self.commitments.iter().map(|it| self.commitment(it)).collect();
        let initiatives: Vec<Value> = self.initiatives.iter().map(|it| self.initiative(it)).collect();
        let mut record = Record::new();
        record.set("partner", &self.partner());
        record.set("commitments", &Value::Array(commitments));
        record.set("initiatives", &Value::Array(initiatives));
        record.set("reports", &self.states());
        record
    }

    /// What every rule sees in a scope besides.
    pub fn turn_to(&self, scope: &str, record: &mut Record) {
        let (starts_on, ends_on) = self.period(scope);
        record
            .set("period", &json!({ "startsOn": starts_on.to_string(), "endsOn": ends_on.to_string() }));
        record.set("answers", &self.answers(scope));
    }

    /// First and last day of the round that the scope is, else of the alliance.
    pub fn period(&self, scope: &str) -> (NaiveDate, NaiveDate) {
        let round = self.programme.rounds.iter().find(|round| round.key == scope);
        round.map_or((self.programme.starts_on, self.programme.ends_on), |round| {
            (round.starts_on, round.ends_on)
        })
    }

    fn partner(&self) -> Value {
        let partner = self.partner;
        json!({
            "sector": text(partner, "sector"),
            "region": text(partner, "region"),
            "municipality": text(partner, "municipality"),
            "area": text(partner, "area"),
            "objectives": words(partner, "objectives"),
            "joinedOn": text(partner, "joinedOn"),
            "leftOn": text(partner, "leftOn"),
        })
    }

    pub fn commitment(&self, commitment: &Value) -> Value {
        let target = commitment.get("target").unwrap_or(&Value::Null);
        json!({
            "focusArea": text(commitment, "focusArea"),
            "focusAreas": self.areas(&[text(commitment, "focusArea")]),
            "goal": text(commitment, "goal"),
            "target": {
                "measure": text(target, "measure"),
                "unit": text(target, "unit"),
                "baseline": text(target, "baseline"),
                "target": text(target, "target"),
                "dueOn": text(target, "dueOn"),
            },
            "chosenOn": text(commitment, "chosenOn"),
        })
    }

    pub fn initiative(&self, initiative: &Value) -> Value {
        json!({
            "title": text(initiative, "title"),
            "summary": text(initiative, "summary"),
            "targetGroup": text(initiative, "targetGroup"),
            "focusAreas": self.areas(&words(initiative, "focusAreas")),
            "status": text(initiative, "status"),
            "approach": text(initiative, "approach"),
            "stage": words(initiative, "stage"),
            "startsOn": text(initiative, "startsOn"),
            "endsOn": text(initiative, "endsOn"),
            "beganBeforeJoining": initiative.get("beganBeforeJoining"),
            "lead": self.leads(initiative),
        })
    }

    pub fn leads(&self, initiative: &Value) -> bool {
        text(initiative, "leadPartner") == self.id
    }

    fn areas(&self, keys: &[&str]) -> Vec<Value> {
        let find = |key: &&str| self.programme.focus_areas.iter().find(|area| area.key == **key);
        let value = |key: &&str| {
            find(key)
                .map(|area| json!({ "key": area.key, "scheme": area.scheme, "national": area.national }))
        };
        keys.iter().filter_map(value).collect()
    }

    /// Each round's report; of one that was never handed in, or was taken back, nothing is seen.
    fn states(&self) -> Value {
        let state = |round: &Round| {
            let report = self.reports.iter().find(|report| text(report, "round") == round.key);
            match report.filter(|report| text(report, "state") != "draft") {
                Some(report) => self.report(report),
                None => json!({ "state": "", "onTime": null }),
            }
        };
        let mut states: Map<String, Value> = self
            .programme
            .rounds
            .iter()
            .map(|round| (round.key.clone(), state(round)))
            .collect();
        for state in states.values_mut().filter_map(Value::as_object_mut) {
            state.remove("round");
        }
        Value::Object(states)
    }

    pub fn report(&self, report: &Value) -> Value {
        json!({ "round": text(report, "round"), "state": text(report, "state"), "onTime": report.get("onTime") })
    }

    /// From submission until returned or withdrawn, or while accepted, as the programme says.
    pub fn counts(&self, report: &Value) -> bool {
        let from_submission = self.programme.counts_from == CountsFrom::Submitted;
        match text(report, "state") {
            "accepted" => true,
            "submitted" => from_submission,
            _ => false,
        }
    }

    /// The counting report that a question's answer is taken from: that of the round, or else of the last
    /// round (by deadline, then key) that asks it and has one. A round that does not ask it has none.
    pub fn deciding(&self, question: &str, scope: &str) -> Option<&'a Value> {
        let of = |round: &str| {
            let report = self.reports.iter().find(|report| text(report, "round") == round)?;
            Some(*report).filter(|report| self.counts(report))
        };
        let in_scope = |round: &&Round| scope.is_empty() || round.key == scope;
        let asking = self.programme.rounds.iter().filter(in_scope);
        let asking = asking.filter(|round| round.questions.iter().any(|asked| asked == question));
        let counting = asking.filter_map(|round| of(&round.key).map(|report| (round, report)));
        counting
            .max_by_key(|(round, _)| (round.due_at, &round.key))
            .map(|(_, report)| report)
    }

    /// Every question with its answer in the scope; blank where it has none there.
    fn answers(&self, scope: &str) -> Value {
        let answer = |question: &Question| {
            let report = self.deciding(&question.key, scope);
            seen(question, report.map_or(&Value::Null, |report| answer(report, &question.key)))
        };
        let questions = self.programme.questions.iter();
        Value::Object(questions.map(|question| (question.key.clone(), answer(question))).collect())
    }

    pub fn version_address(&self, report: &Value) -> String {
        let number = number(report, "submittedVersion").unwrap_or(0);
        format!("reports/{}/{}/versions/{number}", text(report, "round"), self.id)
    }

    pub fn answer_address(&self, report: &Value, question: &str) -> String {
        format!("{}#/answers/{question}", self.version_address(report))
    }
}

/// A partner's memberships; an unknown joining date counts from the alliance's start.
pub fn memberships(partner: &Value, programme: &Programme) -> Vec<Days> {
    let days = |membership: &Value| {
        (day(membership, "joinedOn").unwrap_or(programme.starts_on), day(membership, "leftOn"))
    };
    list(partner, "memberships").iter().map(days).collect()
}

/// A report's answer to a question, null where it has none.
pub fn answer<'a>(report: &'a Value, question: &str) -> &'a Value {
    report
        .get("answers")
        .and_then(|answers| answers.get(question))
        .unwrap_or(&Value::Null)
}

/// Neither a value nor a reason why there is none.
pub fn is_blank(answer: &Value) -> bool {
    let value = answer.get("value").unwrap_or(&Value::Null);
    let nothing = match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    nothing && text(answer, "none").is_empty()
}

/// An answer as a rule sees it: '' or [] or null where there is none, a number always as a double. In the
/// journal a number that is not whole stands as its text.
pub fn seen(question: &Question, answer: &Value) -> Value {
    let there = !is_blank(answer) && text(answer, "none").is_empty();
    let value = answer.get("value").filter(|_| there).unwrap_or(&Value::Null);
    match &question.answers {
        AnswerType::Number { .. } => {
            let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            number.and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number)
        }
        AnswerType::MultiChoice(_) => {
            json!(words(answer, "value").into_iter().filter(|_| there).collect::<Vec<_>>())
        }
        _ => json!(written(value)),
    }
}

/// A date field.
pub fn day(value: &Value, field: &str) -> Option<NaiveDate> {
    dates::date(text(value, field))
}
