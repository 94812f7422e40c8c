//! Rows that an import refused, kept as they were sent, so that they can be mended and sent again.

use chrono::Duration;

use super::find;
use crate::db::Conn;
use crate::domain::id::ImportId;
use crate::domain::import::{
    Columns, Import, Outcome, REFUSED_BECAUSE, Sent, Sheet, Table, refused_because,
};
use crate::domain::text::Language;
use crate::service::programmes::InForce;
use crate::service::{Ctx, Error, Kind, Result};
use crate::store;

/// How long they are kept. They hold whatever somebody typed, and stand in no journal.
const KEPT: Duration = Duration::days(90);

/// The heading, without the column that says why, and no rows yet.
pub fn begun(sheet: &Sheet, columns: &Columns) -> Sent {
    let mut heading = sheet.heading.cells.clone();
    if let Some(because) = columns.place(REFUSED_BECAUSE) {
        heading.remove(because);
    }
    Sent {
        heading,
        separator: sheet.habits().separator,
        rows: Vec::new(),
    }
}

/// Keeps them, and forgets those that are kept long enough.
pub fn keep(conn: &mut Conn, ctx: &Ctx, id: ImportId, sent: &Sent) -> Result<()> {
    store::imports::forget_refused_before(conn, ctx.now - KEPT)?;
    Ok(store::imports::insert_refused(conn, id, ctx.now, sent)?)
}

/// The refused rows with why in a last column, and what parted their cells; where the caller may see the import.
///
/// Fails with 404 where they are forgotten.
pub fn refused(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: ImportId,
    language: Language,
) -> Result<(Table, Option<char>)> {
    let import = find(conn, ctx, alliance, id)?;
    let is_kept = ctx.now - import.received_at < KEPT;
    let kept = store::imports::find_refused(conn, id)?.filter(|_| is_kept);
    if kept.is_none() && import.counts.refused > 0 {
        return Err(forgotten());
    }
    let sent = kept.unwrap_or_default();
    let separator = sent.separator;
    let table = sent.table(refused_because(language), |row| why(&import, row, language));
    Ok((table, separator))
}

/// `Sektor: Sektoren »x« findes ikke i programmet.`, the row's other faults behind a stroke.
fn why(import: &Import, row: i64, language: Language) -> String {
    // They stand in the file's order.
    let place = import.rows.binary_search_by_key(&row, |remarked| remarked.row);
    let remarked = place.ok().and_then(|place| import.rows.get(place));
    let remarks = remarked.filter(|remarked| remarked.outcome == Outcome::Refused);
    let remarks = remarks.map(|remarked| remarked.remarks.as_slice()).unwrap_or_default();
    let said = remarks.iter().map(|remark| match &remark.column {
        Some(column) => format!("{column}: {}", remark.detail.get(language)),
        None => remark.detail.get(language).to_owned(),
    });
    said.collect::<Vec<_>>().join(" | ")
}

fn forgotten() -> Error {
    Error::refuse(
        Kind::Absent,
        "refused-rows-forgotten",
        format!("De afviste rækker gemmes i {} dage og er slettet.", KEPT.num_days()),
        format!("Refused rows are kept for {} days, and these are gone.", KEPT.num_days()),
    )
}
