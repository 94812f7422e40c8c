//! Where a partner stands on each indicator, written down afresh from what the field says of who is in,
//! which answer decides and what the subjects are, without a look at how the service does it.

use chrono::NaiveDate;
use serde_json::Value;

use super::compare::{text, words};
use super::facts::{Days, Facts, answer, is_blank, seen};
use super::reasons::{Judged, failed, reason};
use super::sums::Amounts;
use crate::domain::programme::{Indicator, Kind, MembersRule, Of};
use crate::domain::rule::Record;

/// One standing with the days on which it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Stand {
    pub indicator: String,
    pub scope: String,
    pub subject: String,
    pub partner: String,
    pub standing: &'static str,
    pub reason: Value,
    /// What it adds to a sum, if anything.
    pub amounts: Option<Amounts>,
    pub sector: String,
    pub region: Option<String>,
    pub area: Option<String>,
    pub focus_areas: Vec<String>,
    pub from_on: NaiveDate,
    pub to_on: Option<NaiveDate>,
}

/// The words in the order in which tallies count them.
pub const WORDS: [&str; 5] = ["counted", "notCounted", "notApplicable", "noAnswer", "notSubmitted"];

impl Facts<'_> {
    pub fn standings(&self) -> Vec<Stand> {
        let mut stands = Vec::new();
        let optional =
            |field: &str| Some(text(self.partner, field).to_owned()).filter(|text| !text.is_empty());
        let mut record = self.record();
        for scope in self.scopes() {
            self.turn_to(&scope, &mut record);
            for indicator in &self.programme.indicators {
                let days = self.days(indicator, &scope);
                if days.is_empty() || !self.is_scope_of(indicator, &scope) {
                    continue;
                }
                for (subject, (standing, reason)) in self.subjects(indicator, &scope, &mut record) {
                    let focus_areas = self.focus_areas(indicator, &subject);
                    let amounts = match &indicator.kind {
                        Kind::Sum(sum) if standing == "counted" => self.added(sum, &scope).1,
                        _ => None,
                    };
                    stands.extend(days.iter().map(|(from_on, to_on)| Stand {
                        indicator: indicator.key.clone(),
                        scope: scope.clone(),
                        subject: subject.clone(),
                        partner: self.id.clone(),
                        standing,
                        reason: reason.clone(),
                        amounts,
                        sector: text(self.partner, "sector").to_owned(),
                        region: optional("region"),
                        area: optional("area"),
                        focus_areas: focus_areas.clone(),
                        from_on: *from_on,
                        to_on: *to_on,
                    }));
                }
            }
        }
        stands
    }

    /// The whole alliance (an empty scope) and every round.
    pub fn scopes(&self) -> Vec<String> {
        let rounds = self.programme.rounds.iter().map(|round| round.key.clone());
        std::iter::once(String::new()).chain(rounds).collect()
    }

    /// A pinned indicator has its round only; another the whole alliance and, with a question, each round
    /// that asks it. A sum has every round.
    pub fn is_scope_of(&self, indicator: &Indicator, scope: &str) -> bool {
        if let Some(pinned) = &indicator.round {
            return pinned == scope;
        }
        let round = self.programme.rounds.iter().find(|round| round.key == scope);
        match (&indicator.question, round) {
            (Some(question), Some(round)) => round.questions.contains(question),
            (None, Some(_)) => matches!(indicator.kind, Kind::Sum(_)),
            (_, None) => true,
        }
    }

    /// Whether a membership and the period have a day in common.
    pub fn overlaps(&self, (joined_on, left_on): Days, scope: &str) -> bool {
        let (starts_on, ends_on) = self.period(scope);
        let first = joined_on.max(starts_on);
        first <= ends_on && left_on.is_none_or(|left_on| first < left_on)
    }

    /// Whether the partner is among an indicator's members on a day.
    pub fn is_in(&self, indicator: &Indicator, scope: &str, on: NaiveDate) -> bool {
        self.memberships.iter().any(|&(joined_on, left_on)| {
            joined_on <= on
                && match indicator.members {
                    MembersRule::AtClose => left_on.is_none_or(|left_on| on < left_on),
                    MembersRule::During => self.overlaps((joined_on, left_on), scope),
                    MembersRule::Ever => true,
                }
        })
    }

    /// The days on which the partner is in: at close those of each membership; during and ever from the
    /// first that makes it so, since whoever departs keeps the standing.
    fn days(&self, indicator: &Indicator, scope: &str) -> Vec<Days> {
        let memberships = self.memberships.iter().copied();
        if indicator.members == MembersRule::AtClose {
            return memberships
                .filter(|(joined, left)| left.is_none_or(|left| *joined < left))
                .collect();
        }
        let joined = memberships.map(|(joined_on, _)| joined_on);
        let first = joined.filter(|on| self.is_in(indicator, scope, *on)).min();
        first.map(|on| (on, None)).into_iter().collect()
    }

    /// Everyone that an indicator looks at because of this partner, each once.
    fn subjects(
        &self,
        indicator: &Indicator,
        scope: &str,
        record: &mut Record,
    ) -> Vec<(String, Judged)> {
        match &indicator.kind {
            Kind::Share | Kind::Count(Of::Partners) => {
                vec![(self.id.clone(), self.partners_own(indicator, scope, record))]
            }
            Kind::Sum(sum) => {
                let judged = self.applies_not(indicator, scope, record);
                vec![(self.id.clone(), judged.unwrap_or_else(|| self.added(sum, scope).0))]
            }
            Kind::Count(Of::Initiatives) => {
                let led = self.initiatives.iter().filter(|initiative| self.leads(initiative));
                let judge = |initiative: &&Value| {
                    record.set("initiative", &self.initiative(initiative));
                    let id = text(initiative, "id").to_owned();
                    let own = vec![format!("initiatives/{id}")];
                    (id, self.judge(indicator, scope, record, own))
                };
                led.map(judge).collect()
            }
            Kind::Count(Of::Reports) => {
                let wanted = |report: &&&Value| {
                    self.counts(report)
                        && indicator.round.as_ref().is_none_or(|round| text(report, "round") == round)
                };
                let judge = |report: &&Value| {
                    record.set("report", &self.report(report));
                    let own = vec![self.version_address(report)];
                    (text(report, "id").to_owned(), self.judge(indicator, scope, record, own))
                };
                self.reports.iter().filter(wanted).map(judge).collect()
            }
        }
    }

    /// What a subject is about: an initiative says so itself, the others by the partner's commitments.
    fn focus_areas(&self, indicator: &Indicator, subject: &str) -> Vec<String> {
        let mut areas = match indicator.kind {
            Kind::Count(Of::Initiatives) => {
                let own = self.initiatives.iter().find(|it| text(it, "id") == subject);
                own.map(|initiative| words(initiative, "focusAreas")).unwrap_or_default()
            }
            _ => self.commitments.iter().map(|it| text(it, "focusArea")).collect(),
        };
        areas.sort_unstable();
        areas.dedup();
        areas.into_iter().map(str::to_owned).collect()
    }

    fn partners_own(&self, indicator: &Indicator, scope: &str, record: &mut Record) -> Judged {
        let asked = indicator.question.as_ref();
        let question = self.programme.questions.iter().find(|question| Some(&question.key) == asked);
        let Some(question) = question else { return self.judge(indicator, scope, record, Vec::new()) };
        if let Some(judged) = self.applies_not(indicator, scope, record) {
            return judged;
        }
        let Some(report) = self.deciding(&question.key, scope) else {
            return ("notSubmitted", reason("not-submitted", Vec::new()));
        };
        let address = vec![self.answer_address(report, &question.key)];
        let answer = answer(report, &question.key);
        match text(answer, "none") {
            _ if is_blank(answer) => ("noAnswer", reason("blank", address)),
            "dontKnow" => ("noAnswer", reason("dont-know", address)),
            "notApplicable" => ("notApplicable", reason("not-applicable", address)),
            _ => {
                record.set("answer", &seen(question, answer));
                self.count(indicator, scope, record, address)
            }
        }
    }

    fn judge(
        &self,
        indicator: &Indicator,
        scope: &str,
        record: &mut Record,
        own: Vec<String>,
    ) -> Judged {
        let judged = self.applies_not(indicator, scope, record);
        judged.unwrap_or_else(|| self.count(indicator, scope, record, own))
    }

    /// The standing of whom the indicator does not apply to.
    fn applies_not(&self, indicator: &Indicator, scope: &str, record: &mut Record) -> Option<Judged> {
        let rule = indicator.applies.as_ref()?;
        match rule.holds(record) {
            Ok(true) => None,
            Ok(false) => {
                let because = self.because(rule, scope, record, false);
                Some(("notApplicable", reason("does-not-apply", because)))
            }
            Err(cause) => Some(failed(&cause.0)),
        }
    }

    fn count(
        &self,
        indicator: &Indicator,
        scope: &str,
        record: &mut Record,
        own: Vec<String>,
    ) -> Judged {
        let holds = match indicator.counts.holds(record) {
            Ok(holds) => holds,
            Err(cause) => return failed(&cause.0),
        };
        let mut because = self.because(&indicator.counts, scope, record, holds);
        because.retain(|address| !own.contains(address));
        let because = own.into_iter().chain(because).collect();
        match holds {
            true => ("counted", reason("rule-holds", because)),
            false => ("notCounted", reason("rule-does-not-hold", because)),
        }
    }
}
