use diesel::prelude::*;

use super::Page;
use crate::db::schema::publications;
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::id::AllianceId;

/// An edition without its document.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = publications, treat_none_as_default_value = false)]
pub struct EditionRow {
    pub alliance_id: AllianceId,
    pub edition: i64,
    pub title: String,
    pub corrects: Option<i64>,
    pub published_at: Instant,
    /// The time of the last entry that the figures know.
    pub as_of: Instant,
    /// The size of the journal that the figures are of.
    pub journal_size: i64,
    /// The number of the entry that published it.
    pub seq: i64,
    pub sha256: String,
    pub signature: String,
}

pub fn insert(conn: &mut Conn, edition: EditionRow, document: &[u8]) -> Result<()> {
    let row = (edition, publications::document.eq(document.to_vec()));
    diesel::insert_into(publications::table).values(row).execute(conn)?;
    Ok(())
}

/// A page in order of their numbers.
pub fn list(conn: &mut Conn, alliance: AllianceId, page: &Page<i64>) -> Result<Vec<EditionRow>> {
    let mut query = publications::table.filter(publications::alliance_id.eq(alliance)).into_boxed();
    if let Some(after) = page.after {
        query = query.filter(publications::edition.gt(after));
    }
    let query = query.order(publications::edition.asc()).limit(page.limit);
    Ok(query.select(EditionRow::as_select()).load(conn)?)
}

/// How many there are, which is the number of the last one.
pub fn count(conn: &mut Conn, alliance: AllianceId) -> Result<i64> {
    let query = publications::table.filter(publications::alliance_id.eq(alliance));
    Ok(query.count().get_result(conn)?)
}

pub fn find(conn: &mut Conn, alliance: AllianceId, edition: i64) -> Result<Option<EditionRow>> {
    let found = publications::table.find((alliance, edition)).select(EditionRow::as_select());
    Ok(found.get_result(conn).optional()?)
}

/// The last edition whose figures are of an earlier size of the journal.
pub fn last_before(conn: &mut Conn, alliance: AllianceId, size: i64) -> Result<Option<i64>> {
    let query = publications::table
        .filter(publications::alliance_id.eq(alliance))
        .filter(publications::journal_size.lt(size))
        .select(diesel::dsl::max(publications::edition));
    Ok(query.get_result(conn)?)
}

/// The bytes of an edition, as they were published.
pub fn document(conn: &mut Conn, alliance: AllianceId, edition: i64) -> Result<Option<Vec<u8>>> {
    let found = publications::table.find((alliance, edition)).select(publications::document);
    Ok(found.get_result(conn).optional()?)
}

/// The bytes of every edition with its number, in order.
pub fn documents(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<(i64, Vec<u8>)>> {
    let query = publications::table.filter(publications::alliance_id.eq(alliance));
    let query = query.order(publications::edition.asc());
    Ok(query.select((publications::edition, publications::document)).load(conn)?)
}
