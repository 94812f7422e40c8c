//! Where a partner stands on each indicator, and why.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::amounts::Amounts;
use super::id::SubjectId;
use super::partner::Membership;
use super::programme::{Indicator, Kind, MembersRule, Of, Period, Programme};
use super::record::{HandedIn, PartnerRecord, answer_value, period_value, report_value};
use super::report::NoAnswer;
use super::rule::{Record, Rule};
use super::sums;

/// Where one subject stands on one indicator.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    Counted,
    NotCounted,
    NotApplicable,
    NoAnswer,
    NotSubmitted,
}

impl Standing {
    pub const ALL: [Standing; 5] = [
        Standing::Counted,
        Standing::NotCounted,
        Standing::NotApplicable,
        Standing::NoAnswer,
        Standing::NotSubmitted,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Standing::Counted => "counted",
            Standing::NotCounted => "notCounted",
            Standing::NotApplicable => "notApplicable",
            Standing::NoAnswer => "noAnswer",
            Standing::NotSubmitted => "notSubmitted",
        }
    }

    pub fn parse(word: &str) -> Option<Standing> {
        Standing::ALL.into_iter().find(|standing| standing.word() == word)
    }
}

/// Why a standing is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `rule-holds`, `rule-does-not-hold`, `does-not-apply`, `not-submitted`, `blank`, `dont-know`,
    /// `not-applicable` or `rule-failed`; on a sum also `added`, `no-amount` or `no-outcome`.
    pub code: String,
    /// Addresses, relative to the alliance, of what made it so.
    pub because: Vec<String>,
    /// What the rule stumbled over, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A standing with the dates between which it holds, and the groups it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub indicator: String,
    pub scope: String,
    pub subject: SubjectId,
    pub standing: Standing,
    pub reason: Reason,
    /// What a counted one adds to a sum.
    pub amounts: Option<Amounts>,
    pub from_on: NaiveDate,
    /// The first day on which it no longer holds.
    pub to_on: Option<NaiveDate>,
    pub sector: String,
    pub region: Option<String>,
    pub area: Option<String>,
    /// In order, each once. An initiative's own; of everything else those that the partner has committed to.
    pub focus_areas: Vec<String>,
}

/// Every standing of one partner, and of the initiatives that it leads and the reports it handed in.
pub fn standings(programme: &Programme, record: &PartnerRecord) -> Vec<Placed> {
    let mut view = View::new(programme, record);
    let mut placed = Vec::new();
    for scope in scopes(programme) {
        view.enter(scope);
        for indicator in programme.indicators.iter().filter(|i| i.scopes(programme).contains(&scope)) {
            let dates = intervals(indicator.members, &record.partner.memberships, programme, scope);
            if dates.is_empty() {
                continue;
            }
            for Found { subject, standing, reason, amounts } in view.subjects(indicator, scope) {
                let focus_areas = focus_areas(record, indicator, subject);
                let place = |(from_on, to_on): &(NaiveDate, Option<NaiveDate>)| Placed {
                    indicator: indicator.key.clone(),
                    scope: scope.to_owned(),
                    subject,
                    standing,
                    reason: reason.clone(),
                    amounts,
                    from_on: *from_on,
                    to_on: *to_on,
                    sector: record.partner.sector.clone(),
                    region: record.partner.region.clone(),
                    area: record.partner.area.clone(),
                    focus_areas: focus_areas.clone(),
                };
                placed.extend(dates.iter().map(place));
            }
        }
    }
    placed
}

/// What an initiative is about; of a partner and its reports, what the partner has committed to.
fn focus_areas(record: &PartnerRecord, indicator: &Indicator, subject: SubjectId) -> Vec<String> {
    let areas: BTreeSet<&String> = match indicator.kind {
        Kind::Count(Of::Initiatives) => {
            let own = record.initiatives.iter().filter(|i| SubjectId::from(i.id) == subject);
            own.flat_map(|initiative| &initiative.focus_areas).collect()
        }
        Kind::Share | Kind::Count(Of::Partners | Of::Reports) | Kind::Sum(_) => {
            record.commitments.iter().map(|commitment| &commitment.focus_area).collect()
        }
    };
    areas.into_iter().cloned().collect()
}

