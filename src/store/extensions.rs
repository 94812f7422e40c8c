use diesel::prelude::*;

use super::Page;
use crate::db::schema::extensions;
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::extension::Extension;
use crate::domain::id::{AllianceId, PartnerId};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = extensions, treat_none_as_default_value = false)]
struct ExtensionRow {
    alliance_id: AllianceId,
    round: String,
    partner_id: PartnerId,
    until_at: Instant,
    reason: String,
    granted_at: Instant,
    version: i64,
}

impl ExtensionRow {
    fn of(alliance: AllianceId, extension: &Extension) -> ExtensionRow {
        ExtensionRow {
            alliance_id: alliance,
            round: extension.round.clone(),
            partner_id: extension.partner,
            until_at: Instant(extension.until),
            reason: extension.reason.clone(),
            granted_at: Instant(extension.granted_at),
            version: extension.version,
        }
    }
}

impl From<ExtensionRow> for Extension {
    fn from(row: ExtensionRow) -> Extension {
        Extension {
            round: row.round,
            partner: row.partner_id,
            until: row.until_at.0,
            reason: row.reason,
            granted_at: row.granted_at.0,
            version: row.version,
        }
    }
}

pub fn insert(conn: &mut Conn, alliance: AllianceId, extension: &Extension) -> Result<()> {
    diesel::insert_into(extensions::table)
        .values(ExtensionRow::of(alliance, extension))
        .execute(conn)?;
    Ok(())
}

pub fn update(conn: &mut Conn, alliance: AllianceId, extension: &Extension) -> Result<()> {
    let key = (alliance, extension.round.clone(), extension.partner);
    diesel::update(extensions::table.find(key))
        .set(ExtensionRow::of(alliance, extension))
        .execute(conn)?;
    Ok(())
}

pub fn delete(conn: &mut Conn, alliance: AllianceId, round: &str, partner: PartnerId) -> Result<()> {
    diesel::delete(extensions::table.find((alliance, round, partner))).execute(conn)?;
    Ok(())
}

/// Every one of an alliance; for what is made anew from its journal.
pub fn clear(conn: &mut Conn, alliance: AllianceId) -> Result<()> {
    diesel::delete(extensions::table.filter(extensions::alliance_id.eq(alliance))).execute(conn)?;
    Ok(())
}

pub fn find(
    conn: &mut Conn,
    alliance: AllianceId,
    round: &str,
    partner: PartnerId,
) -> Result<Option<Extension>> {
    let query = extensions::table.find((alliance, round, partner));
    let row = query.select(ExtensionRow::as_select()).get_result(conn).optional()?;
    Ok(row.map(Extension::from))
}

/// Every one of an alliance, or of one partner in it.
pub fn all(conn: &mut Conn, alliance: AllianceId, partner: Option<PartnerId>) -> Result<Vec<Extension>> {
    let mut query = extensions::table.filter(extensions::alliance_id.eq(alliance)).into_boxed();
    if let Some(partner) = partner {
        query = query.filter(extensions::partner_id.eq(partner));
    }
    let rows: Vec<ExtensionRow> = query.select(ExtensionRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Extension::from).collect())
}

type Narrowed<'a> = extensions::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(alliance: AllianceId, round: &str, partner: Option<PartnerId>) -> Narrowed<'a> {
    let query = extensions::table.filter(extensions::alliance_id.eq(alliance));
    let query = query.filter(extensions::round.eq(round.to_owned())).into_boxed();
    match partner {
        Some(partner) => query.filter(extensions::partner_id.eq(partner)),
        None => query,
    }
}

pub fn count(
    conn: &mut Conn,
    alliance: AllianceId,
    round: &str,
    partner: Option<PartnerId>,
) -> Result<i64> {
    Ok(narrow(alliance, round, partner).count().get_result(conn)?)
}

/// A page of a round's, in order of partners' ids: of one partner, or of all.
pub fn list(
    conn: &mut Conn,
    alliance: AllianceId,
    round: &str,
    partner: Option<PartnerId>,
    page: &Page<PartnerId>,
) -> Result<Vec<Extension>> {
    let mut query = narrow(alliance, round, partner);
    if let Some(after) = page.after {
        query = query.filter(extensions::partner_id.gt(after));
    }
    let query = query.order(extensions::partner_id.asc()).limit(page.limit);
    let rows: Vec<ExtensionRow> = query.select(ExtensionRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Extension::from).collect())
}

/// The rounds in which somebody has one, with how many.
pub fn rounds(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<(String, i64)>> {
    let query = extensions::table.filter(extensions::alliance_id.eq(alliance));
    let query = query.group_by(extensions::round);
    Ok(query.select((extensions::round, diesel::dsl::count_star())).load(conn)?)
}
