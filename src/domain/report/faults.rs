//! What is wrong with a report: what can't be kept at all, what keeps a draft from being submitted, and
//! what is only worth a second look.

use super::body::{Answer, AnswerValue, ReportBody, ReportPart};
use super::outcomes::{Remarks, check_outcomes};
use crate::domain::checks::{Faults, shown};
use crate::domain::programme::{AnswerType, Labelled, Programme, Question, Round};
use crate::domain::text::{Fault, pointer_step};

/// The outcome of a check. A draft is saved with `faults`; it can't be submitted with any.
#[derive(Debug, Default)]
pub struct BodyCheck {
    /// Names nothing that the alliance has, or text that no database keeps: refused at once.
    pub refused: Vec<Fault>,
    /// Missing or wrong answers: all of them stand in the way of a submission.
    pub faults: Vec<Fault>,
    /// Worth a second look, in nobody's way.
    pub warnings: Vec<Fault>,
}

/// An initiative that the reporting partner takes part in.
#[derive(Debug, Clone)]
pub struct InitiativeKnown {
    pub id: String,
    pub title: String,
    pub is_lead: bool,
    pub is_running: bool,
}

const MOST_PARTS: usize = 1000;
const MOST_OUTCOMES: usize = 100;

pub fn check_body(
    body: &ReportBody,
    round: &Round,
    programme: &Programme,
    initiatives: &[InitiativeKnown],
) -> BodyCheck {
    let mut refused = Faults::new();
    let mut faults = Faults::new();
    let mut warnings = Faults::new();
    for (key, answer) in &body.answers {
        let pointer = format!("/answers/{}", pointer_step(key));
        match programme.question(key) {
            Some(question) if round.asks(key) => {
                check_answer_text(&mut refused, &pointer, answer);
                check_answer(&mut faults, &pointer, question, answer);
            }
            Some(_) => refused.add(
                pointer,
                "question-not-asked",
                format!("Runden »{}« stiller ikke spørgsmålet »{key}«.", round.key),
                format!("The round \"{}\" does not ask the question \"{key}\".", round.key),
            ),
            None => refused.add(
                pointer,
                "unknown-question",
                format!("Spørgsmålet »{}« findes ikke i programmet.", shown(key)),
                format!("There is no question \"{}\" in the programme.", shown(key)),
            ),
        }
    }
    check_missing(&mut faults, &mut warnings, body, round, programme);
    if body.initiatives.len() > MOST_PARTS {
        refused.add("/initiatives", "too-many", "For mange initiativer.", "Too many initiatives.");
    }
    let named: Vec<String> = body.initiatives.iter().map(|part| part.initiative.clone()).collect();
    refused.unique("/initiatives", &named);
    for (i, part) in body.initiatives.iter().enumerate() {
        let found = check_part(part, &format!("/initiatives/{i}"), programme, initiatives);
        refused.extend(found.refused);
        faults.extend(found.faults);
        warnings.extend(found.warnings);
    }
    for initiative in initiatives
        .iter()
        .filter(|i| i.is_lead && i.is_running && !named.contains(&i.id))
    {
        warnings.add(
            "/initiatives",
            "initiative-not-reported",
            format!(
                "Rapporten siger intet om det igangværende initiativ »{}«.",
                shown(&initiative.title)
            ),
            format!(
                "The report says nothing of the running initiative \"{}\".",
                shown(&initiative.title)
            ),
        );
    }
    BodyCheck {
        refused: refused.into_vec(),
        faults: faults.into_vec(),
        warnings: warnings.into_vec(),
    }
}

fn check_missing(
    faults: &mut Faults,
    warnings: &mut Faults,
    body: &ReportBody,
    round: &Round,
    programme: &Programme,
) {
    for key in &round.questions {
        let Some(question) = programme.question(key) else { continue };
        if body.answers.get(key).is_some_and(|answer| !answer.is_blank()) {
            continue;
        }
        let pointer = format!("/answers/{}", pointer_step(key));
        let (da, en) = (&question.wording.da, &question.wording.en);
        if question.required {
            faults.add(
                pointer,
                "answer-missing",
                format!("Spørgsmålet skal besvares: {da}"),
                format!("The question needs an answer: {en}"),
            );
        } else {
            warnings.add(
                pointer,
                "not-answered",
                format!("Spørgsmålet er ikke besvaret: {da}"),
                format!("The question is not answered: {en}"),
            );
        }
    }
}

fn check_answer_text(refused: &mut Faults, pointer: &str, answer: &Answer) {
    let at = |field: &str| format!("{pointer}/{field}");
    if let Some(comment) = &answer.comment {
        refused.prose(&at("comment"), comment);
    }
    if let Some(none) = &answer.none {
        refused.prose(&at("none"), none);
    }
    match &answer.value {
        Some(AnswerValue::Text(text)) => refused.prose(&at("value"), text),
        Some(AnswerValue::List(keys)) => {
            for (i, key) in keys.iter().take(1000).enumerate() {
                refused.prose(&format!("{pointer}/value/{i}"), key);
            }
            if keys.len() > 1000 {
                refused.add(at("value"), "too-many", "For mange valg.", "Too many choices.");
            }
        }
        Some(AnswerValue::Number(_)) | None => {}
    }
}

