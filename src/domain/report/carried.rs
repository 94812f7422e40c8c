//! What of an earlier report may begin a new one.

use std::collections::HashSet;

use super::body::{Outcome, ReportBody, ReportPart};
use super::faults::{InitiativeKnown, check_body, check_part};
use crate::domain::programme::{Programme, Round};
use crate::domain::text::{Fault, pointer_step};

/// The body without what a save or a submission would refuse today: answers to questions of another type or with
/// other choices than when they were given, and outcomes of initiatives that the partner does not lead, in another
/// unit than their measure's, finer than it, or said twice of it.
pub fn acceptable(
    mut body: ReportBody,
    round: &Round,
    programme: &Programme,
    initiatives: &[InitiativeKnown],
) -> ReportBody {
    let alone = ReportBody { answers: body.answers.clone(), initiatives: Vec::new() };
    let check = check_body(&alone, round, programme, &[]);
    let faults = check.refused.into_iter().chain(check.faults);
    let faults: Vec<Fault> = faults.filter(|fault| fault.code != "answer-missing").collect();
    body.answers
        .retain(|key, _| !is_at(&faults, &format!("/answers/{}", pointer_step(key))));
    body.initiatives
        .retain(|part| initiatives.iter().any(|known| known.id == part.initiative));
    for part in &mut body.initiatives {
        let outcomes = std::mem::take(&mut part.outcomes);
        part.outcomes = kept(part, outcomes, programme, initiatives);
    }
    body
}

fn kept(
    part: &ReportPart,
    outcomes: Vec<Outcome>,
    programme: &Programme,
    initiatives: &[InitiativeKnown],
) -> Vec<Outcome> {
    let mut named = HashSet::new();
    let is_kept = |outcome: &Outcome| {
        let alone = ReportPart { outcomes: vec![outcome.clone()], ..part.clone() };
        let check = check_part(&alone, "", programme, initiatives);
        let is_measured = programme.measure(&outcome.measure).is_some();
        check.refused.is_empty()
            && check.faults.is_empty()
            && (!is_measured || named.insert((outcome.measure.clone(), outcome.kind.clone())))
    };
    outcomes.into_iter().filter(is_kept).collect()
}

fn is_at(faults: &[Fault], pointer: &str) -> bool {
    let is_below = |fault: &Fault| fault.pointer.strip_prefix(pointer).map(|rest| rest.starts_with('/'));
    faults
        .iter()
        .any(|fault| fault.pointer == pointer || is_below(fault) == Some(true))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::programme::ProgrammeDocument;

    fn programme() -> Programme {
        let text = include_str!("../../../programmes/ulighed-i-sundhed.toml");
        let document: ProgrammeDocument = toml::from_str(text).expect("TOML");
        let mut document = serde_json::to_value(document).expect("JSON");
        let both = |text: &str| json!({"da": text, "en": text});
        let question = |key: &str, answers: &str| json!({"key": key, "kind": "fact", "type": answers, "wording": both(key)});
        let mut which = question("which", "multiChoice");
        which["choices"] = json!([{"key": "a", "label": both("A")}, {"key": "b", "label": both("B")}]);
        let more = [question("yes_no", "yesNo"), question("yes", "text"), which];
        document["questions"].as_array_mut().expect("questions").extend(more);
        let asked = document["rounds"][0]["questions"].as_array_mut().expect("questions");
        asked.extend(["yes_no", "yes", "which"].map(|key| json!(key)));
        document["measures"] =
            json!([{"key": "hours", "label": both("Timer"), "unit": both("timer"), "decimals": 1}]);
        let document: ProgrammeDocument = serde_json::from_value(document).expect("a document");
        document.check().expect("a sound programme")
    }

    fn carried(body: Value) -> Value {
        let programme = programme();
        let known = |id: &str, is_lead| InitiativeKnown {
            id: id.to_owned(),
            title: id.to_owned(),
            is_lead,
            is_running: true,
        };
        let body = serde_json::from_value(body).expect("a body");
        let initiatives = [known("led", true), known("shared", false)];
        let body = acceptable(body, &programme.rounds[0], &programme, &initiatives);
        serde_json::to_value(body).expect("JSON")
    }

    #[test]
    fn answers_that_their_questions_no_longer_take_are_left_out() {
        let answers = |answers: Value| carried(json!({"answers": answers}))["answers"].clone();
        let good =
            json!({"yes_no": {"value": "yes"}, "yes": {"value": "x"}, "which": {"value": ["a", "b"]}});
        assert_eq!(answers(good.clone()), good);
        let other_type =
            json!({"yes_no": {"value": ["yes"]}, "yes": {"value": "x"}, "which": {"value": "a"}});
        assert_eq!(answers(other_type), json!({"yes": {"value": "x"}}));
        let other_choices = json!({"which": {"value": ["a", "c"]}, "gone": {"value": "x"}});
        assert_eq!(answers(other_choices), json!({}));
    }

    #[test]
    fn outcomes_that_their_measures_no_longer_take_are_left_out() {
        let outcome = |measure: &str, unit: &str, baseline: &str| {
            json!({"measure": measure, "kind": "outcome", "unit": unit, "baseline": baseline, "target": null,
                "actual": null, "verification": "selfReported", "evidence": []})
        };
        let measures = |initiative: &str, outcomes: Value| {
            let body =
                carried(json!({"initiatives": [{"initiative": initiative, "outcomes": outcomes}]}));
            let parts = body["initiatives"].as_array().expect("parts").iter();
            let outcomes = parts.flat_map(|part| part["outcomes"].as_array().expect("outcomes").clone());
            outcomes
                .map(|outcome| format!("{} {}", outcome["measure"], outcome["baseline"]))
                .collect::<Vec<_>>()
        };
        let all = json!([
            outcome("hours", "dage", "1"),
            outcome("hours", "timer", "1.25"),
            outcome("hours", "timer", "1.50"),
            outcome("hours", "timer", "2"),
            outcome("Frit", "dage", "1.255"),
            outcome("Frit", "uger", "3")
        ]);
        let kept = ["\"hours\" \"1.50\"", "\"Frit\" \"1.255\"", "\"Frit\" \"3\""];
        assert_eq!(measures("led", all.clone()), kept);
        assert_eq!(measures("shared", all.clone()), Vec::<String>::new());
        assert_eq!(measures("unknown", all), Vec::<String>::new());
    }
}
