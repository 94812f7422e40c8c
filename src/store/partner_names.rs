//! What each partner was called, from which entry on and before which.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{CHUNK, OPEN, among};
use crate::db::connection::insert_all;
use crate::db::schema::partner_names;
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, PartnerId};
use crate::domain::names;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = partner_names, treat_none_as_default_value = false)]
pub struct NameRow {
    pub partner_id: PartnerId,
    pub from_seq: i64,
    pub to_seq: i64,
    pub alliance_id: AllianceId,
    pub name: String,
    pub name_sort: Vec<u8>,
}

impl NameRow {
    pub fn new(alliance: AllianceId, partner: PartnerId, name: &str, from_seq: i64) -> NameRow {
        NameRow {
            partner_id: partner,
            from_seq,
            to_seq: OPEN,
            alliance_id: alliance,
            name: name.to_owned(),
            name_sort: names::sort_key(name),
        }
    }
}

/// From entry `seq` on the partner is called this; nothing is written where it was called so already.
pub fn renew(
    conn: &mut Conn,
    alliance: AllianceId,
    partner: PartnerId,
    name: &str,
    seq: i64,
) -> Result<()> {
    let open = partner_names::table
        .filter(partner_names::partner_id.eq(partner))
        .filter(partner_names::to_seq.eq(OPEN));
    let known: Option<NameRow> = open.select(NameRow::as_select()).get_result(conn).optional()?;
    if known.as_ref().is_some_and(|known| known.name == name) {
        return Ok(());
    }
    if let Some(known) = known {
        let row = partner_names::table.find((known.partner_id, known.from_seq));
        diesel::update(row).set(partner_names::to_seq.eq(seq)).execute(conn)?;
    }
    insert(conn, &[NameRow::new(alliance, partner, name, seq)])
}

/// What these partners were called at a size of the journal, each with the key that names are sorted by.
pub fn at(
    conn: &mut Conn,
    ids: &[PartnerId],
    seq: i64,
) -> Result<HashMap<PartnerId, (String, Vec<u8>)>> {
    let mut found = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let query = partner_names::table
            .filter(among!(partner_names, partner_names::partner_id, chunk))
            .filter(partner_names::from_seq.le(seq))
            .filter(partner_names::to_seq.gt(seq));
        let rows: Vec<NameRow> = query.select(NameRow::as_select()).load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.partner_id, (row.name, row.name_sort))));
    }
    Ok(found)
}

pub fn insert(conn: &mut Conn, rows: &[NameRow]) -> Result<()> {
    Ok(insert_all!(conn, partner_names::table, rows)?)
}

/// Takes away all of an alliance's rows, which are made anew from its journal.
pub fn clear(conn: &mut Conn, alliance: AllianceId) -> Result<()> {
    let rows = partner_names::table.filter(partner_names::alliance_id.eq(alliance));
    diesel::delete(rows).execute(conn)?;
    Ok(())
}

/// Every row of an alliance, for checking.
pub fn all(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<NameRow>> {
    let query = partner_names::table.filter(partner_names::alliance_id.eq(alliance));
    Ok(query.select(NameRow::as_select()).load(conn)?)
}