fn check_answer(faults: &mut Faults, pointer: &str, question: &Question, answer: &Answer) {
    if let Some(none) = &answer.none {
        faults.one_of(&format!("{pointer}/none"), none, &["dontKnow", "notApplicable"]);
        if answer.value.is_some() {
            faults.add(
                pointer,
                "value-and-none",
                "Angiv enten en værdi eller en grund til, at der ikke er nogen.",
                "Give either a value or the reason why there is none.",
            );
        }
        return;
    }
    let at = format!("{pointer}/value");
    match (&question.answers, &answer.value) {
        (_, None) => {}
        (AnswerType::YesNo, Some(AnswerValue::Text(text))) => {
            if !text.trim().is_empty() {
                faults.one_of(&at, text, &["yes", "no"]);
            }
        }
        (AnswerType::Choice(choices), Some(AnswerValue::Text(text))) => {
            if !text.trim().is_empty() {
                check_choice(faults, &at, text, choices);
            }
        }
        (AnswerType::MultiChoice(choices), Some(AnswerValue::List(keys))) => {
            for (i, key) in keys.iter().enumerate() {
                check_choice(faults, &format!("{at}/{i}"), key, choices);
            }
            faults.unique(&at, keys);
        }
        (AnswerType::Number { min, max, decimals }, Some(AnswerValue::Number(number))) => {
            check_number(faults, &at, number.as_f64().unwrap_or(f64::NAN), *min, *max, *decimals);
        }
        (AnswerType::Text, Some(AnswerValue::Text(_))) => {}
        (expected, Some(_)) => {
            let (da, en) = match expected {
                AnswerType::YesNo => ("\"yes\" eller \"no\"", "\"yes\" or \"no\""),
                AnswerType::Choice(_) => ("nøglen på et valg", "the key of a choice"),
                AnswerType::MultiChoice(_) => ("en liste af valg", "a list of choices"),
                AnswerType::Number { .. } => ("et tal", "a number"),
                AnswerType::Text => ("en tekst", "a text"),
            };
            faults.add(
                at,
                "wrong-type",
                format!("Svaret skal være {da}."),
                format!("The answer must be {en}."),
            );
        }
    }
}

fn check_choice(faults: &mut Faults, pointer: &str, key: &str, choices: &[Labelled]) {
    let keys: Vec<&str> = choices.iter().map(|choice| choice.key.as_str()).collect();
    faults.one_of(pointer, key, &keys);
}

fn check_number(
    faults: &mut Faults,
    pointer: &str,
    number: f64,
    min: Option<f64>,
    max: Option<f64>,
    decimals: Option<u32>,
) {
    if let Some(min) = min
        && number < min
    {
        faults.add(
            pointer,
            "out-of-range",
            format!("Tallet {number} er mindre end {min}."),
            format!("The number {number} is below {min}."),
        );
    }
    if let Some(max) = max
        && number > max
    {
        faults.add(
            pointer,
            "out-of-range",
            format!("Tallet {number} er større end {max}."),
            format!("The number {number} is above {max}."),
        );
    }
    let given = decimals_of(number);
    if let Some(decimals) = decimals
        && given > decimals
    {
        faults.too_many_decimals(pointer, given, decimals);
    }
}

/// Decimals of the shortest text that reads back as the same number.
fn decimals_of(number: f64) -> u32 {
    let text = format!("{number}");
    text.split_once('.')
        .map_or(0, |(_, fraction)| u32::try_from(fraction.len()).unwrap_or(u32::MAX))
}

/// One initiative's part. `pointer` is where it stands in the body, empty where it is the body.
pub fn check_part(
    part: &ReportPart,
    pointer: &str,
    programme: &Programme,
    initiatives: &[InitiativeKnown],
) -> BodyCheck {
    let mut remarks = Remarks::default();
    let at = |field: &str| format!("{pointer}/{field}");
    let known = initiatives.iter().find(|initiative| initiative.id == part.initiative);
    if known.is_none() {
        let given = shown(&part.initiative);
        remarks.refused.add(
            at("initiative"),
            "unknown-initiative",
            format!("Partneren deltager ikke i et initiativ med id'et »{given}«."),
            format!("The partner takes part in no initiative with the id \"{given}\"."),
        );
    }
    remarks.refused.prose(&at("progress"), &part.progress);
    remarks.refused.prose(&at("learning"), &part.learning);
    remarks.refused.prose(&at("barriers"), &part.barriers);
    if part.outcomes.len() > MOST_OUTCOMES {
        remarks
            .refused
            .add(at("outcomes"), "too-many", "For mange resultater.", "Too many outcomes.");
    }
    let is_lead = known.is_none_or(|initiative| initiative.is_lead);
    check_outcomes(&mut remarks, &at("outcomes"), &part.outcomes, programme, is_lead);
    BodyCheck {
        refused: remarks.refused.into_vec(),
        faults: remarks.faults.into_vec(),
        warnings: remarks.warnings.into_vec(),
    }
}
