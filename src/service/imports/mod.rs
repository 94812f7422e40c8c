//! Imports: files of rows, each of which goes through the same function as a single request.

mod refused;
mod reports;
mod rows;
mod template;

use std::collections::HashMap;

use serde_json::{Value, json};

pub use self::refused::refused;
use self::reports::Drafts;
use self::rows::{Done, Taking};
use self::template::check_about;
pub use self::template::{Wanted, template};
use super::programmes::InForce;
use super::{Ctx, Error, Kind as Refused, Refusal, Result, journal};
use crate::db::{self, Conn};
use crate::domain::dates::rfc3339;
use crate::domain::id::ImportId;
use crate::domain::import::{
    Columns, Counts, FileRead, Import, Kind, MOST_OWN_ROWS, Mode, Outcome, REFUSED_BECAUSE, Remark,
    Remarked, Row, RowReader, Sent, SentRow, Sheet,
};
use crate::domain::journal::Change;
use crate::domain::text::Fault;
use crate::store;

/// What to do with a file.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub kind: Kind,
    pub mode: Mode,
    /// Do all of it, tell what came of it, and take it back.
    pub dry_run: bool,
}

/// What came of it. Where nothing was written, the import has no id, and says what would have been.
#[derive(Debug)]
pub struct Run {
    pub import: Import,
    pub is_written: bool,
}

/// A finished import, or one that was taken back on purpose.
enum Undone {
    OnPurpose(Box<Import>),
    Failed(Error),
}

impl From<db::Error> for Undone {
    fn from(error: db::Error) -> Undone {
        Undone::Failed(Error::Failed(error))
    }
}

impl From<Error> for Undone {
    fn from(error: Error) -> Undone {
        Undone::Failed(error)
    }
}

/// Takes a file in, row by row. In atomic mode all rows are tried, so that every fault is told at once, and
/// none is kept if one is refused. `progress` is told after each row how many are done, of how many.
///
/// The file was read before (`FileRead::read`), so that nobody waits for that with the write lock. Refused is one
/// whose heading can't be read: the code says why, and the pointer names the row.
pub fn run(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    order: Order,
    mut file: FileRead,
    progress: &mut dyn FnMut(i64, i64),
) -> Result<Run> {
    let own = ctx.as_partner(alliance.id);
    if own.is_some() {
        file.sheet
            .refuse_more_than(MOST_OWN_ROWS)
            .map_err(|fault| unreadable(vec![fault]))?;
    }
    // First, since it helps nobody to hear which columns a template for something else does not have.
    let outdated = check_about(&file.about, order.kind, alliance)?;
    file.sheet
        .settle_heading(|heading| Columns::known(order.kind, heading, &alliance.programme));
    let sheet = file.sheet;
    let columns = Columns::of(order.kind, &sheet.heading, &alliance.programme, own.is_some());
    let mut columns = columns.map_err(unreadable)?;
    let template_round = template::said(&file.about, "round");
    let mut sent = refused::begun(&sheet, &columns);
    let mut import = Import {
        id: None,
        kind: order.kind,
        mode: order.mode,
        received_at: ctx.now,
        actor: ctx.caller.actor(),
        partner: own,
        sha256: file.sha256,
        bytes: file.bytes,
        counts: Counts::default(),
        journal_seq: None,
        warnings: file.warnings,
        rows: Vec::new(),
    };
    import.warnings.append(&mut columns.warnings);
    import.warnings.extend(outdated);
    let ctx = &ctx.gathering(alliance.id);
    let tried = db::savepoint(conn, |conn| {
        let mut taking = Taking {
            ctx,
            alliance,
            columns: &columns,
            template_round,
            seen: HashMap::new(),
        };
        take_rows(conn, &mut taking, &sheet, (&mut import, &mut sent), progress)?;
        let is_kept_out = order.mode == Mode::Atomic && import.counts.refused > 0;
        if order.dry_run || is_kept_out {
            return Err(Undone::OnPurpose(Box::new(import)));
        }
        Ok(complete(conn, ctx, alliance, import, &sent)?)
    });
    match tried {
        Ok(import) => Ok(Run { import, is_written: true }),
        Err(Undone::OnPurpose(import)) => Ok(Run { import: *import, is_written: false }),
        Err(Undone::Failed(error)) => Err(error),
    }
}

/// The refusal has the code of the first fault.
pub fn unreadable(faults: Vec<Fault>) -> Error {
    match faults.first().cloned() {
        Some(first) => {
            let detail = first.detail;
            Error::refuse(Refused::Invalid, first.code, detail.da, detail.en).with_faults(faults)
        }
        None => Error::invalid(faults),
    }
}

