//! Measures, and the sums of them.

use super::{keys, unknown, within};
use crate::domain::checks::Faults;
use crate::domain::programme::*;

/// Finer than any measure is, and coarse enough that exact sums have room.
const MOST_DECIMALS: i64 = 6;

pub(super) fn measures(faults: &mut Faults, entries: &[MeasureEntry]) -> Vec<Measure> {
    keys(faults, "/measures", entries.iter().map(|measure| measure.key.as_str()));
    let mut measures = Vec::with_capacity(entries.len());
    for (i, entry) in entries.iter().enumerate() {
        let at = |field: &str| format!("/measures/{i}/{field}");
        faults.both(&at("label"), &entry.label);
        faults.both(&at("unit"), &entry.unit);
        within(faults, &at("decimals"), entry.decimals, 0, MOST_DECIMALS);
        measures.push(Measure {
            key: entry.key.clone(),
            label: entry.label.clone(),
            unit: Text::new(entry.unit.da.trim(), entry.unit.en.trim()),
            decimals: u32::try_from(entry.decimals.clamp(0, MOST_DECIMALS)).unwrap_or(0),
        });
    }
    measures
}

/// What an indicator of kind `sum` adds up; fills in its defaults.
pub(super) fn sum(
    faults: &mut Faults,
    i: usize,
    entry: &mut IndicatorEntry,
    measures: &[Measure],
) -> Option<Sum> {
    let at = |field: &str| format!("/indicators/{i}/{field}");
    let foreign = [
        ("of", entry.of.is_some()),
        ("question", entry.question.is_some()),
        ("counts", entry.counts.is_some()),
        ("base", entry.base.is_some()),
    ];
    for (field, _) in foreign.into_iter().filter(|(_, given)| *given) {
        faults.add(
            at(field),
            "not-for-this-kind",
            "En sum lægger resultater sammen og har ikke dette felt.",
            "A sum adds up outcomes and does not have this field.",
        );
    }
    let take = entry.take.get_or_insert_with(|| "latest".to_owned()).clone();
    faults.one_of(&at("take"), &take, &["latest", "each"]);
    let adds = entry.adds.get_or_insert_with(|| "outcome".to_owned()).clone();
    faults.one_of(&at("adds"), &adds, &["outcome", "output"]);
    let Some(key) = &entry.measure else {
        faults.add(
            at("measure"),
            "required",
            "En sum skal sige, hvilket målepunkt der lægges sammen.",
            "A sum must say which measure it adds up.",
        );
        return None;
    };
    let Some(measure) = measures.iter().find(|measure| measure.key == *key) else {
        unknown(faults, at("measure"), "unknown-measure", "Målepunktet", "measure", key);
        return None;
    };
    Some(Sum {
        measure: measure.clone(),
        take: if take == "each" { Take::Each } else { Take::Latest },
        adds: if adds == "output" { Adds::Output } else { Adds::Outcome },
    })
}

/// What an indicator of another kind has and only a sum may have.
pub(super) fn only_of_sums(faults: &mut Faults, i: usize, entry: &IndicatorEntry) {
    let given = [
        ("measure", entry.measure.is_some()),
        ("take", entry.take.is_some()),
        ("adds", entry.adds.is_some()),
    ];
    for (field, _) in given.into_iter().filter(|(_, given)| *given) {
        faults.add(
            format!("/indicators/{i}/{field}"),
            "not-for-this-kind",
            "Kun en sum har dette felt.",
            "Only a sum has this field.",
        );
    }
}
