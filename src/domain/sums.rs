//! What one partner adds to a sum: the outcomes that its counting reports name, exactly.

use std::collections::BTreeSet;

use super::amounts::{Amounts, units};
use super::programme::{Programme, Sum, Take, WHOLE_ALLIANCE};
use super::record::{HandedIn, PartnerRecord};
use super::report::ReportPart;
use super::standing::{Reason, Standing};

/// Where a partner stands on a sum, and what it adds if it is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    pub standing: Standing,
    pub reason: Reason,
    pub amounts: Option<Amounts>,
}

/// Counted with at least one amount; `noAnswer` if the measure is named and every amount is blank;
/// `notCounted` if there is a counting report and none names the measure.
///
/// What a report says stays with the partner that handed it in, whoever leads the initiative since. Only
/// the latest of all rounds asks who leads it now: else an initiative that changes hands would be added
/// twice, with its old lead's last amount and with its new lead's.
pub fn added(programme: &Programme, record: &PartnerRecord, sum: &Sum, scope: &str) -> Added {
    let reports = record.counting(programme, scope);
    if reports.is_empty() {
        return nothing(Standing::NotSubmitted, "not-submitted", Vec::new());
    }
    let leading = (sum.take == Take::Latest && scope == WHOLE_ALLIANCE).then(|| record.leading());
    let mut named: Vec<Named> = Vec::new();
    for report in &reports {
        for (place, part) in report.initiatives.iter().enumerate() {
            let found = named_in(&record.version_address(report), place, part, sum);
            let speaks = leading.as_ref().is_none_or(|leading| leading.contains(&part.initiative));
            if found.is_empty() || !speaks {
                continue;
            }
            // A later report decides, even one that leaves the amount blank.
            if sum.take == Take::Latest {
                named.retain(|earlier| earlier.initiative != part.initiative);
            }
            named.extend(found);
        }
    }
    if named.is_empty() {
        let reports = reports.iter().map(|report| record.version_address(report)).collect();
        return nothing(Standing::NotCounted, "no-outcome", reports);
    }
    let given: Vec<(&Named, Amounts)> =
        named.iter().filter_map(|named| Some((named, named.amounts?))).collect();
    if given.is_empty() {
        let blank = named.into_iter().map(|named| named.address).collect();
        return nothing(Standing::NoAnswer, "no-amount", blank);
    }
    Added {
        standing: Standing::Counted,
        reason: reason("added", given.iter().map(|(named, _)| named.address.clone()).collect()),
        amounts: Some(
            given
                .iter()
                .map(|(_, amounts)| *amounts)
                .fold(Amounts::default(), Amounts::plus),
        ),
    }
}

/// An outcome of a sum's measure and kind.
struct Named {
    initiative: String,
    /// Where it stands, relative to the alliance.
    address: String,
    /// `None` where the actual is blank.
    amounts: Option<Amounts>,
}

fn named_in(version: &str, place: usize, part: &ReportPart, sum: &Sum) -> Vec<Named> {
    let outcomes = part.outcomes.iter().enumerate().filter(|(_, outcome)| sum.is_of(outcome));
    outcomes
        .map(|(i, outcome)| {
            let units = outcome.actual.as_deref().and_then(|actual| units(actual, sum.measure.decimals));
            Named {
                initiative: part.initiative.clone(),
                address: format!("{version}#/initiatives/{place}/outcomes/{i}"),
                amounts: units.map(|units| Amounts::of(&outcome.verification, units)),
            }
        })
        .collect()
}

fn nothing(standing: Standing, code: &str, because: Vec<String>) -> Added {
    Added { standing, reason: reason(code, because), amounts: None }
}

fn reason(code: &str, because: Vec<String>) -> Reason {
    Reason { code: code.to_owned(), because, detail: None }
}

impl PartnerRecord {
    /// The counting reports of a scope, in order of rounds.
    fn counting(&self, programme: &Programme, scope: &str) -> Vec<&HandedIn> {
        let in_scope = |round: &&super::programme::Round| scope == WHOLE_ALLIANCE || round.key == scope;
        let report = |round: &str| {
            self.reports
                .iter()
                .find(|r| r.round == round && r.counts(programme.counts_from))
        };
        let rounds = programme.rounds.iter().filter(in_scope);
        rounds.filter_map(|round| report(&round.key)).collect()
    }

    /// The initiatives that the partner leads now.
    fn leading(&self) -> BTreeSet<String> {
        let led = self.initiatives.iter().filter(|it| it.lead_partner == self.partner.id);
        led.map(|initiative| initiative.id.to_string()).collect()
    }
}
