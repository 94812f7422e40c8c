//! Why a standing is what it is: the addresses of what the rule looked at.

use serde_json::{Value, json};

use super::compare::text;
use super::facts::Facts;
use crate::domain::rule::{Record, Rule};

/// A standing's word, and its reason.
pub type Judged = (&'static str, Value);

pub fn reason(code: &str, because: Vec<String>) -> Value {
    json!({ "code": code, "because": because })
}

/// A rule that fails on a real record gives no answer, and says what it stumbled over.
pub fn failed(cause: &str) -> Judged {
    ("noAnswer", json!({ "code": "rule-failed", "because": [], "detail": cause }))
}

impl Facts<'_> {
    /// The partner, answers, commitments, initiatives and reports that a rule reads, in this order.
    pub fn because(&self, rule: &Rule, scope: &str, record: &mut Record, holds: bool) -> Vec<String> {
        let mut because = Vec::new();
        if rule.reads("partner") {
            because.push(format!("partners/{}", self.id));
        }
        for path in rule.paths() {
            let Some(question) = path.strip_prefix("answers.") else { continue };
            // A loop over the choices of an answer reads `answers.barriers[]`.
            let question = question.trim_end_matches("[]");
            let report = self.deciding(question, scope);
            because.extend(report.map(|report| self.answer_address(report, question)));
        }
        if rule.reads("commitments") {
            let values = self.commitments.iter().map(|it| self.commitment(it)).collect();
            let chosen = alone(rule, record, "commitments", values, holds);
            because.extend(named("commitments", &self.commitments, &chosen));
        }
        if rule.reads("initiatives") {
            let values = self.initiatives.iter().map(|it| self.initiative(it)).collect();
            let chosen = alone(rule, record, "initiatives", values, holds);
            because.extend(named("initiatives", &self.initiatives, &chosen));
        }
        if rule.reads("reports") {
            let read = self.reports.iter().filter(|report| reads_round(rule, text(report, "round")));
            because.extend(read.map(|report| self.version_address(report)));
        }
        let mut each_once = Vec::new();
        for address in because {
            if !each_once.contains(&address) {
                each_once.push(address);
            }
        }
        each_once
    }
}

fn reads_round(rule: &Rule, round: &str) -> bool {
    let mut paths = rule.paths().iter().map(|path| path.split('.'));
    paths.any(|mut steps| {
        steps.next() == Some("reports") && steps.next().is_none_or(|step| step == round)
    })
}

fn named<'a>(
    list: &'a str,
    elements: &'a [&Value],
    chosen: &'a [bool],
) -> impl Iterator<Item = String> + 'a {
    let chosen = elements.iter().zip(chosen).filter(|(_, chosen)| **chosen);
    chosen.map(move |(element, _)| format!("{list}/{}", text(element, "id")))
}

/// Which elements of a list alone make a rule hold; all, where it does not hold or none does so alone.
fn alone(rule: &Rule, record: &mut Record, list: &str, values: Vec<Value>, holds: bool) -> Vec<bool> {
    let mut chosen = Vec::new();
    for value in values.iter().filter(|_| holds) {
        record.set(list, &json!([value]));
        chosen.push(rule.holds(record).unwrap_or(false));
    }
    let size = values.len();
    record.set(list, &Value::Array(values));
    if chosen.contains(&true) { chosen } else { vec![true; size] }
}
