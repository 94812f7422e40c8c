//! The groups of an edition's figures, as far as they may be shown (`domain::disclosure`).

use std::collections::BTreeMap;

use super::super::Result;
use super::super::figures::{By, Known};
use super::super::programmes::InForce;
use super::document::{date, in_both};
use crate::db::Conn;
use crate::domain::disclosure::{Breakdown, Cell, Earlier, Subject, Verdict, breakdown};
use crate::domain::publication::{Edition, LeftOut, PublishedFigure};
use crate::domain::standing::Standing;
use crate::store;
use crate::store::standings::PlainRow;

/// The breakdowns of these figures, those that tell too much without their numbers; and what is not broken down.
pub fn of(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    figures: &[PublishedFigure],
    earlier: &[Edition],
) -> Result<(Vec<PublishedFigure>, Vec<LeftOut>)> {
    let mut rows: Vec<(usize, PublishedFigure)> = Vec::new();
    for (dimension, by) in By::ALL.into_iter().enumerate() {
        for (_, groups) in in_both(conn, alliance, known, Some(by))? {
            rows.extend(groups.into_iter().map(|group| (dimension, group)));
        }
    }
    let (mut breakdowns, mut left_out) = (Vec::new(), Vec::new());
    for figure in figures {
        match verdicts(conn, alliance, known, figure, earlier)? {
            Breakdown::Groups(verdicts) => {
                let own = rows.iter().filter(|(_, row)| row.indicator == figure.indicator);
                breakdowns.extend(own.map(|(dimension, row)| judged(*dimension, row, &verdicts)));
            }
            Breakdown::FewChanged(edition) => left_out.push(LeftOut {
                indicator: figure.indicator.clone(),
                because: "few-changed".to_owned(),
                since_edition: edition,
            }),
        }
    }
    Ok((breakdowns, left_out))
}

fn judged(
    dimension: usize,
    row: &PublishedFigure,
    verdicts: &BTreeMap<Cell, Verdict>,
) -> PublishedFigure {
    match verdicts.get(&(dimension, row.group.clone().unwrap_or_default())) {
        Some(Verdict::Shown) => row.clone(),
        Some(Verdict::Telling) => row.clone().suppressed("complement"),
        // What is not known to be large enough is not shown.
        Some(Verdict::Small) | None => row.clone().suppressed("small-group"),
    }
}

/// What may be shown of an indicator's groups, beside what the earlier editions show of them.
fn verdicts(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    figure: &PublishedFigure,
    earlier: &[Edition],
) -> Result<Breakdown> {
    let now = subjects(conn, alliance, figure, known.seq)?;
    let mut before = Vec::new();
    for edition in earlier {
        let is_it = |row: &&PublishedFigure| row.indicator == figure.indicator;
        let Some(whole) = edition.figures.iter().find(is_it) else { continue };
        let shown = edition.breakdowns.iter().filter(is_it).filter(|row| row.suppressed.is_none());
        before.push(Earlier {
            edition: edition.edition,
            subjects: subjects(conn, alliance, whole, edition.journal_size)?,
            shown: shown.filter_map(cell).collect(),
        });
    }
    let least = alliance.programme.small_group;
    Ok(breakdown(&now, &before, By::ALL.len(), least))
}

fn cell(row: &PublishedFigure) -> Option<Cell> {
    let by = row.by.as_deref().and_then(By::parse)?;
    let dimension = By::ALL.into_iter().position(|other| other == by)?;
    Some((dimension, row.group.clone().unwrap_or_default()))
}

/// Whom a published figure adds up, as they stood at a size of the journal.
fn subjects(
    conn: &mut Conn,
    alliance: &InForce,
    figure: &PublishedFigure,
    seq: i64,
) -> Result<Vec<Subject>> {
    let place = (figure.indicator.as_str(), figure.round.as_deref().unwrap_or_default());
    let rows = store::standings::known(conn, alliance.id, place, seq, date(&figure.valid_on)?)?;
    Ok(rows.iter().map(subject).collect())
}

fn subject(row: &PlainRow) -> Subject {
    let area_or_none = |mut areas: Vec<String>| {
        if areas.is_empty() {
            areas.push(String::new());
        }
        areas
    };
    let of = |by: By| match by {
        By::Sector => vec![row.sector.clone()],
        By::Region => vec![row.region.clone().unwrap_or_default()],
        By::Area => vec![row.area.clone().unwrap_or_default()],
        By::FocusArea => area_or_none(row.focus_areas()),
    };
    Subject {
        id: row.subject_id,
        owner: row.partner_id,
        standing: row.standing().unwrap_or(Standing::NoAnswer),
        amounts: row.amounts(),
        groups: By::ALL.into_iter().map(of).collect(),
    }
}
