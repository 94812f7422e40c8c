//! What differs between two submissions, leaf by leaf, fit for reading.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::body::{Answer, Outcome, ReportBody, ReportPart};
use crate::domain::id::InitiativeId;
use crate::domain::programme::{Programme, Round};
use crate::domain::text::{Text, pointer_step};

/// One leaf that differs. Values are as in JSON, null where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Into the later submission; into the earlier one where the leaf's initiative or outcome is gone.
    pub pointer: String,
    pub label: Text,
    pub initiative: Option<InitiativeId>,
    pub from: Value,
    pub to: Value,
}

/// Answers in the order in which the round asks, then initiatives in that of the later submission and those that
/// are gone. Initiatives are matched by their ids, outcomes by measure and kind.
pub fn differences(
    from: &ReportBody,
    to: &ReportBody,
    round: &Round,
    programme: &Programme,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut keys: Vec<&String> = from
        .answers
        .keys()
        .chain(to.answers.keys())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    keys.sort_by_key(|key| round.questions.iter().position(|asked| asked == *key).unwrap_or(usize::MAX));
    for key in keys {
        let wording = programme.question(key).map(|question| &question.wording);
        let unknown = Text::new(key.clone(), key.clone());
        let wording = wording.unwrap_or(&unknown);
        answer(&mut found, key, wording, from.answers.get(key), to.answers.get(key));
    }
    let is_same = |part: &ReportPart, other: &&ReportPart| part.initiative == other.initiative;
    for (place, now) in to.initiatives.iter().enumerate() {
        part(&mut found, place, from.initiatives.iter().find(|then| is_same(now, then)), Some(now));
    }
    for (place, then) in from.initiatives.iter().enumerate() {
        if !to.initiatives.iter().any(|now| is_same(then, &now)) {
            part(&mut found, place, Some(then), None);
        }
    }
    found
}

fn answer(
    found: &mut Vec<Difference>,
    key: &str,
    wording: &Text,
    from: Option<&Answer>,
    to: Option<&Answer>,
) {
    let at = format!("/answers/{}", pointer_step(key));
    let value = |answer: Option<&Answer>| json!(answer.and_then(|answer| answer.value.as_ref()));
    let none = |answer: Option<&Answer>| json!(answer.and_then(|answer| answer.none.as_ref()));
    let comment = |answer: Option<&Answer>| json!(answer.and_then(|answer| answer.comment.as_ref()));
    let on_comment =
        Text::new(format!("{} (bemærkning)", wording.da), format!("{} (comment)", wording.en));
    leaf(found, format!("{at}/value"), wording.clone(), None, value(from), value(to));
    leaf(found, format!("{at}/none"), wording.clone(), None, none(from), none(to));
    leaf(found, format!("{at}/comment"), on_comment, None, comment(from), comment(to));
}

fn part(found: &mut Vec<Difference>, place: usize, from: Option<&ReportPart>, to: Option<&ReportPart>) {
    let at = format!("/initiatives/{place}");
    let Some(either) = to.or(from) else { return };
    let initiative = InitiativeId::parse(&either.initiative);
    let texts: [(&str, Text, TextOf); 4] = [
        ("initiative", Text::new("Initiativ", "Initiative"), |part| &part.initiative),
        ("progress", Text::new("Fremdrift", "Progress"), |part| &part.progress),
        ("learning", Text::new("Læring", "Learning"), |part| &part.learning),
        ("barriers", Text::new("Barrierer", "Barriers"), |part| &part.barriers),
    ];
    for (field, label, get) in texts {
        leaf(
            found,
            format!("{at}/{field}"),
            label,
            initiative,
            json!(from.map(get)),
            json!(to.map(get)),
        );
    }
    let (then, now) = (keyed(outcomes(from)), keyed(outcomes(to)));
    for (place, (key, one)) in now.iter().enumerate() {
        let before = then.iter().find(|(other, _)| other == key).map(|(_, outcome)| *outcome);
        outcome(found, &format!("{at}/outcomes/{place}"), initiative, before, Some(*one));
    }
    for (place, (key, one)) in then.iter().enumerate() {
        if !now.iter().any(|(other, _)| other == key) {
            outcome(found, &format!("{at}/outcomes/{place}"), initiative, Some(*one), None);
        }
    }
}

fn outcomes(part: Option<&ReportPart>) -> &[Outcome] {
    part.map(|part| part.outcomes.as_slice()).unwrap_or_default()
}

type TextOf = fn(&ReportPart) -> &String;
type ValueOf = fn(&Outcome) -> Value;
type OutcomeKey<'a> = (&'a str, &'a str, usize);

/// Each with its measure and kind, and how many of the same stand before it.
fn keyed(outcomes: &[Outcome]) -> Vec<(OutcomeKey<'_>, &Outcome)> {
    let key = |(place, outcome): (usize, &Outcome)| {
        let is_same =
            |other: &&Outcome| (&other.measure, &other.kind) == (&outcome.measure, &outcome.kind);
        outcomes.iter().take(place).filter(is_same).count()
    };
    let all = outcomes.iter().enumerate();
    all.map(|(place, it)| ((it.measure.as_str(), it.kind.as_str(), key((place, it))), it))
        .collect()
}

fn outcome(
    found: &mut Vec<Difference>,
    at: &str,
    initiative: Option<InitiativeId>,
    from: Option<&Outcome>,
    to: Option<&Outcome>,
) {
    let Some(either) = to.or(from) else { return };
    let fields: [(&str, &str, &str, ValueOf); 8] = [
        ("measure", "målepunkt", "measure", |it| json!(it.measure)),
        ("kind", "art", "kind", |it| json!(it.kind)),
        ("unit", "enhed", "unit", |it| json!(it.unit)),
        ("baseline", "udgangspunkt", "baseline", |it| json!(it.baseline)),
        ("target", "måltal", "target", |it| json!(it.target)),
        ("actual", "resultat", "actual", |it| json!(it.actual)),
        ("verification", "belæg", "verification", |it| json!(it.verification)),
        ("evidence", "dokumentation", "evidence", |it| json!(it.evidence)),
    ];
    for (field, da, en, get) in fields {
        let label = Text::new(format!("{}: {da}", either.measure), format!("{}: {en}", either.measure));
        leaf(
            found,
            format!("{at}/{field}"),
            label,
            initiative,
            from.map_or(Value::Null, get),
            to.map_or(Value::Null, get),
        );
    }
}

/// Nothing, an empty text and an empty list say the same.
fn leaf(
    found: &mut Vec<Difference>,
    pointer: String,
    label: Text,
    initiative: Option<InitiativeId>,
    from: Value,
    to: Value,
) {
    let is_empty = |value: &Value| {
        value.is_null()
            || value.as_str().is_some_and(str::is_empty)
            || value.as_array().is_some_and(Vec::is_empty)
    };
    if from != to && !(is_empty(&from) && is_empty(&to)) {
        found.push(Difference { pointer, label, initiative, from, to });
    }
}
