//! What a new version of a programme may not take away from under its users.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Labelled, MeasureEntry, ProgrammeDocument};
use crate::domain::checks::Faults;
use crate::domain::text::Fault;

/// How many things use a key, and what they are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    pub partners: i64,
    pub commitments: i64,
    pub initiatives: i64,
    pub reports: i64,
    pub extensions: i64,
}

impl Use {
    fn danish(&self) -> String {
        sentence(
            &[
                (self.partners, "partner", "partnere"),
                (self.commitments, "valgt indsatsområde", "valgte indsatsområder"),
                (self.initiatives, "initiativ", "initiativer"),
                (self.reports, "rapport", "rapporter"),
                (self.extensions, "udsættelse", "udsættelser"),
            ],
            " og ",
        )
    }

    fn english(&self) -> String {
        sentence(
            &[
                (self.partners, "partner", "partners"),
                (self.commitments, "commitment", "commitments"),
                (self.initiatives, "initiative", "initiatives"),
                (self.reports, "report", "reports"),
                (self.extensions, "extension", "extensions"),
            ],
            " and ",
        )
    }
}

fn sentence(parts: &[(i64, &str, &str)], and: &str) -> String {
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    parts.join(and)
}

/// Who uses which key of the programme in force.
#[derive(Debug, Default)]
pub struct Uses {
    pub sectors: BTreeMap<String, Use>,
    pub objectives: BTreeMap<String, Use>,
    pub focus_areas: BTreeMap<String, Use>,
    /// Rounds that have a report or an extension.
    pub rounds: BTreeMap<String, Use>,
    /// Questions that a submission answers.
    pub questions: BTreeMap<String, Use>,
    /// Measures that a report names, and the free texts in their place.
    pub measures: BTreeMap<String, MeasureUse>,
}

/// How reports use a measure, or a text that is none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeasureUse {
    pub used: Use,
    /// Without the blank one.
    pub units: BTreeSet<String>,
    /// The most that one of its amounts needs.
    pub decimals: u32,
}

/// What the new document takes away though it is in use; empty when nothing.
pub fn frozen(old: &ProgrammeDocument, new: &ProgrammeDocument, uses: &Uses) -> Vec<Fault> {
    let mut faults = Faults::new();
    let labelled = |entries: &[Labelled]| entries.iter().map(|e| e.key.clone()).collect::<Vec<_>>();
    removed(&mut faults, "/sectors", &uses.sectors, &labelled(&new.sectors));
    removed(&mut faults, "/objectives", &uses.objectives, &labelled(&new.objectives));
    let areas: Vec<String> = new.focus_areas.iter().map(|area| area.key.clone()).collect();
    removed(&mut faults, "/focusAreas", &uses.focus_areas, &areas);
    let rounds: Vec<String> = new.rounds.iter().map(|round| round.key.clone()).collect();
    removed(&mut faults, "/rounds", &uses.rounds, &rounds);
    let questions: Vec<String> = new.questions.iter().map(|question| question.key.clone()).collect();
    removed(&mut faults, "/questions", &uses.questions, &questions);

    for (i, question) in new.questions.iter().enumerate() {
        let Some(used) = uses.questions.get(&question.key) else { continue };
        let Some(before) = old.questions.iter().find(|old| old.key == question.key) else { continue };
        if before.answer_type != question.answer_type {
            in_use(&mut faults, format!("/questions/{i}/type"), &question.key, used);
        }
        let keys = |choices: &Option<Vec<Labelled>>| {
            choices
                .as_deref()
                .unwrap_or_default()
                .iter()
                .map(|choice| choice.key.clone())
                .collect::<Vec<_>>()
        };
        if keys(&before.choices) != keys(&question.choices) {
            in_use(&mut faults, format!("/questions/{i}/choices"), &question.key, used);
        }
    }
    measures(&mut faults, old, new, uses);
    faults.into_vec()
}

/// A measure in use keeps its unit and decimals. One that is new takes in what reports said under its key
/// as free text, so that has to fit.
fn measures(faults: &mut Faults, old: &ProgrammeDocument, new: &ProgrammeDocument, uses: &Uses) {
    let before = |key: &str| old.measures.iter().find(|measure| measure.key == key);
    for (key, found) in &uses.measures {
        if before(key).is_some() && !new.measures.iter().any(|measure| measure.key == *key) {
            in_use(faults, "/measures".to_owned(), key, &found.used);
        }
    }
    for (i, measure) in new.measures.iter().enumerate() {
        let Some(found) = uses.measures.get(&measure.key) else { continue };
        let (unit, decimals) = match before(&measure.key) {
            Some(before) => (before.unit == measure.unit, before.decimals == measure.decimals),
            None => (
                found.units.iter().all(|unit| has_unit(measure, unit)),
                i64::from(found.decimals) <= measure.decimals,
            ),
        };
        for (field, fits) in [("unit", unit), ("decimals", decimals)] {
            if !fits {
                in_use(faults, format!("/measures/{i}/{field}"), &measure.key, &found.used);
            }
        }
    }
}

fn has_unit(measure: &MeasureEntry, unit: &str) -> bool {
    [&measure.unit.da, &measure.unit.en].iter().any(|known| known.trim() == unit)
}

fn removed(faults: &mut Faults, list: &str, used: &BTreeMap<String, Use>, kept: &[String]) {
    for (key, used) in used {
        if !kept.contains(key) {
            in_use(faults, list.to_owned(), key, used);
        }
    }
}

fn in_use(faults: &mut Faults, pointer: String, key: &str, used: &Use) {
    faults.add(
        pointer,
        "in-use",
        format!("»{key}« er i brug ({}) og kan ikke fjernes eller ændres.", used.danish()),
        format!("\"{key}\" is in use ({}) and can't be removed or changed.", used.english()),
    );
}
