//! Texts of the journal that are to go, and entries whose erasing the files have not followed yet.

use diesel::prelude::*;

use crate::db::schema::{erasures_due, journal_entries, journal_texts};
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, PartnerId};

/// Where a text stands, and what its entry is about.
#[derive(Debug, Clone, Queryable)]
pub struct Copy {
    pub seq: i64,
    pub pointer: String,
    pub subject: String,
    pub partner: Option<PartnerId>,
}

/// Every place of a journal that has this text, in the order of its entries.
pub fn copies(conn: &mut Conn, journal: AllianceId, text: &str) -> Result<Vec<Copy>> {
    let of_text = journal_entries::journal_id
        .eq(journal_texts::journal_id)
        .and(journal_entries::seq.eq(journal_texts::seq));
    let query = journal_texts::table
        .inner_join(journal_entries::table.on(of_text))
        .filter(journal_texts::journal_id.eq(journal))
        .filter(journal_texts::text.eq(text.to_owned()))
        .order((journal_texts::seq, journal_texts::pointer));
    let columns = (
        journal_texts::seq,
        journal_texts::pointer,
        journal_entries::subject,
        journal_entries::partner_id,
    );
    Ok(query.select(columns).load(conn)?)
}

/// Takes a text out of the journal, with its salt.
pub fn delete_text(conn: &mut Conn, journal: AllianceId, seq: i64, pointer: &str) -> Result<()> {
    diesel::delete(journal_texts::table.find((journal, seq, pointer.to_owned()))).execute(conn)?;
    Ok(())
}

/// Notes that what an entry says was erased is to be swept out of the files, too.
pub fn insert_due(conn: &mut Conn, journal: AllianceId, seq: i64) -> Result<()> {
    let row = (erasures_due::journal_id.eq(journal), erasures_due::seq.eq(seq));
    diesel::insert_into(erasures_due::table).values(row).execute(conn)?;
    Ok(())
}

/// The entries whose erasing the files have not followed yet.
pub fn due(conn: &mut Conn) -> Result<Vec<(AllianceId, i64)>> {
    let query = erasures_due::table.order((erasures_due::journal_id, erasures_due::seq));
    Ok(query.select((erasures_due::journal_id, erasures_due::seq)).load(conn)?)
}

/// Takes entries off the list.
pub fn done(conn: &mut Conn, swept: &[(AllianceId, i64)]) -> Result<()> {
    swept.iter().try_for_each(|entry| {
        diesel::delete(erasures_due::table.find(*entry)).execute(conn)?;
        Ok(())
    })
}
