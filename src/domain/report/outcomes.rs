//! What is wrong with the outcomes of one initiative's part.

use std::collections::HashSet;

use super::body::Outcome;
use crate::domain::amounts::decimals_of;
use crate::domain::checks::{Faults, shown};
use crate::domain::programme::{Measure, Programme};

/// Where the remarks on a part go: what refuses it, what stands in the way of submitting, and what is
/// only worth a second look.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    pub refused: Faults,
    pub faults: Faults,
    pub warnings: Faults,
}

/// `pointer` is where the list of outcomes stands. Only the lead reports outcomes, so that none is added
/// twice.
pub(super) fn check_outcomes(
    remarks: &mut Remarks,
    pointer: &str,
    outcomes: &[Outcome],
    programme: &Programme,
    is_lead: bool,
) {
    if !is_lead && !outcomes.is_empty() {
        remarks.faults.add(
            pointer,
            "not-lead",
            "Kun den partner, der leder initiativet, indberetter dets resultater.",
            "Only the partner that leads the initiative reports its outcomes.",
        );
    }
    let mut named = HashSet::new();
    for (i, outcome) in outcomes.iter().enumerate() {
        let at = format!("{pointer}/{i}");
        check_outcome(&mut remarks.refused, &mut remarks.faults, &at, outcome);
        match programme.measure(&outcome.measure) {
            Some(measure) => {
                check_measured(&mut remarks.faults, &at, outcome, measure);
                if !named.insert((outcome.measure.as_str(), outcome.kind.as_str())) {
                    remarks.faults.add(
                        format!("{at}/measure"),
                        "duplicate",
                        format!(
                            "Initiativet har allerede et resultat af samme slags for »{}«.",
                            measure.label.da
                        ),
                        format!(
                            "The initiative has an outcome of that kind for \"{}\" already.",
                            measure.label.en
                        ),
                    );
                }
            }
            None if !programme.measures.is_empty() && !outcome.measure.trim().is_empty() => {
                let given = shown(&outcome.measure);
                remarks.warnings.add(
                    format!("{at}/measure"),
                    "unknown-measure",
                    format!(
                        "»{given}« er ikke et af programmets målepunkter og lægges ikke sammen med andre."
                    ),
                    format!(
                        "\"{given}\" is not one of the programme's measures and is not added to others."
                    ),
                );
            }
            None => {}
        }
    }
}

/// What can be added up is in the measure's unit and no finer than it.
fn check_measured(faults: &mut Faults, pointer: &str, outcome: &Outcome, measure: &Measure) {
    if !measure.is_unit(outcome.unit.as_deref()) {
        let (da, en) = (&measure.unit.da, &measure.unit.en);
        faults.add(
            format!("{pointer}/unit"),
            "wrong-unit",
            format!("Målepunktet »{}« opgøres i {da}.", measure.label.da),
            format!("The measure \"{}\" is in {en}.", measure.label.en),
        );
    }
    for (field, amount) in amounts(outcome) {
        let Some(given) = amount.and_then(decimals_of) else { continue };
        let most = measure.decimals;
        if given > most {
            faults.too_many_decimals(format!("{pointer}/{field}"), given, most);
        }
    }
}

fn amounts(outcome: &Outcome) -> [(&'static str, Option<&str>); 3] {
    [
        ("baseline", outcome.baseline.as_deref()),
        ("target", outcome.target.as_deref()),
        ("actual", outcome.actual.as_deref()),
    ]
}

fn check_outcome(refused: &mut Faults, faults: &mut Faults, pointer: &str, outcome: &Outcome) {
    let at = |field: &str| format!("{pointer}/{field}");
    let optional =
        [&outcome.unit, &outcome.baseline, &outcome.target, &outcome.actual].map(Option::as_deref);
    let [unit, baseline, target, actual] = optional.map(Option::unwrap_or_default);
    for (field, text) in [
        ("measure", outcome.measure.as_str()),
        ("kind", &outcome.kind),
        ("unit", unit),
        ("baseline", baseline),
        ("target", target),
        ("actual", actual),
        ("verification", &outcome.verification),
    ] {
        refused.prose(&at(field), text);
    }
    for (i, address) in outcome.evidence.iter().enumerate() {
        refused.prose(&format!("{pointer}/evidence/{i}"), address);
    }
    faults.line(&at("measure"), &outcome.measure);
    faults.one_of(&at("kind"), &outcome.kind, &["output", "outcome"]);
    faults.one_of(
        &at("verification"),
        &outcome.verification,
        &["selfReported", "documented", "external"],
    );
    for (field, amount) in amounts(outcome) {
        if let Some(amount) = amount {
            faults.amount(&at(field), amount);
        }
    }
    for (i, address) in outcome.evidence.iter().enumerate() {
        let is_web = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            faults.add(
                format!("{pointer}/evidence/{i}"),
                "bad-website",
                "Dokumentation angives som en adresse med http:// eller https:// foran.",
                "Evidence is given as an address with http:// or https:// in front.",
            );
        }
    }
}
