use diesel::prelude::*;

use super::journal::Head;
use crate::db::schema::{alliances, programme_versions};
use crate::db::{Conn, Result, columns};
use crate::domain::checks::is_key;
use crate::domain::id::AllianceId;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = alliances, treat_none_as_default_value = false)]
pub struct Alliance {
    pub id: AllianceId,
    pub slug: String,
    /// Of its programme.
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = programme_versions, treat_none_as_default_value = false)]
pub struct ProgrammeVersion {
    pub alliance_id: AllianceId,
    pub version: i64,
    /// Canonical JSON.
    pub document: String,
    pub sha256: String,
    /// The journal entry that applied it.
    pub seq: i64,
}

/// An alliance, the hash of its programme in force, and how far its journal has come.
#[derive(Debug, Clone)]
pub struct InForce {
    pub alliance: Alliance,
    pub sha256: String,
    pub head: Head,
}

pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<Alliance>> {
    // A NUL makes PostgreSQL fail the whole transaction.
    if !is_key(slug) {
        return Ok(None);
    }
    let found = alliances::table.filter(alliances::slug.eq(slug)).select(Alliance::as_select());
    Ok(found.get_result(conn).optional()?)
}

/// The alliance and the hash of its programme in force.
pub fn find_in_force(conn: &mut Conn, slug: &str) -> Result<Option<(Alliance, String)>> {
    if !is_key(slug) {
        return Ok(None);
    }
    let in_force = programme_versions::alliance_id
        .eq(alliances::id)
        .and(programme_versions::version.eq(alliances::version));
    let joined = alliances::table.inner_join(programme_versions::table.on(in_force));
    let found = joined
        .filter(alliances::slug.eq(slug))
        .select((Alliance::as_select(), programme_versions::sha256));
    Ok(found.get_result(conn).optional()?)
}

pub fn find_by_id(conn: &mut Conn, id: AllianceId) -> Result<Alliance> {
    Ok(alliances::table.find(id).select(Alliance::as_select()).get_result(conn)?)
}

/// In order of their slugs, after the given one.
pub fn list(conn: &mut Conn, after: Option<&str>, limit: i64) -> Result<Vec<Alliance>> {
    let mut query = alliances::table.select(Alliance::as_select()).into_boxed();
    if let Some(slug) = after {
        query = query.filter(alliances::slug.gt(slug.to_owned()));
    }
    Ok(query.order(alliances::slug.asc()).limit(limit).load(conn)?)
}

pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(alliances::table.count().get_result(conn)?)
}

pub fn insert(conn: &mut Conn, alliance: &Alliance) -> Result<()> {
    diesel::insert_into(alliances::table).values(alliance.clone()).execute(conn)?;
    Ok(())
}

pub fn set_version(conn: &mut Conn, id: AllianceId, version: i64) -> Result<()> {
    diesel::update(alliances::table.find(id))
        .set(alliances::version.eq(version))
        .execute(conn)?;
    Ok(())
}

pub fn insert_programme(conn: &mut Conn, programme: &ProgrammeVersion) -> Result<()> {
    diesel::insert_into(programme_versions::table)
        .values(programme.clone())
        .execute(conn)?;
    Ok(())
}

pub fn programme(conn: &mut Conn, id: AllianceId, version: i64) -> Result<ProgrammeVersion> {
    let found = programme_versions::table.find((id, version));
    Ok(found.select(columns::<ProgrammeVersion>()).get_result(conn)?)
}

pub fn programme_sha256(conn: &mut Conn, id: AllianceId, version: i64) -> Result<String> {
    let found = programme_versions::table.find((id, version));
    Ok(found.select(programme_versions::sha256).get_result(conn)?)
}

/// Version and hash of the programme that was in force at a size of the journal.
pub fn programme_at(conn: &mut Conn, id: AllianceId, seq: i64) -> Result<Option<(i64, String)>> {
    let applied = programme_versions::table.filter(programme_versions::alliance_id.eq(id));
    let query = applied
        .filter(programme_versions::seq.le(seq))
        .order(programme_versions::version.desc())
        .select((programme_versions::version, programme_versions::sha256));
    Ok(query.get_result(conn).optional()?)
}

/// The programmes that entries after one number and up to another applied: version, hash and entry, in order.
pub fn programmes_between(
    conn: &mut Conn,
    id: AllianceId,
    after: i64,
    up_to: i64,
) -> Result<Vec<(i64, String, i64)>> {
    let applied = programme_versions::table.filter(programme_versions::alliance_id.eq(id));
    let query = applied
        .filter(programme_versions::seq.gt(after))
        .filter(programme_versions::seq.le(up_to))
        .order(programme_versions::seq)
        .select((programme_versions::version, programme_versions::sha256, programme_versions::seq));
    Ok(query.load(conn)?)
}

pub fn programmes(conn: &mut Conn, id: AllianceId) -> Result<Vec<ProgrammeVersion>> {
    let found = programme_versions::table.filter(programme_versions::alliance_id.eq(id));
    Ok(found
        .order(programme_versions::version)
        .select(ProgrammeVersion::as_select())
        .load(conn)?)
}
