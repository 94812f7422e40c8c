use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Page, document, utc};
use crate::db::schema::{import_refused, imports};
use crate::db::types::{Document, Instant};
use crate::db::{Conn, Error, Result};
use crate::domain::id::{AllianceId, ImportId, KeyId, PartnerId};
use crate::domain::import::{Counts, Import, Kind, Mode, Remark, Remarked, Sent};

/// An import without what there is to say of it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = imports, treat_none_as_default_value = false)]
struct ImportRow {
    id: ImportId,
    alliance_id: AllianceId,
    kind: String,
    mode: String,
    received_at: Instant,
    actor_id: KeyId,
    partner_id: Option<PartnerId>,
    sha256: String,
    byte_count: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    seq: i64,
}

impl ImportRow {
    fn into_import(self, warnings: Vec<Remark>, rows: Vec<Remarked>) -> Result<Import> {
        let (Some(kind), Some(mode)) = (Kind::parse(&self.kind), Mode::parse(&self.mode)) else {
            return Err(Error::Broken(format!("import {} is of kind {:?}", self.id, self.kind)));
        };
        Ok(Import {
            id: Some(self.id),
            kind,
            mode,
            received_at: utc(self.received_at),
            actor: self.actor_id,
            partner: self.partner_id,
            sha256: self.sha256,
            bytes: self.byte_count,
            counts: Counts {
                created: self.created,
                updated: self.updated,
                unchanged: self.unchanged,
                refused: self.refused,
            },
            journal_seq: Some(self.seq),
            warnings,
            rows,
        })
    }
}

pub fn insert(
    conn: &mut Conn,
    alliance: AllianceId,
    (id, seq): (ImportId, i64),
    import: &Import,
) -> Result<()> {
    let row = ImportRow {
        id,
        alliance_id: alliance,
        kind: import.kind.word().to_owned(),
        mode: import.mode.word().to_owned(),
        received_at: Instant(import.received_at),
        actor_id: import.actor,
        partner_id: import.partner,
        sha256: import.sha256.clone(),
        byte_count: import.bytes,
        created: import.counts.created,
        updated: import.counts.updated,
        unchanged: import.counts.unchanged,
        refused: import.counts.refused,
        seq,
    };
    let remarks = (
        imports::warnings.eq(document(&import.warnings)),
        imports::remarks.eq(document(&import.rows)),
    );
    diesel::insert_into(imports::table).values((row, remarks)).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, alliance: AllianceId, id: ImportId) -> Result<Option<Import>> {
    let query = imports::table.find(id).filter(imports::alliance_id.eq(alliance));
    let columns = (ImportRow::as_select(), imports::warnings, imports::remarks);
    let found: Option<(ImportRow, Document, Document)> =
        query.select(columns).get_result(conn).optional()?;
    let Some((row, warnings, remarks)) = found else { return Ok(None) };
    let warnings = serde_json::from_value(warnings.0).unwrap_or_default();
    let remarks = serde_json::from_value(remarks.0).unwrap_or_default();
    row.into_import(warnings, remarks).map(Some)
}

type Narrowed<'a> = imports::BoxedQuery<'a, crate::db::connection::MultiBackend>;

/// All of an alliance, or a partner's own.
fn narrow<'a>(alliance: AllianceId, partner: Option<PartnerId>) -> Narrowed<'a> {
    let query = imports::table.filter(imports::alliance_id.eq(alliance)).into_boxed();
    match partner {
        Some(partner) => query.filter(imports::partner_id.eq(partner)),
        None => query,
    }
}

pub fn count(conn: &mut Conn, alliance: AllianceId, partner: Option<PartnerId>) -> Result<i64> {
    Ok(narrow(alliance, partner).count().get_result(conn)?)
}

/// The newest first, without what there is to say of their rows.
pub fn list(
    conn: &mut Conn,
    alliance: AllianceId,
    partner: Option<PartnerId>,
    page: &Page<ImportId>,
) -> Result<Vec<Import>> {
    let mut query = narrow(alliance, partner);
    if let Some(after) = page.after {
        query = query.filter(imports::id.lt(after));
    }
    let query = query.order(imports::id.desc()).limit(page.limit);
    let rows = query.select(ImportRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| row.into_import(Vec::new(), Vec::new())).collect()
}

/// Keeps what an import refused, as it was sent.
pub fn insert_refused(conn: &mut Conn, id: ImportId, at: DateTime<Utc>, sent: &Sent) -> Result<()> {
    let row = (
        import_refused::import_id.eq(id),
        import_refused::kept_at.eq(Instant(at)),
        import_refused::sent.eq(serde_json::to_string(sent).unwrap_or_default()),
    );
    diesel::insert_into(import_refused::table).values(row).execute(conn)?;
    Ok(())
}

/// None where they are forgotten, or the import is older than they are kept.
pub fn find_refused(conn: &mut Conn, id: ImportId) -> Result<Option<Sent>> {
    let query = import_refused::table.find(id).select(import_refused::sent);
    let sent: Option<String> = query.get_result(conn).optional()?;
    let read = |sent: String| serde_json::from_str(&sent);
    sent.map(read)
        .transpose()
        .map_err(|e| Error::Broken(format!("refused rows do not read: {e}")))
}

/// The ids of the imports of a partner's own rows and of the secretariat's; of all where no partner is named.
pub fn touching(
    conn: &mut Conn,
    alliance: AllianceId,
    partner: Option<PartnerId>,
) -> Result<Vec<ImportId>> {
    let mut query = imports::table.filter(imports::alliance_id.eq(alliance)).into_boxed();
    if let Some(partner) = partner {
        query = query.filter(imports::partner_id.is_null().or(imports::partner_id.eq(partner)));
    }
    Ok(query.select(imports::id).order(imports::id).load(conn)?)
}

/// What an import says of its file and rows, which may quote them.
pub fn remarks(conn: &mut Conn, id: ImportId) -> Result<(Document, Document)> {
    let query = imports::table.find(id).select((imports::warnings, imports::remarks));
    Ok(query.get_result(conn)?)
}

/// Puts other remarks in the place of these: the same, with a text less.
pub fn rewrite_remarks(
    conn: &mut Conn,
    id: ImportId,
    (warnings, remarks): (Document, Document),
) -> Result<()> {
    let changes = (imports::warnings.eq(warnings), imports::remarks.eq(remarks));
    diesel::update(imports::table.find(id)).set(changes).execute(conn)?;
    Ok(())
}

/// Puts other refused rows in the place of these.
pub fn rewrite_refused(conn: &mut Conn, id: ImportId, sent: &Sent) -> Result<()> {
    diesel::update(import_refused::table.find(id))
        .set(import_refused::sent.eq(serde_json::to_string(sent).unwrap_or_default()))
        .execute(conn)?;
    Ok(())
}

/// Forgets what is older.
pub fn forget_refused_before(conn: &mut Conn, at: DateTime<Utc>) -> Result<()> {
    let old = import_refused::table.filter(import_refused::kept_at.lt(Instant(at)));
    diesel::delete(old).execute(conn)?;
    Ok(())
}
