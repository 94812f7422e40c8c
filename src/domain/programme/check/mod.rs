//! From a document to a programme, or to every fault in it.

mod indicators;
mod measures;

use std::collections::HashSet;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::document::*;
use super::*;
use crate::domain::checks::{Faults, shown};

/// More than any alliance has, and few enough that a hostile document costs nothing.
const MOST: usize = 500;

pub(super) fn check(
    mut document: ProgrammeDocument,
) -> Result<Programme, Vec<crate::domain::text::Fault>> {
    let mut faults = Faults::new();
    faults.key("/slug", &document.slug);
    faults.both("/name", &document.name);
    let starts_on = faults.date("/startsOn", &document.starts_on);
    let ends_on = faults.date("/endsOn", &document.ends_on);
    in_order(&mut faults, "/endsOn", starts_on, ends_on);
    let zone = zone(&mut faults, &document.time_zone);
    faults.one_of("/countsFrom", &document.counts_from, &["submitted", "accepted"]);
    within(&mut faults, "/smallGroup", document.small_group, 1, 1000);
    within(&mut faults, "/decimals", document.decimals, 0, 4);

    labelled(&mut faults, "/sectors", &document.sectors);
    labelled(&mut faults, "/objectives", &document.objectives);
    focus_areas(&mut faults, &document.focus_areas);
    let questions = questions(&mut faults, &mut document.questions);
    let mut rounds = rounds(&mut faults, &mut document.rounds, zone.unwrap_or(Tz::UTC), &questions);
    rounds.sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
    let measures = measures::measures(&mut faults, &document.measures);
    let known = indicators::Known { questions: &questions, rounds: &rounds, measures: &measures };
    let indicators = indicators::indicators(&mut faults, &mut document.indicators, &known);

    let (Some(starts_on), Some(ends_on), Some(zone)) = (starts_on, ends_on, zone) else {
        return Err(faults.into_vec());
    };
    faults.unless_any(())?;
    Ok(Programme {
        slug: document.slug.clone(),
        name: document.name.clone(),
        starts_on,
        ends_on,
        zone,
        counts_from: match document.counts_from.as_str() {
            "accepted" => CountsFrom::Accepted,
            _ => CountsFrom::Submitted,
        },
        small_group: document.small_group,
        decimals: u32::try_from(document.decimals).unwrap_or(0),
        sectors: document.sectors.clone(),
        objectives: document.objectives.clone(),
        focus_areas: document.focus_areas.clone(),
        rounds,
        questions,
        measures,
        indicators,
        document,
    })
}

fn in_order(faults: &mut Faults, pointer: &str, start: Option<NaiveDate>, end: Option<NaiveDate>) {
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        faults.add(
            pointer,
            "end-before-start",
            format!("Slutdatoen {end} ligger før startdatoen {start}."),
            format!("The end date {end} lies before the start date {start}."),
        );
    }
}

fn zone(faults: &mut Faults, name: &str) -> Option<Tz> {
    let zone = name.parse().ok();
    if zone.is_none() {
        faults.add(
            "/timeZone",
            "unknown-time-zone",
            format!("»{}« er ikke en tidszone i IANA's database.", shown(name)),
            format!("\"{}\" is not a zone of the IANA time zone database.", shown(name)),
        );
    }
    zone
}

fn within(faults: &mut Faults, pointer: &str, value: i64, least: i64, most: i64) {
    if !(least..=most).contains(&value) {
        faults.add(
            pointer,
            "out-of-range",
            format!("{value} ligger uden for {least} til {most}."),
            format!("{value} lies outside {least} to {most}."),
        );
    }
}

/// Keys well-formed and each only once, and not too many of them.
fn keys<'a>(faults: &mut Faults, pointer: &str, keys: impl Iterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for (i, key) in keys.enumerate() {
        let at = format!("{pointer}/{i}/key");
        faults.key(&at, key);
        if !seen.insert(key) {
            faults.add(
                at,
                "duplicate",
                format!("Nøglen »{}« findes allerede.", shown(key)),
                format!("The key \"{}\" exists already.", shown(key)),
            );
        }
        if i == MOST {
            faults.add(
                pointer,
                "too-many",
                format!("Højst {MOST} er tilladt."),
                format!("At most {MOST} are allowed."),
            );
        }
    }
}

