//! Indicators: what they count, of whom, and their rules compiled.

use sha2::{Digest, Sha256};

use super::measures::{only_of_sums, sum};
use super::{keys, unknown};
use crate::domain::checks::Faults;
use crate::domain::journal::hex;
use crate::domain::programme::*;

/// What indicators may name.
pub(super) struct Known<'a> {
    pub questions: &'a [Question],
    pub rounds: &'a [Round],
    pub measures: &'a [Measure],
}

pub(super) fn indicators(
    faults: &mut Faults,
    entries: &mut [IndicatorEntry],
    known: &Known<'_>,
) -> Vec<Indicator> {
    keys(faults, "/indicators", entries.iter().map(|indicator| indicator.key.as_str()));
    let found = entries.iter_mut().enumerate();
    found.filter_map(|(i, entry)| indicator(faults, i, entry, known)).collect()
}

fn indicator(
    faults: &mut Faults,
    i: usize,
    entry: &mut IndicatorEntry,
    known: &Known<'_>,
) -> Option<Indicator> {
    let Known { questions, rounds, measures } = *known;
    let at = |field: &str| format!("/indicators/{i}/{field}");
    faults.both(&at("label"), &entry.label);
    let kind = kind(faults, i, entry, measures);
    let question = entry.question.as_ref().and_then(|key| {
        let found = questions.iter().find(|question| question.key == *key);
        if found.is_none() {
            unknown(faults, at("question"), "unknown-question", "Spørgsmålet", "question", key);
        }
        found
    });
    if let (Some(Kind::Count(Of::Initiatives | Of::Reports)), Some(_)) = (&kind, &entry.question) {
        faults.add(
            at("question"),
            "not-for-this-kind",
            "Kun en andel eller et antal af partnere kan have et spørgsmål.",
            "Only a share or a count of partners can have a question.",
        );
    }
    let pinned = entry.round.as_ref().and_then(|key| {
        let found = rounds.iter().find(|round| round.key == *key);
        if found.is_none() {
            unknown(faults, at("round"), "unknown-round", "Runden", "round", key);
        }
        found
    });
    if let (Some(round), Some(question)) = (pinned, question)
        && !round.asks(&question.key)
    {
        faults.add(
            at("round"),
            "question-not-asked",
            format!("Runden »{}« stiller ikke spørgsmålet »{}«.", round.key, question.key),
            format!("The round \"{}\" does not ask the question \"{}\".", round.key, question.key),
        );
    }
    let base = base(faults, &at("base"), entry);
    let members_word = entry.members.get_or_insert_with(|| "during".to_owned());
    faults.one_of(&at("members"), members_word, &["atClose", "during", "ever"]);
    let members = match members_word.as_str() {
        "atClose" => MembersRule::AtClose,
        "ever" => MembersRule::Ever,
        _ => MembersRule::During,
    };

    let seen: Vec<&Question> = questions
        .iter()
        .filter(|q| pinned.is_none_or(|round| round.asks(&q.key)))
        .collect();
    let shared = vocabulary::shared(&seen, rounds);
    let applies = entry
        .applies
        .clone()
        .map(|source| rule(faults, &at("applies"), &source, &shared));
    let counts = counts(faults, i, entry, kind.as_ref(), question, shared);

    let applies = match applies {
        Some(compiled) => Some(compiled?),
        None => None,
    };
    let definition = serde_json_canonicalizer::to_vec(&*entry).ok()?;
    Some(Indicator {
        key: entry.key.clone(),
        label: entry.label.clone(),
        kind: kind?,
        question: entry.question.clone(),
        counts: counts?,
        applies,
        base,
        members,
        round: entry.round.clone(),
        sha256: hex(&Sha256::digest(&definition)),
    })
}

fn kind(
    faults: &mut Faults,
    i: usize,
    entry: &mut IndicatorEntry,
    measures: &[Measure],
) -> Option<Kind> {
    faults.one_of(&format!("/indicators/{i}/kind"), &entry.kind, &["share", "count", "sum"]);
    if entry.kind == "sum" {
        return sum(faults, i, entry, measures).map(Kind::Sum);
    }
    only_of_sums(faults, i, entry);
    let pointer = format!("/indicators/{i}/of");
    match (entry.kind.as_str(), entry.of.as_deref()) {
        ("share", None) => Some(Kind::Share),
        ("share", Some(_)) => {
            faults.add(
                pointer,
                "not-for-this-kind",
                "En andel er altid af partnere.",
                "A share is always of partners.",
            );
            None
        }
        ("count", None) => {
            faults.add(
                pointer,
                "required",
                "Et antal skal sige, hvad der tælles.",
                "A count must say what it counts.",
            );
            None
        }
        ("count", Some(of)) => {
            faults.one_of(&pointer, of, &["partners", "initiatives", "reports"]);
            match of {
                "partners" => Some(Kind::Count(Of::Partners)),
                "initiatives" => Some(Kind::Count(Of::Initiatives)),
                "reports" => Some(Kind::Count(Of::Reports)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn base(faults: &mut Faults, pointer: &str, entry: &mut IndicatorEntry) -> BaseRule {
    if entry.kind == "count" && entry.base.is_some() {
        faults.add(pointer, "not-for-this-kind", "Et antal har ingen base.", "A count has no base.");
    }
    if matches!(entry.kind.as_str(), "count" | "sum") {
        return BaseRule::Members;
    }
    let word = entry.base.get_or_insert_with(|| "members".to_owned());
    faults.one_of(pointer, word, &["respondents", "members"]);
    match word.as_str() {
        "respondents" => BaseRule::Respondents,
        _ => BaseRule::Members,
    }
}

/// `counts` sees what `applies` sees, and its subject or answer.
fn counts(
    faults: &mut Faults,
    i: usize,
    entry: &mut IndicatorEntry,
    kind: Option<&Kind>,
    question: Option<&Question>,
    mut vocabulary: vocabulary::Vocabulary,
) -> Option<Rule> {
    let pointer = format!("/indicators/{i}/counts");
    if entry.kind == "sum" {
        return rule(faults, &pointer, "true", &vocabulary);
    }
    if let Some(Kind::Count(of)) = kind {
        vocabulary.extend(vocabulary::subject(*of));
    }
    if let Some(question) = question {
        vocabulary.insert("answer".to_owned(), vocabulary::answer(question));
    }
    if entry.counts.is_none() && entry.kind == "count" {
        entry.counts = Some("true".to_owned());
    }
    let Some(source) = entry.counts.clone() else {
        faults.add(
            pointer,
            "required",
            "En andel skal sige, hvem der tæller med.",
            "A share must say who counts.",
        );
        return None;
    };
    rule(faults, &pointer, &source, &vocabulary)
}

fn rule(
    faults: &mut Faults,
    pointer: &str,
    source: &str,
    vocabulary: &vocabulary::Vocabulary,
) -> Option<Rule> {
    match Rule::compile(source, vocabulary) {
        Ok(rule) => Some(rule),
        Err(found) => {
            for fault in found {
                let (line, column) = (fault.line, fault.column);
                faults.add(
                    pointer,
                    fault.code,
                    format!("Linje {line}, tegn {column}: {}", fault.detail.da),
                    format!("Line {line}, column {column}: {}", fault.detail.en),
                );
            }
            None
        }
    }
}
