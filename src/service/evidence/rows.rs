//! The rows behind an edition's figures, as CSV for people.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::super::publications::{self, Published};
use super::super::{Error, Result};
use super::InForce;
use crate::db::{self, Conn};
use crate::domain::amounts::decimal;
use crate::domain::dates;
use crate::domain::spreadsheet::harmless;
use crate::store;
use crate::store::Page;
use crate::store::standings::{Filter, StandingRow};

const HEADING: [&str; 16] = [
    "indicator",
    "round",
    "validOn",
    "partner",
    "partnerName",
    "subject",
    "sector",
    "region",
    "area",
    "focusAreas",
    "standing",
    "reason",
    "because",
    "amount",
    "validFrom",
    "knownFrom",
];

/// Everybody whom the edition's figures count, in the order of its figures and of ids.
pub fn of(
    conn: &mut Conn,
    alliance: &InForce,
    published: &Published,
    names: &BTreeMap<String, Vec<(i64, String)>>,
) -> Result<Vec<u8>> {
    let edition = publications::edition_of(&published.bytes)?;
    let size = published.row.journal_size;
    let mut sheet = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    // Into memory, and all rows have as many cells as there are columns: there is nothing to fail.
    let _ = sheet.write_record(HEADING);
    for figure in &edition.figures {
        let broken = || Error::Failed(db::Error::Broken("an edition's date can't be read".to_owned()));
        let on = dates::date(&figure.valid_on).ok_or_else(broken)?;
        let round = figure.round.clone().unwrap_or_default();
        let places = edition.definitions.measures.iter();
        let measure = places.into_iter().find(|it| Some(&it.key) == figure.measure.as_ref());
        let decimals = measure.and_then(|it| u32::try_from(it.decimals).ok()).unwrap_or(0);
        let filter = Filter {
            indicator: figure.indicator.clone(),
            scope: round,
            seq: size,
            on,
            partner: None,
            standing: None,
        };
        let everybody = Page { after: None, limit: i64::MAX };
        let listed = store::standings::list(conn, alliance.id, &filter, &everybody)?;
        let mut rows: Vec<StandingRow> = listed.into_iter().map(|(row, _)| row).collect();
        rows.sort_by_key(|row| (row.partner_id, row.subject_id));
        for row in rows {
            let name = names.get(&row.partner_id.to_string());
            let name = name.and_then(|names| names.iter().rfind(|(seq, _)| *seq <= size));
            let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
            let _ = sheet.write_record(cells(&row, on, name, decimals).map(harmless));
        }
    }
    Ok(sheet.into_inner().unwrap_or_default())
}

fn cells(row: &StandingRow, on: NaiveDate, name: String, decimals: u32) -> [String; 16] {
    let reason = row.reason();
    let amount = row.amounts().map(|amounts| decimal(amounts.whole(), decimals));
    [
        row.indicator.clone(),
        row.scope.clone(),
        on.to_string(),
        row.partner_id.to_string(),
        name,
        row.subject_id.to_string(),
        row.sector.clone(),
        row.region.clone().unwrap_or_default(),
        row.area.clone().unwrap_or_default(),
        row.focus_areas().join("; "),
        row.standing.clone(),
        reason.as_ref().map(|reason| reason.code.clone()).unwrap_or_default(),
        reason.map(|reason| reason.because.join("; ")).unwrap_or_default(),
        amount.unwrap_or_default(),
        row.from_on.to_string(),
        row.from_seq.to_string(),
    ]
}
