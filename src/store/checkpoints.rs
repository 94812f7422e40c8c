//! What was signed of each journal.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::checkpoints;
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::id::AllianceId;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = checkpoints, treat_none_as_default_value = false)]
pub struct CheckpointRow {
    pub journal_id: AllianceId,
    pub size: i64,
    pub root: Vec<u8>,
    /// The signed note.
    pub note: String,
    pub signed_at: Instant,
}

/// The largest.
pub fn last(conn: &mut Conn, journal: AllianceId) -> Result<Option<CheckpointRow>> {
    let query = checkpoints::table.filter(checkpoints::journal_id.eq(journal));
    let query = query.order(checkpoints::size.desc()).select(CheckpointRow::as_select());
    Ok(query.first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &CheckpointRow) -> Result<()> {
    diesel::insert_into(checkpoints::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// The same tree, signed in another name or with another key.
pub fn sign_anew(
    conn: &mut Conn,
    journal: AllianceId,
    size: i64,
    note: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let changes = (checkpoints::note.eq(note), checkpoints::signed_at.eq(Instant(at)));
    diesel::update(checkpoints::table.find((journal, size)))
        .set(changes)
        .execute(conn)?;
    Ok(())
}
