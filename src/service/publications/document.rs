//! An edition's document: the figures of now with everything needed to read them alone.

use chrono::NaiveDate;

use super::super::completeness;
use super::super::figures::{self, Asked, By, Figure, Known};
use super::super::programmes::InForce;
use super::super::{Error, Result};
use super::breakdowns;
use crate::db::{self, Conn};
use crate::domain::checks::Faults;
use crate::domain::dates::rfc3339;
use crate::domain::programme::{Indicator, ProgrammeDocument, Round};
use crate::domain::publication::{
    Edition, FORMAT, Publish, PublishedAlliance, PublishedCompleteness, PublishedDefinitions,
    PublishedFigure, PublishedProgramme,
};
use crate::domain::text::{Language, Text};
use crate::store;

pub fn made(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    indicators: &[&Indicator],
    earlier: &[Edition],
    body: &Publish,
) -> Result<Edition> {
    let programme = &alliance.programme;
    let document = &programme.document;
    let figures = wholes(conn, alliance, known, indicators)?;
    let (breakdowns, left_out) = breakdowns::of(conn, alliance, known, &figures, earlier)?;
    let sha256 = store::alliances::programme_sha256(conn, alliance.id, alliance.version)?;
    Ok(Edition {
        format: FORMAT,
        alliance: PublishedAlliance { slug: programme.slug.clone(), name: programme.name.clone() },
        edition: earlier.last().map_or(1, |last| last.edition + 1),
        title: body.title.clone(),
        corrects: body.corrects,
        as_of: rfc3339(known.at),
        journal_size: known.seq,
        programme: PublishedProgramme {
            version: alliance.version,
            sha256,
            counts_from: document.counts_from.clone(),
            small_group: programme.small_group,
            decimals: document.decimals,
            time_zone: document.time_zone.clone(),
        },
        completeness: completeness(conn, alliance, known)?,
        definitions: definitions(document, &figures),
        figures,
        breakdowns,
        left_out,
    })
}

fn wholes(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    indicators: &[&Indicator],
) -> Result<Vec<PublishedFigure>> {
    let mut all = in_both(conn, alliance, known, None)?;
    all.retain(|(whole, _)| indicators.iter().any(|indicator| indicator.key == whole.indicator));
    Ok(all.into_iter().map(|(whole, _)| whole).collect())
}

/// Every figure with its groups, labels in both languages.
pub fn in_both(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    by: Option<By>,
) -> Result<Vec<(PublishedFigure, Vec<PublishedFigure>)>> {
    let mut asked = |language| {
        let asked = Asked { by, language, ..Asked::default() };
        figures::all(conn, alliance, known, &asked)
    };
    let (danish, english) = (asked(Language::Da)?, asked(Language::En)?);
    let both = danish.into_iter().zip(english).map(|(danish, english)| {
        let groups = danish.groups.into_iter().zip(english.groups);
        (published(danish.whole, english.whole), groups.map(|(da, en)| published(da, en)).collect())
    });
    Ok(both.collect())
}

/// One row of two, which differ in their texts only.
fn published(danish: Figure, english: Figure) -> PublishedFigure {
    let both = |da: Option<String>, en: Option<String>| Some(Text::new(da?, en?));
    PublishedFigure {
        indicator: danish.indicator,
        kind: danish.kind,
        label: Text::new(danish.label, english.label),
        by: danish.by,
        group: danish.group,
        group_label: both(danish.group_label, english.group_label),
        round: danish.round,
        suppressed: None,
        counted: Some(danish.counted),
        not_counted: Some(danish.not_counted),
        not_applicable: Some(danish.not_applicable),
        no_answer: Some(danish.no_answer),
        not_submitted: Some(danish.not_submitted),
        members: Some(danish.members),
        base_rule: danish.base_rule,
        base: danish.base,
        percent: danish.percent,
        percent_text: both(danish.percent_text, english.percent_text),
        ratio: danish.ratio,
        no_percent_because: danish.no_percent_because,
        lowest_percent: danish.lowest_percent,
        highest_percent: danish.highest_percent,
        value: danish.value,
        no_value_because: danish.no_value_because,
        amount: danish.amount,
        amount_self_reported: danish.amount_self_reported,
        amount_documented: danish.amount_documented,
        amount_external: danish.amount_external,
        measure: danish.measure,
        take: danish.take,
        unit: both(danish.unit, english.unit),
        of: danish.of,
        valid_on: danish.valid_on.to_string(),
        definition_sha256: danish.definition.sha256,
    }
}

/// Of every round that has opened.
fn completeness(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
) -> Result<Vec<PublishedCompleteness>> {
    let has_opened = |round: &&Round| round.opens_on <= known.today;
    let mut rounds = Vec::new();
    for round in alliance.programme.rounds.iter().filter(has_opened) {
        let asked = completeness::Asked {
            round: round.key.clone(),
            by: None,
            valid_on: None,
            language: Language::Da,
            is_reader: true,
        };
        let rows = completeness::of_round(conn, alliance, known, &asked)?;
        rounds.extend(rows.into_iter().map(|row| PublishedCompleteness {
            round: row.round,
            label: round.label.clone(),
            expected: row.expected,
            submitted: row.submitted,
            on_time: row.on_time,
            late: row.late,
            missing: row.missing,
            returned: row.returned,
            withdrawn: row.withdrawn,
            not_submitted: row.not_submitted,
            unexpected: row.unexpected,
            valid_on: row.valid_on.to_string(),
        }));
    }
    Ok(rounds)
}

/// The published indicators' definitions, and the questions and measures that they rest on.
fn definitions(document: &ProgrammeDocument, figures: &[PublishedFigure]) -> PublishedDefinitions {
    let is_published = |key: &str| figures.iter().any(|figure| figure.indicator == key);
    let indicators: Vec<_> =
        document.indicators.iter().filter(|it| is_published(&it.key)).cloned().collect();
    let asks = |key: &String| indicators.iter().any(|it| it.question.as_ref() == Some(key));
    let adds = |key: &String| figures.iter().any(|figure| figure.measure.as_ref() == Some(key));
    PublishedDefinitions {
        questions: document.questions.iter().filter(|it| asks(&it.key)).cloned().collect(),
        measures: document.measures.iter().filter(|it| adds(&it.key)).cloned().collect(),
        indicators,
    }
}

/// A published date, which was written here.
pub fn date(text: &str) -> Result<NaiveDate> {
    let date = Faults::new().date("", text);
    date.ok_or_else(|| Error::Failed(db::Error::Broken(format!("a stored edition has the date {text}"))))
}