fn labelled(faults: &mut Faults, pointer: &str, entries: &[Labelled]) {
    keys(faults, pointer, entries.iter().map(|entry| entry.key.as_str()));
    for (i, entry) in entries.iter().enumerate() {
        faults.both(&format!("{pointer}/{i}/label"), &entry.label);
    }
}

fn focus_areas(faults: &mut Faults, areas: &[FocusAreaEntry]) {
    keys(faults, "/focusAreas", areas.iter().map(|area| area.key.as_str()));
    for (i, area) in areas.iter().enumerate() {
        faults.key(&format!("/focusAreas/{i}/scheme"), &area.scheme);
        faults.both(&format!("/focusAreas/{i}/label"), &area.label);
    }
}

fn unknown(faults: &mut Faults, pointer: String, code: &'static str, da: &str, en: &str, name: &str) {
    let name = shown(name);
    faults.add(
        pointer,
        code,
        format!("{da} »{name}« findes ikke i programmet."),
        format!("There is no {en} \"{name}\" in the programme."),
    );
}

fn rounds(
    faults: &mut Faults,
    entries: &mut [RoundEntry],
    zone: Tz,
    questions: &[Question],
) -> Vec<Round> {
    keys(faults, "/rounds", entries.iter().map(|round| round.key.as_str()));
    entries
        .iter_mut()
        .enumerate()
        .filter_map(|(i, entry)| round(faults, i, entry, zone, questions))
        .collect()
}

fn round(
    faults: &mut Faults,
    i: usize,
    entry: &mut RoundEntry,
    zone: Tz,
    questions: &[Question],
) -> Option<Round> {
    let at = |field: &str| format!("/rounds/{i}/{field}");
    faults.both(&at("label"), &entry.label);
    let opens_on = faults.date(&at("opensOn"), &entry.opens_on);
    let due_at = instant(faults, &at("dueAt"), &mut entry.due_at);
    let closes_at = match &mut entry.closes_at {
        Some(text) => instant(faults, &at("closesAt"), text),
        None => None,
    };
    for (j, key) in entry.questions.iter().enumerate() {
        if !questions.iter().any(|question| question.key == *key) {
            unknown(
                faults,
                format!("/rounds/{i}/questions/{j}"),
                "unknown-question",
                "Spørgsmålet",
                "question",
                key,
            );
        }
    }
    faults.unique(&at("questions"), &entry.questions);

    let (opens_on, due_at) = (opens_on?, due_at?);
    if dates::start_of_day(zone, opens_on) > due_at {
        faults.add(
            at("dueAt"),
            "end-before-start",
            "Fristen ligger før runden åbner.",
            "The deadline lies before the round opens.",
        );
    }
    if closes_at.is_some_and(|closes_at| closes_at < due_at) {
        faults.add(
            at("closesAt"),
            "end-before-start",
            "Runden lukker før fristen.",
            "The round closes before its deadline.",
        );
    }
    let starts_on = match entry.starts_on.as_deref() {
        Some(text) => faults.date(&at("startsOn"), text)?,
        None => opens_on,
    };
    let ends_on = match entry.ends_on.as_deref() {
        Some(text) => faults.date(&at("endsOn"), text)?,
        None => dates::day_in(zone, due_at),
    };
    in_order(faults, &at("endsOn"), Some(starts_on), Some(ends_on));
    entry.starts_on = Some(starts_on.to_string());
    entry.ends_on = Some(ends_on.to_string());
    Some(Round {
        key: entry.key.clone(),
        label: entry.label.clone(),
        starts_on,
        ends_on,
        opens_on,
        due_at,
        closes_at,
        questions: entry.questions.clone(),
    })
}

/// Reads an instant and writes it back in UTC, so that equal documents compare equal.
fn instant(faults: &mut Faults, pointer: &str, text: &mut String) -> Option<DateTime<Utc>> {
    let Some(at) = dates::instant(text) else {
        faults.add(
            pointer,
            "bad-time",
            format!("»{}« er ikke et tidspunkt med tidszone (RFC 3339).", shown(text)),
            format!("\"{}\" is not a time with an offset (RFC 3339).", shown(text)),
        );
        return None;
    };
    *text = dates::rfc3339_short(at);
    Some(at)
}

