//! What a partner adds to a sum, from the entries' JSON: every outcome that could be added is listed, and
//! then those are struck out that another report decides.

use serde_json::Value;

use super::compare::{list, text};
use super::facts::Facts;
use super::reasons::{Judged, reason};
use crate::domain::programme::{Measure, Round, Sum, Take};

/// By verification: self-reported, documented, external; in units of the measure's last decimal.
pub type Amounts = [i128; 3];

/// An outcome of the measure and kind in a counting report of the scope.
struct Listed<'a> {
    round: usize,
    initiative: &'a str,
    address: String,
    verification: &'a str,
    /// `None` where it is blank.
    actual: Option<i128>,
}

impl Facts<'_> {
    /// A report's amounts stay with the partner that handed it in. Only where the last of all rounds
    /// decides, they count no longer than the partner leads the initiative.
    pub fn added(&self, sum: &Sum, scope: &str) -> (Judged, Option<Amounts>) {
        let reports = self.counting(scope);
        if reports.is_empty() {
            return (("notSubmitted", reason("not-submitted", Vec::new())), None);
        }
        let mut listed = Vec::new();
        for (round, report) in reports.iter().enumerate() {
            listed.extend(self.listed(round, report, sum));
        }
        if sum.take == Take::Latest {
            let leads =
                |id: &str| self.initiatives.iter().any(|it| text(it, "id") == id && self.leads(it));
            listed.retain(|it| !scope.is_empty() || leads(it.initiative));
            let last = |id: &str| {
                let same = listed.iter().filter(|it| it.initiative == id);
                same.map(|it| it.round).max()
            };
            let decides: Vec<bool> =
                listed.iter().map(|it| Some(it.round) == last(it.initiative)).collect();
            let mut decides = decides.into_iter();
            listed.retain(|_| decides.next() == Some(true));
        }
        if listed.is_empty() {
            let reports = reports.iter().map(|report| self.version_address(report)).collect();
            return (("notCounted", reason("no-outcome", reports)), None);
        }
        if listed.iter().all(|it| it.actual.is_none()) {
            let blank = listed.into_iter().map(|it| it.address).collect();
            return (("noAnswer", reason("no-amount", blank)), None);
        }
        listed.retain(|it| it.actual.is_some());
        let of = |words: &[&str]| {
            let same = listed.iter().filter(|it| words.contains(&it.verification));
            same.filter_map(|it| it.actual).fold(0, i128::wrapping_add)
        };
        let amounts = [of(&["selfReported", ""]), of(&["documented"]), of(&["external"])];
        let because = listed.iter().map(|it| it.address.clone()).collect();
        (("counted", reason("added", because)), Some(amounts))
    }

    /// The counting reports of a scope, by deadline of their rounds, then key.
    fn counting(&self, scope: &str) -> Vec<&Value> {
        let mut rounds: Vec<&Round> = self.programme.rounds.iter().collect();
        rounds.retain(|round| scope.is_empty() || round.key == scope);
        rounds.sort_by_key(|round| (round.due_at, &round.key));
        let of = |round: &&Round| {
            self.reports
                .iter()
                .find(|it| text(it, "round") == round.key && self.counts(it))
                .copied()
        };
        rounds.iter().filter_map(of).collect()
    }

    fn listed<'a>(&self, round: usize, report: &'a Value, sum: &Sum) -> Vec<Listed<'a>> {
        let version = self.version_address(report);
        let mut listed = Vec::new();
        for (place, part) in list(report, "initiatives").iter().enumerate() {
            for (i, outcome) in list(part, "outcomes").iter().enumerate() {
                let is_named = text(outcome, "measure") == sum.measure.key
                    && text(outcome, "kind") == sum.adds.word()
                    && is_in_unit(outcome, &sum.measure);
                let actual = text(outcome, "actual").trim();
                let units = units(actual, sum.measure.decimals);
                // What is finer than the measure was free text when it was reported.
                if is_named && (actual.is_empty() || units.is_some()) {
                    listed.push(Listed {
                        round,
                        initiative: text(part, "initiative"),
                        address: format!("{version}#/initiatives/{place}/outcomes/{i}"),
                        verification: text(outcome, "verification"),
                        actual: units,
                    });
                }
            }
        }
        listed
    }
}

fn is_in_unit(outcome: &Value, measure: &Measure) -> bool {
    let unit = text(outcome, "unit").trim();
    unit.is_empty() || [&measure.unit.da, &measure.unit.en].into_iter().any(|known| known == unit)
}

/// A decimal's digits with as many behind the point as the measure has, read as one whole number.
pub fn units(text: &str, decimals: u32) -> Option<i128> {
    if text.is_empty() {
        return None;
    }
    let mut digits = text.replacen('.', "", 1);
    let behind = text.find('.').map_or(0, |at| text.len() - at - 1);
    let mut missing = i64::from(decimals) - i64::try_from(behind).ok()?;
    while missing > 0 {
        digits.push('0');
        missing -= 1;
    }
    while missing < 0 {
        digits = digits.strip_suffix('0')?.to_owned();
        missing += 1;
    }
    digits.parse().ok()
}