/// Every scope of the programme that some indicator has standings in, each once.
fn scopes(programme: &Programme) -> Vec<&str> {
    let mut scopes: Vec<&str> = programme.indicators.iter().flat_map(|i| i.scopes(programme)).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// When a partner is in: from a day, until the day before another.
///
/// `atClose`: while it is a member. `during`: from joining on, if that membership overlaps the period;
/// whoever departs stays in. `ever`: from first joining on.
pub fn intervals(
    rule: MembersRule,
    memberships: &[Membership],
    programme: &Programme,
    scope: &str,
) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let joined = |membership: &Membership| membership.joined_on.unwrap_or(programme.starts_on);
    let period = programme.period(scope);
    match rule {
        MembersRule::AtClose => {
            let spans = memberships.iter().map(|m| (joined(m), m.left_on));
            spans.filter(|(from, to)| to.is_none_or(|to| to > *from)).collect()
        }
        MembersRule::During => {
            let overlapping = memberships.iter().filter(|m| overlaps(joined(m), m.left_on, period));
            overlapping.map(joined).min().map(|from| (from, None)).into_iter().collect()
        }
        MembersRule::Ever => memberships
            .iter()
            .map(joined)
            .min()
            .map(|from| (from, None))
            .into_iter()
            .collect(),
    }
}

fn overlaps(joined_on: NaiveDate, left_on: Option<NaiveDate>, period: Period) -> bool {
    let lasted = left_on.is_none_or(|left_on| left_on > joined_on);
    lasted && joined_on <= period.ends_on && left_on.is_none_or(|left_on| left_on > period.starts_on)
}

/// A partner's record as rules see it, set up once and moved from scope to scope.
struct View<'a> {
    programme: &'a Programme,
    record: &'a PartnerRecord,
    sees: Record,
    commitments: Vec<Value>,
    initiatives: Vec<Value>,
}

/// Where a subject stands.
struct Found {
    subject: SubjectId,
    standing: Standing,
    reason: Reason,
    amounts: Option<Amounts>,
}

impl Found {
    fn of(subject: impl Into<SubjectId>, (standing, reason): (Standing, Reason)) -> Found {
        Found { subject: subject.into(), standing, reason, amounts: None }
    }
}