fn take_rows(
    conn: &mut Conn,
    taking: &mut Taking,
    sheet: &Sheet,
    (import, sent): (&mut Import, &mut Sent),
    progress: &mut dyn FnMut(i64, i64),
) -> Result<()> {
    let columns = taking.columns;
    let mut reader = RowReader::new(columns, &taking.alliance.programme, sheet.habits());
    // Lines of a report are saved together, so what came of them shows at the end.
    let mut drafts = Drafts::default();
    if import.kind == Kind::Reports {
        for record in sheet.rows() {
            let row = reader.read(&record);
            drafts.add(conn, taking, row)?;
        }
        drafts.save(conn, taking)?;
    }
    for record in sheet.rows() {
        let number = record.number;
        let done = match import.kind {
            Kind::Reports => drafts.done(number),
            kind => take_step(conn, taking, kind, reader.read(&record))?,
        };
        import.counts.add(done.outcome);
        if done.outcome == Outcome::Refused {
            sent.rows.push(SentRow::of(record, columns.place(REFUSED_BECAUSE)));
        }
        if !done.remarks.is_empty() {
            import
                .rows
                .push(Remarked { row: number, outcome: done.outcome, remarks: done.remarks });
        }
        progress(import.counts.rows(), sheet.row_count);
    }
    Ok(())
}

/// A row as a step of its own: what it moved is taken back with it.
fn take_step(conn: &mut Conn, taking: &mut Taking, kind: Kind, row: Row) -> Result<Done> {
    let (ctx, alliance) = (taking.ctx, taking.alliance.id);
    if let Some(mut gathered) = ctx.gathered(alliance) {
        gathered.begin();
    }
    let done = take_row(conn, taking, kind, row)?;
    if let Some(mut gathered) = ctx.gathered(alliance) {
        if done.outcome == Outcome::Refused {
            gathered.take_back();
        }
        gathered.make_room(conn)?;
    }
    Ok(done)
}

/// Takes one row, or takes back what it did and says all that is wrong with it: what the file got wrong, and
/// what the alliance refuses of the rest. Fails only if the database does.
fn take_row(conn: &mut Conn, taking: &mut Taking, kind: Kind, mut row: Row) -> Result<Done> {
    if row.is_unreadable {
        return Ok(Done::refused(taking.columns, row.faults));
    }
    let taken = db::savepoint(conn, |conn| {
        let done = match kind {
            Kind::Partners => taking.partner(conn, &mut row)?,
            Kind::Initiatives => taking.initiative(conn, &mut row)?,
            Kind::Commitments | Kind::Reports => taking.commitment(conn, &mut row)?,
        };
        if row.faults.is_empty() { Ok(done) } else { Err(Error::invalid(Vec::new())) }
    });
    let refusal = match taken {
        Ok(done) => return Ok(done),
        Err(Error::Failed(error)) => return Err(Error::Failed(error)),
        Err(Error::Refused(refusal)) => *refusal,
    };
    Ok(Done::refused(taking.columns, together(taking.columns, row.faults, refusal)))
}

/// The faults of a row's form, and what the alliance refuses of the rest. What a cell got wrong is said once: the
/// check of the body saw it missing.
fn together(columns: &Columns, mut faults: Vec<Fault>, refusal: Refusal) -> Vec<Fault> {
    if refusal.faults.is_empty() && faults.is_empty() {
        faults.push(Fault::new("", refusal.code, refusal.detail.da, refusal.detail.en));
    }
    let told: Vec<Option<String>> = faults.iter().map(|fault| columns.heading(&fault.pointer)).collect();
    let news = refusal.faults.into_iter();
    faults.extend(news.filter(|fault| !told.contains(&columns.heading(&fault.pointer))));
    faults
}

/// Keeps the import, and writes its entry behind those of its rows.
fn complete(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    mut import: Import,
    sent: &Sent,
) -> Result<Import> {
    let id = ImportId::new();
    let change = Change {
        action: "import.completed",
        subject: format!("imports/{id}"),
        partner: import.partner,
        reason: None,
        after: entry(id, &import),
        texts: Vec::new(),
        taken: Vec::new(),
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    store::imports::insert(conn, alliance.id, (id, seq), &import)?;
    refused::keep(conn, ctx, id, sent)?;
    if let Some(mut gathered) = ctx.gathered(alliance.id) {
        gathered.write(conn)?;
    }
    import.id = Some(id);
    import.journal_seq = Some(seq);
    Ok(import)
}

/// What the journal has of an import: no text of the file's.
fn entry(id: ImportId, import: &Import) -> Value {
    json!({
        "id": id,
        "kind": import.kind,
        "mode": import.mode,
        "receivedAt": rfc3339(import.received_at),
        "actor": import.actor,
        "partner": import.partner,
        "sha256": import.sha256,
        "bytes": import.bytes,
        "rowsRead": import.counts.rows(),
        "created": import.counts.created,
        "updated": import.counts.updated,
        "unchanged": import.counts.unchanged,
        "refused": import.counts.refused,
    })
}

/// The import, where the caller may see it.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, id: ImportId) -> Result<Import> {
    let import = store::imports::find(conn, alliance.id, id)?.ok_or_else(Error::absent)?;
    match (ctx.as_partner(alliance.id), import.partner) {
        (Some(own), whose) if whose != Some(own) => Err(Error::absent()),
        _ => Ok(import),
    }
}

impl Done {
    fn refused(columns: &Columns, faults: Vec<Fault>) -> Done {
        let remarks = faults.into_iter().map(|fault| remark(columns, fault)).collect();
        Done { outcome: Outcome::Refused, remarks }
    }
}

fn remark(columns: &Columns, fault: Fault) -> Remark {
    Remark {
        column: columns.heading(&fault.pointer),
        code: fault.code.into(),
        detail: fault.detail,
    }
}