fn questions(faults: &mut Faults, entries: &mut [QuestionEntry]) -> Vec<Question> {
    keys(faults, "/questions", entries.iter().map(|question| question.key.as_str()));
    entries
        .iter()
        .enumerate()
        .filter_map(|(i, entry)| question(faults, i, entry))
        .collect()
}

fn question(faults: &mut Faults, i: usize, entry: &QuestionEntry) -> Option<Question> {
    let at = |field: &str| format!("/questions/{i}/{field}");
    faults.one_of(&at("kind"), &entry.kind, &["fact", "selfAssessment", "intent"]);
    faults.one_of(
        &at("type"),
        &entry.answer_type,
        &["yesNo", "choice", "multiChoice", "number", "text"],
    );
    faults.both(&at("wording"), &entry.wording);
    if let Some(period) = &entry.reference_period {
        faults.both(&at("referencePeriod"), period);
    }
    let has_choices = matches!(entry.answer_type.as_str(), "choice" | "multiChoice");
    match &entry.choices {
        Some(choices) if has_choices => {
            labelled(faults, &at("choices"), choices);
            if choices.is_empty() {
                faults.add(
                    at("choices"),
                    "required",
                    "Der skal være mindst ét valg.",
                    "There must be at least one choice.",
                );
            }
        }
        Some(_) => not_for_type(faults, at("choices"), &entry.answer_type),
        None if has_choices => {
            faults.add(
                at("choices"),
                "required",
                "Spørgsmålet mangler sine valg.",
                "The question lacks its choices.",
            );
        }
        None => {}
    }
    let is_number = entry.answer_type == "number";
    let number_fields = [
        ("unit", entry.unit.is_some()),
        ("min", entry.min.is_some()),
        ("max", entry.max.is_some()),
        ("decimals", entry.decimals.is_some()),
    ];
    for (field, _) in number_fields.into_iter().filter(|(_, given)| *given && !is_number) {
        not_for_type(faults, at(field), &entry.answer_type);
    }
    if let Some(unit) = &entry.unit {
        faults.line(&at("unit"), unit);
    }
    if let Some(decimals) = entry.decimals {
        within(faults, &at("decimals"), decimals, 0, 9);
    }
    for (field, bound) in [("min", entry.min), ("max", entry.max)] {
        if bound.is_some_and(|bound| !bound.is_plain()) {
            faults.add(
                at(field),
                "bad-amount",
                "Tallet skal kunne skrives med højst 18 cifre før og 9 efter kommaet.",
                "The number must be written with at most 18 digits before and 9 after the point.",
            );
        }
    }
    if let (Some(min), Some(max)) = (entry.min, entry.max)
        && max.0 < min.0
    {
        faults.add(
            at("max"),
            "end-before-start",
            "Største værdi er mindre end mindste.",
            "The maximum is below the minimum.",
        );
    }
    let answers = match entry.answer_type.as_str() {
        "yesNo" => AnswerType::YesNo,
        "choice" => AnswerType::Choice(entry.choices.clone()?),
        "multiChoice" => AnswerType::MultiChoice(entry.choices.clone()?),
        "number" => AnswerType::Number {
            min: entry.min.map(|amount| amount.0),
            max: entry.max.map(|amount| amount.0),
            decimals: entry.decimals.and_then(|decimals| u32::try_from(decimals).ok()),
        },
        "text" => AnswerType::Text,
        _ => return None,
    };
    Some(Question {
        key: entry.key.clone(),
        wording: entry.wording.clone(),
        required: entry.required,
        answers,
    })
}

fn not_for_type(faults: &mut Faults, pointer: String, answer_type: &str) {
    let kind = shown(answer_type);
    faults.add(
        pointer,
        "not-for-this-type",
        format!("Feltet hører ikke til et spørgsmål af typen {kind}."),
        format!("The field does not belong to a question of type {kind}."),
    );
}