impl<'a> View<'a> {
    fn new(programme: &'a Programme, record: &'a PartnerRecord) -> View<'a> {
        let commitments = record.commitment_values(programme);
        let initiatives = record.initiative_values(programme);
        let mut sees = Record::new();
        sees.set("partner", &record.partner_value());
        sees.set("commitments", &Value::Array(commitments.clone()));
        sees.set("initiatives", &Value::Array(initiatives.clone()));
        sees.set("reports", &record.reports_value(programme));
        View { programme, record, sees, commitments, initiatives }
    }

    fn enter(&mut self, scope: &str) {
        self.sees.set("period", &period_value(self.programme.period(scope)));
        self.sees.set("answers", &self.record.answers_value(self.programme, scope));
    }

    fn subjects(&mut self, indicator: &Indicator, scope: &str) -> Vec<Found> {
        let record = self.record;
        match &indicator.kind {
            Kind::Share | Kind::Count(Of::Partners) => {
                vec![Found::of(record.partner.id, self.partner(indicator, scope))]
            }
            Kind::Sum(sum) => {
                if let Some(out) = self.does_not_apply(indicator, scope) {
                    return vec![Found::of(record.partner.id, out)];
                }
                let added = sums::added(self.programme, record, sum, scope);
                let found = Found::of(record.partner.id, (added.standing, added.reason));
                vec![Found { amounts: added.amounts, ..found }]
            }
            Kind::Count(Of::Initiatives) => {
                let led = record.initiatives.iter().filter(|i| i.lead_partner == record.partner.id);
                led.map(|initiative| {
                    self.sees
                        .set("initiative", &record.initiative_value(initiative, self.programme));
                    let own = format!("initiatives/{}", initiative.id);
                    Found::of(initiative.id, self.judge(indicator, scope, vec![own]))
                })
                .collect()
            }
            Kind::Count(Of::Reports) => {
                let pinned = indicator.round.as_deref();
                let counting = record.reports.iter().filter(|report| {
                    report.counts(self.programme.counts_from)
                        && pinned.is_none_or(|round| report.round == round)
                });
                counting
                    .map(|report| {
                        self.sees.set("report", &report_value(report));
                        let own = record.version_address(report);
                        Found::of(report.id, self.judge(indicator, scope, vec![own]))
                    })
                    .collect()
            }
        }
    }

    /// A partner's standing: `applies` first, then whether there is an answer, then `counts`.
    fn partner(&mut self, indicator: &Indicator, scope: &str) -> (Standing, Reason) {
        let question = indicator.question.as_deref().and_then(|key| self.programme.question(key));
        let Some(question) = question else { return self.judge(indicator, scope, Vec::new()) };
        if let Some(out) = self.does_not_apply(indicator, scope) {
            return out;
        }
        let Some(report) = self.record.deciding(self.programme, &question.key, scope) else {
            return (Standing::NotSubmitted, reason("not-submitted", Vec::new()));
        };
        let address = self.answer_address(report, &question.key);
        let answer = report.answers.get(&question.key).filter(|answer| !answer.is_blank());
        let Some(answer) = answer else { return (Standing::NoAnswer, reason("blank", vec![address])) };
        match answer.no_answer() {
            Some(NoAnswer::DontKnow) => return (Standing::NoAnswer, reason("dont-know", vec![address])),
            Some(NoAnswer::NotApplicable) => {
                return (Standing::NotApplicable, reason("not-applicable", vec![address]));
            }
            None => {}
        }
        self.sees.set("answer", &answer_value(question, Some(answer)));
        self.counts(indicator, scope, vec![address])
    }

    fn judge(&mut self, indicator: &Indicator, scope: &str, own: Vec<String>) -> (Standing, Reason) {
        match self.does_not_apply(indicator, scope) {
            Some(out) => out,
            None => self.counts(indicator, scope, own),
        }
    }

    fn does_not_apply(&mut self, indicator: &Indicator, scope: &str) -> Option<(Standing, Reason)> {
        let rule = indicator.applies.as_ref()?;
        match rule.holds(&self.sees) {
            Ok(true) => None,
            Ok(false) => {
                let because = self.because(rule, scope, false);
                Some((Standing::NotApplicable, reason("does-not-apply", because)))
            }
            Err(failed) => Some(rule_failed(failed.0)),
        }
    }

    fn counts(&mut self, indicator: &Indicator, scope: &str, own: Vec<String>) -> (Standing, Reason) {
        let rule = &indicator.counts;
        let holds = match rule.holds(&self.sees) {
            Ok(holds) => holds,
            Err(failed) => return rule_failed(failed.0),
        };
        let mut because = own;
        for address in self.because(rule, scope, holds) {
            if !because.contains(&address) {
                because.push(address);
            }
        }
        match holds {
            true => (Standing::Counted, reason("rule-holds", because)),
            false => (Standing::NotCounted, reason("rule-does-not-hold", because)),
        }
    }

    /// The addresses of what a rule looked at. Of lists, where the rule holds: those elements that alone
    /// make it hold; where no single one does, or where it does not hold, all of them.
    fn because(&mut self, rule: &Rule, scope: &str, holds: bool) -> Vec<String> {
        let record = self.record;
        let mut because = Vec::new();
        if rule.reads("partner") {
            because.push(format!("partners/{}", record.partner.id));
        }
        for path in rule.paths() {
            let Some(rest) = path.strip_prefix("answers.") else { continue };
            // A rule that loops over a multi-choice answer reads `answers.key[]`.
            let question = rest.split(['[', '.']).next().unwrap_or_default();
            if let Some(report) = record.deciding(self.programme, question, scope) {
                let address = self.answer_address(report, question);
                if !because.contains(&address) {
                    because.push(address);
                }
            }
        }
        if rule.reads("commitments") {
            let values = std::mem::take(&mut self.commitments);
            let chosen = self.witnesses(rule, "commitments", &values, holds);
            let named = record.commitments.iter().map(|c| format!("commitments/{}", c.id));
            because.extend(named.zip(chosen).filter_map(|(address, chosen)| chosen.then_some(address)));
            self.commitments = values;
        }
        if rule.reads("initiatives") {
            let values = std::mem::take(&mut self.initiatives);
            let chosen = self.witnesses(rule, "initiatives", &values, holds);
            let named = record.initiatives.iter().map(|i| format!("initiatives/{}", i.id));
            because.extend(named.zip(chosen).filter_map(|(address, chosen)| chosen.then_some(address)));
            self.initiatives = values;
        }
        if rule.reads("reports") {
            let read = |round: &str| {
                let (whole, part) = (format!("reports.{round}"), format!("reports.{round}."));
                rule.paths()
                    .iter()
                    .any(|path| *path == "reports" || *path == whole || path.starts_with(&part))
            };
            let reports = record.reports.iter().filter(|report| read(&report.round));
            because.extend(reports.map(|report| record.version_address(report)));
        }
        because
    }

    fn witnesses(&mut self, rule: &Rule, list: &str, values: &[Value], holds: bool) -> Vec<bool> {
        if !holds || values.len() < 2 {
            return vec![true; values.len()];
        }
        let mut alone = Vec::with_capacity(values.len());
        for value in values {
            self.sees.set(list, &Value::Array(vec![value.clone()]));
            alone.push(rule.holds(&self.sees).unwrap_or(false));
        }
        self.sees.set(list, &Value::Array(values.to_vec()));
        if alone.contains(&true) { alone } else { vec![true; values.len()] }
    }

    fn answer_address(&self, report: &HandedIn, question: &str) -> String {
        format!("{}#/answers/{}", self.record.version_address(report), question)
    }
}

fn reason(code: &str, because: Vec<String>) -> Reason {
    Reason { code: code.to_owned(), because, detail: None }
}

fn rule_failed(detail: String) -> (Standing, Reason) {
    let reason = Reason {
        code: "rule-failed".to_owned(),
        because: Vec::new(),
        detail: Some(detail),
    };
    (Standing::NoAnswer, reason)
}
